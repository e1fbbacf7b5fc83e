"""What recipes of several families share: optimizers, and small networks."""

from keras_gans.models.gan import GANDiscriminator, GANGenerator
from keras_gans.models.starting import decaying, falling, rates

__all__ = ["decaying", "falling", "rates", "toy_networks"]

TRAINED_FROM_ARRAYS = (
    "These weights were made by `fit` from arrays, with the rates set anew "
    "every 200 steps; the command follows the same recipe, and was not run."
)

TRAINED_WITHIN_A_TIME = (
    "They were trained by `python tools/train_presets.py`, within a time; the "
    "command follows the same recipe, and was not run. In the first minutes "
    "the rates fell by earlier guesses of how many steps there would be."
)
MIRRORED = " Half of the images were mirrored, which the command does not do."


def toy_networks():
    """Perceptrons for points in the plane, of the toys' usual width."""
    units = (128, 128, 128)
    return {
        "generator": GANGenerator(
            (2,), 2, units=units, batch_normalization=False
        ),
        "discriminator": GANDiscriminator((2,), units=units),
        "latent_dim": 2,
        "ema_momentum": 0.999,
    }
