"""Super-resolution by the error of the pixels: what such models share."""

import keras

from keras_gans import backend
from keras_gans.models.data_checks import Part
from keras_gans.models.players import check_built
from keras_gans.models.starting import STEPS, Starting, decaying
from keras_gans.models.trainer import CheckedTrainer
from keras_gans.models.upscaling import Upscaling
from keras_gans.presets.preset_model import PresetModel


def check_generator(generator):
    """Raises a `ValueError` for a network that `upscale` cannot use."""
    if not (hasattr(generator, "scale") and hasattr(generator, "reach")):
        raise ValueError(
            "generator must have the attributes scale and reach, integers, as "
            "an SRResNetGenerator has: how much larger it makes images, and "
            "how many pixels of its input around a pixel it looks at. Set "
            "them in the constructor of a class of your own. Received: "
            f"generator={generator!r}"
        )


class PixelLossModel(
    CheckedTrainer, Upscaling, Starting, PresetModel, keras.Model
):
    """A generator that learns from the error of the pixels, by itself.

    A model as any other of Keras: it is compiled with a loss and an
    optimizer, and trained on pairs of a low-resolution image and the image
    that it was made of, both in [-1, 1].

    Args:
        generator: `keras.Model`, images to larger images.
        name: String, the name of the model.
    """

    # As an `AdversarialModel` has them.
    players = {"generator": ("generator",)}
    # What `compile` takes if nothing else is said: the paper's.
    paper_loss = "mean_absolute_error"
    paper_rate = 2e-4

    def __init__(self, generator, **kwargs):
        super().__init__(**kwargs)
        check_generator(generator)
        self.generator = generator
        self.built = True

    @classmethod
    def shape_arguments(cls, image_shape):
        return {"channels": image_shape[-1]}

    @classmethod
    def starting_point(cls, image_shape):
        recipe = {
            "high_res": {"crop_size": list(image_shape[:2]), "augment": True},
            "batch_size": 16,
            "steps": STEPS,
            "generator_optimizer": decaying("Adam", 5e-4),
            "loss": "mean_absolute_error",
        }
        return {}, recipe

    @property
    def inference_network(self):
        return self.generator

    @property
    def example_shape(self):
        return tuple(self.generator.output_shape[1:])

    def call(self, inputs, training=False):
        return self.generator(inputs, training=training)

    def compile(self, optimizer="auto", loss="auto", **kwargs):
        """`keras.Model.compile` with the paper's choices.

        Args:
            optimizer: `"auto"`, Adam at the paper's rate, or what Keras takes.
            loss: `"auto"`, the paper's, `"mean_squared_error"`, which
                maximises the PSNR, `"mean_absolute_error"`, or what Keras
                takes.
            **kwargs: More arguments of `keras.Model.compile`.
        """
        backend.check_distribution(self)
        check_built("generator", self.generator)
        # Outside of a strategy's scope variables would belong to no replica.
        with backend.strategy_scope(self):
            if optimizer == "auto":
                optimizer = keras.optimizers.Adam(self.paper_rate)
            if loss == "auto":
                loss = self.paper_loss
            super().compile(optimizer=optimizer, loss=loss, **kwargs)
            # At once, for a run that is resumed loads what it has gathered.
            self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def optimizers(self):
        return {"generator": self.optimizer}

    @property
    def iterations(self):
        return self.optimizer.iterations

    trains_on = "pairs (low_res_images, high_res_images)"
    weighs_examples = True

    def batch_parts(self):
        # A subclassed network of one's own may not know its shapes.
        unknown = (None,) * 4
        shapes = (
            getattr(self.generator, f"{end}_shape", None) or unknown
            for end in ("input", "output")
        )
        return [Part(name, shape[1:]) for name, shape in zip("xy", shapes)]

    def check_batch(self, examples, labels, warn=True):
        super().check_batch(examples, labels, warn)
        size = [side * self.scale for side in examples.shape[1:3]]
        channels = self.batch_parts()[1].shape[-1]
        Part("y", (*size, channels)).check_shape(labels.shape)

    def get_config(self):
        return {
            "name": self.name,
            "generator": keras.saving.serialize_keras_object(self.generator),
        }
