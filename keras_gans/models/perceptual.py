"""Super-resolution that is to look real: what such models share."""

import keras
from keras import ops

from keras_gans import backend, presets
from keras_gans.checks import check_ema_momentum, check_weight
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.content import FIRST_STAGE, content_network
from keras_gans.models.data_checks import Part
from keras_gans.models.pixel_loss import check_generator
from keras_gans.models.sampling import copy_of, move_average
from keras_gans.models.starting import decaying, for_both
from keras_gans.models.upscaling import Upscaling


class PerceptualUpscaling(Upscaling, AdversarialModel):
    """Base class of the models that enlarge images to ones that look real.

    A generator that was trained on pixels goes on against a discriminator,
    beside a content loss: what it makes is to have the features of the truth.

    Args:
        generator: `keras.Model`, images to larger images; or the name or path
            of a preset that enlarges.
        discriminator: `keras.Model`, high-resolution images to logits.
        image_shape: `(height, width, channels)` of the high-resolution images
            in training.
        content_network: `"vgg19"`, or the name of one of the zoo's
            classifiers, see `models.content`: it is made when the model is
            compiled. Or any `keras.Model` of images in [-1, 1], which makes a
            tensor or a list of them; it is then part of the model, and not
            trained.
        content_layers: Dict of the layers whose outputs are compared to their
            weights, of a `keras.Model` its outputs in order. `None` for the
            class's `paper_layers`, and of a classifier for its first stage.
        ema_momentum: Float in (0, 1) or `None`. With a float, `ema_generator`
            is an average of the generator's weights and what `upscale`,
            `predict` and presets use, see `SamplingModel`.
        seed: Integer or `None`.
        content_weight: Float, of the content loss.
        adversarial_weight: Float, of the generator's adversarial loss.
        **kwargs: `name`.

    Of these `get_config` has all but `content_layers`, which a subclass writes
    that takes them: one has one layer, another several.
    """

    # Of VGG19.
    paper_layers = {"block5_conv4": 1.0}
    # Whether features of VGG19 are those before a layer's activation.
    before_activation = True
    trains_on = "pairs (low_res_images, high_res_images)"

    def __init__(
        self,
        generator,
        discriminator,
        image_shape,
        content_network="vgg19",
        content_layers=None,
        ema_momentum=None,
        seed=None,
        content_weight=1.0,
        adversarial_weight=1.0,
        **kwargs,
    ):
        check_weight("content_weight", content_weight)
        check_weight("adversarial_weight", adversarial_weight)
        check_ema_momentum(ema_momentum)
        _check_layers(content_layers)
        self.image_shape = tuple(image_shape)
        notices = ()
        if isinstance(generator, str):
            start = presets.load(generator)
            generator, notices = start.inference_network, start.notices
        check_generator(generator)
        _check_size(generator, self.image_shape)
        if not isinstance(content_network, str):
            content_network.trainable = False
        super().__init__(
            seed=seed,
            generator=generator,
            discriminator=discriminator,
            **kwargs,
        )
        self.keep_notices(notices)
        self.content_network = content_network
        self.content_layers = content_layers
        self.content_weight = content_weight
        self.adversarial_weight = adversarial_weight
        self.ema_momentum = ema_momentum
        self.ema_generator = None
        if ema_momentum is not None:
            self.ema_generator = copy_of(generator, self.symbolic_inputs())

    @classmethod
    def starting_point(cls, image_shape):
        # What every installation has, and two cores can follow.
        grey = image_shape[-1] == 1
        network = "mnist_classifier" if grey else "cifar10_classifier"
        recipe = {
            "high_res": {"crop_size": list(image_shape[:2]), "augment": True},
            "batch_size": 8,
            **for_both(decaying("Adam", 1e-4)),
        }
        return {"content_network": network}, recipe

    @classmethod
    def arguments_from(cls, source):
        if source.task_name != cls.task_name:
            return None
        return {"generator": source.inference_network}

    def symbolic_inputs(self):
        height, width, channels = self.image_shape
        scale = self.generator.scale
        return keras.KerasTensor(
            (None, height // scale, width // scale, channels),
            name="low_res_images",
        )

    @property
    def inference_network(self):
        """The network behind `gan(x)`: the EMA generator if there is one."""
        return self.ema_generator or self.generator

    def default_optimizers(self):
        return keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)

    def compile(self, *args, **kwargs):
        network, weights = self.content_network, self.content_layers
        if weights is None:
            of_zoo = isinstance(network, str) and network != "vgg19"
            weights = FIRST_STAGE if of_zoo else self.paper_layers
        if isinstance(network, str):  # To upscale, nobody needs it.
            with backend.strategy_scope(self):
                network = content_network(
                    network, list(weights), self.before_activation
                )
        images = keras.KerasTensor((None, *self.image_shape))
        count = len(keras.tree.flatten(network(images)))
        if count != len(weights):
            raise ValueError(
                "content_layers must have a weight for each output of "
                f"content_network, {count}. Received: content_layers={weights}"
            )
        self._content_weights = tuple(weights.values())
        # A function, and not an attribute that Keras would follow: what a
        # name stands for is no part of the model or of its checkpoints.
        self._features = lambda images: keras.tree.flatten(
            network(images, training=False)
        )
        super().compile(*args, **kwargs)

    compile.__doc__ = AdversarialModel.compile.__doc__

    # ---- the pieces of a train_step ---------------------------------------

    def content_loss(self, real, fake):
        """How far the features of two batches differ.

        The sum over `content_layers` of their weights times the mean of
        `distance`, in float32.
        """
        loss = 0.0
        pairs = zip(self._features(real), self._features(fake))
        for weight, (a, b) in zip(self._content_weights, pairs):
            a, b = (ops.cast(x, "float32") for x in (a, b))
            loss = loss + weight * ops.mean(self.distance(a - b))
        return loss

    def distance(self, differences):
        """What `content_loss` takes of each difference."""
        return ops.abs(differences)

    def update_ema_generator(self):
        """Moves `ema_generator` towards the generator, if there is one."""
        if self.ema_generator is not None:
            move_average(
                self.ema_generator,
                self.generator,
                self.ema_momentum,
                self.iterations,
            )

    def batch_parts(self):
        low_res_shape = tuple(self.symbolic_inputs().shape[1:])
        return Part("x", low_res_shape), Part("y", self.image_shape)

    # ---- use --------------------------------------------------------------

    def interpolate(self, pixel_model, alpha):
        """A model between one that was trained on pixels and this one.

        Its weights are `(1 - alpha)` times that one's and `alpha` times those
        of this one's inference network: less is smoother, and nearer to the
        truth in PSNR, more is sharper, and invents more (network
        interpolation, Wang et al., 2018, section 3.4). The networks must be
        relatives, as the second phase of training and where it began are:
        between others lies noise.

        Args:
            pixel_model: A model that enlarges, such as an `RRDBNet`, whose
                network has the same layers.
            alpha: Float in [0, 1].

        Returns:
            A new model of the class of `pixel_model`.

        Raises:
            ValueError: If the weights of the two have other shapes.
        """
        check_weight("alpha", alpha)
        if alpha > 1:
            raise ValueError(
                f"alpha must be from 0 to 1. Received: alpha={alpha!r}"
            )
        between = type(pixel_model).from_config(pixel_model.get_config())
        blend(
            between.inference_network,
            pixel_model.inference_network,
            self.inference_network,
            alpha,
        )
        between.keep_notices([*pixel_model.notices, *self.notices])
        return between

    def generate(self, *args, **kwargs):
        """Not for this model: it enlarges images, see `upscale`."""
        raise TypeError(
            f"{type(self).__name__} makes images larger: use upscale()."
        )

    # ---- saving -----------------------------------------------------------

    def get_config(self):
        network = self.content_network
        if not isinstance(network, str):
            network = keras.saving.serialize_keras_object(network)
        return {
            **super().get_config(),
            "image_shape": list(self.image_shape),
            "content_network": network,
            "content_weight": self.content_weight,
            "adversarial_weight": self.adversarial_weight,
            "ema_momentum": self.ema_momentum,
        }


