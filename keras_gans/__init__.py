"""GANs in Keras: models whose `train_step` reads like the paper, and presets.

Names are resolved on first use, so that the command line answers at once.
"""

import importlib
import sys

__version__ = "0.1.0"

_CLASSES = {
    "AdversarialModel": "adversarial_model",
    "SamplingModel": "sampling",
    "GAN": "gan",
    "DCGAN": "dcgan",
    "ConditionalGAN": "conditional_gan",
    "WGAN": "wgan",
    "WGANGP": "wgan_gp",
    "Pix2Pix": "pix2pix",
    "CycleGAN": "cyclegan",
    "SRResNet": "srgan",
    "SRGAN": "srgan",
}
_MODULES = (
    "callbacks",
    "convert",
    "datasets",
    "layers",
    "losses",
    "metrics",
    "penalties",
    "pictures",
    "presets",
    "resizing",
    "schedules",
)

__all__ = [*_CLASSES, *_MODULES]


def __getattr__(name):
    if name in _CLASSES:
        module = importlib.import_module(f"keras_gans.models.{_CLASSES[name]}")
        value = getattr(module, name)
    elif name in _MODULES:
        value = importlib.import_module(f"keras_gans.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])


def import_models():
    """Imports models and metrics, so that Keras knows the classes by name."""
    for name in (*_CLASSES, "metrics"):
        __getattr__(name)
    # Networks of converted weights, which no class of ours has by default.
    importlib.import_module("keras_gans.models.msrresnet")


# Keras can only load a class that was imported. Whoever has imported Keras
# has paid the price already.
if "keras" in sys.modules:
    import_models()