def pixel_distance(real, fake):
    """The mean absolute difference of images in [-1, 1], in units of [0, 1].

    Papers have images in [0, 1], and their weights are of those.
    """
    real, fake = (ops.cast(x, "float32") for x in (real, fake))
    return 0.5 * ops.mean(ops.abs(real - fake))


def blend(network, first, second, alpha):
    """Gives a network weights between those of two others.

    Args:
        network: `keras.Model`.
        first: One whose weights have the same shapes: its, for `alpha` 0.
        second: The same: its, for `alpha` 1.
        alpha: Float.

    Raises:
        ValueError: If the weights have other shapes.
    """
    shapes = [[tuple(w.shape) for w in n.weights] for n in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "pixel_model must have a network of the same layers. Received: "
            f"{len(shapes[0])} weights of {first.count_params():,} numbers, "
            f"for {len(shapes[1])} of {second.count_params():,}"
        )
    for weight, a, b in zip(network.weights, first.weights, second.weights):
        a, b = (ops.convert_to_numpy(w) for w in (a, b))
        weight.assign((1 - alpha) * a + alpha * b)


def _check_size(generator, image_shape):
    """Raises a `ValueError` if a generator makes no such images."""
    *sides, channels = image_shape
    own = (getattr(generator, "input_shape", None) or [None])[-1]
    if own not in (None, channels):
        raise ValueError(
            f"generator must take images of {channels} channels, as "
            f"image_shape has them, and takes {own}. Received: "
            f"image_shape={image_shape}"
        )
    if any(side % generator.scale for side in sides):
        raise ValueError(
            "image_shape must have a height and a width that are multiples of "
            f"the generator's scale, {generator.scale}. Received: "
            f"image_shape={image_shape}"
        )


def _check_layers(layers):
    if layers is None:
        return
    if not isinstance(layers, dict) or not layers:
        raise ValueError(
            "content_layers must be a dict of layers to weights, or None. "
            f"Received: content_layers={layers!r}"
        )
    for name, weight in layers.items():
        check_weight(f"content_layers[{name!r}]", weight)
