"""SRGAN: "Photo-Realistic Single Image Super-Resolution Using a Generative
Adversarial Network" (Ledig et al., 2017).

https://arxiv.org/abs/1609.04802

Of all images that could have been shrunk to a given one, the mean squared
error asks for their mean, which is blurred. SRGAN asks for one that looks
real: what the generator makes of a low-resolution image x is to have the
features that the truth y has, and to pass for real:

    min_G  0.006 E||phi(y) - phi(G(x))||^2 - 0.001 E[log D(G(x))],
    max_D  E[log D(y)] + E[log(1 - D(G(x)))],

phi being the last convolution of a VGG19 that was trained on ImageNet.
Training has two phases, and each has a model of its own: `SRResNet` descends
the error of the pixels, and `SRGAN` goes on from its generator.

Deviations from the paper: low-resolution images are in [-1, 1], as all images
here, and not in [0, 1]. The generator goes first in a step, so that one pass
of it serves both players.
"""

import itertools
import math

import keras
from keras import layers, ops

from keras_gans import backend, losses, presets
from keras_gans.layers import (
    PixelShuffle,
    check_image_size,
    float32_policy,
    output_dtype,
)
from keras_gans.models.adversarial_model import (
    AdversarialModel,
    PresetModel,
    check_integer,
    with_guard,
)
from keras_gans.models.gan import check_weight
from keras_gans.models.super_resolution import Upscaling

SCALES = (2, 4, 8)

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class SRResNetGenerator(keras.Model):
    """Images in [-1, 1] of any size to ones `scale` times as large.

    Its output is linear: what is beyond [-1, 1] is cut off when it is used.

    Args:
        scale: Integer, 2, 4 or 8.
        channels: Integer, those of its images.
        filters: Integer, of all layers but those that enlarge.
        num_residual_blocks: Integer.
        normalization: `"batch"`, the paper's, or `None`, which later work
            prefers.
    """

    def __init__(
        self,
        scale=4,
        channels=3,
        filters=64,
        num_residual_blocks=16,
        normalization="batch",
        name="generator",
        **kwargs,
    ):
        if scale not in SCALES:
            raise ValueError(
                f"scale must be one of {', '.join(map(str, SCALES))}. "
                f"Received: scale={scale!r}"
            )
        check_integer("channels", channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        check_integer("num_residual_blocks", num_residual_blocks, minimum=1)
        if normalization not in ("batch", None):
            raise ValueError(
                'normalization must be "batch" or None. '
                f"Received: normalization={normalization!r}"
            )

        def normalize(x):
            return _batch_norm()(x) if normalization else x

        use_bias = normalization is None
        # What is not normalized begins small: sixteen sums of equal parts
        # would be 65,536 times as large as the first one.
        gain = 0.01 if normalization is None else 1.0
        inputs = keras.Input((None, None, channels), name="low_res_images")
        x = first = _prelu()(_conv(filters, 9)(inputs))
        for _ in range(num_residual_blocks):
            y = normalize(_conv(filters, 3, gain=gain, use_bias=use_bias)(x))
            y = _conv(filters, 3, gain=gain, use_bias=use_bias)(_prelu()(y))
            y = normalize(y)
            x = layers.Add()([x, y])
        x = normalize(_conv(filters, 3, use_bias=use_bias)(x))
        x = layers.Add()([x, first])
        enlargements = int(math.log2(scale))
        for _ in range(enlargements):
            x = _prelu()(PixelShuffle(2)(_conv(4 * filters, 3)(x)))
        outputs = _conv(
            channels, 9, layer=SpaceToDepthConv2D, dtype=output_dtype()
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.scale = scale
        # Convolutions of the input's resolution reach 4 pixels and then one
        # each, those of twice the resolution half as far, and so on.
        reach = 4 + 2 * num_residual_blocks + 1
        reach += sum(2.0**-i for i in range(enlargements)) + 4 / scale
        self.reach = math.ceil(reach)
        self._arguments = {
            "scale": scale,
            "channels": channels,
            "filters": filters,
            "num_residual_blocks": num_residual_blocks,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class SRGANDiscriminator(keras.Model):
    """High-resolution images in [-1, 1] to one logit each.

    Eight convolutions, every second of which halves the image.

    Args:
        image_shape: `(height, width, channels)`, multiples of 16; without
            `global_pooling` it takes no others.
        filters: Integer, of the first layer; they double up to eight times
            as many.
        global_pooling: Boolean, whether the dense layers see the mean over
            all positions instead of the positions: images of any size then,
            and fewer weights (the paper's first dense layer has 18.9 million
            at 96x96).
    """

    def __init__(
        self,
        image_shape=(96, 96, 3),
        filters=64,
        global_pooling=False,
        name="discriminator",
        **kwargs,
    ):
        check_image_size(image_shape, 16)
        check_integer("filters", filters, minimum=1)
        size = (None, None) if global_pooling else tuple(image_shape[:2])
        inputs = keras.Input((*size, image_shape[-1]), name="images")
        x = layers.LeakyReLU(0.2)(_conv(filters, 3)(inputs))
        for i in range(1, 8):
            width = filters * 2 ** (i // 2)
            x = _conv(width, 3, strides=1 + i % 2, use_bias=False)(x)
            x = layers.LeakyReLU(0.2)(_batch_norm()(x))
        if global_pooling:
            x = layers.GlobalAveragePooling2D(dtype=output_dtype())(x)
        else:
            x = layers.Flatten()(x)
        x = layers.Dense(16 * filters, kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(0.2)(x)
        outputs = layers.Dense(1, dtype=output_dtype())(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "filters": filters,
            "global_pooling": global_pooling,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class SpaceToDepthConv2D(layers.Conv2D):
    """A `Conv2D` to the few channels of an image, computed faster.

    Weights and outputs are those of a `Conv2D` with `padding="same"`. But
    kernels for CPUs (oneDNN's) compute 16 output channels at a time, so that
    3 take as long as 16. Here every 2x2 pixels become one, with four times as
    many channels on both sides, and the weights are laid out accordingly: a
    kernel of 9x9 from 64 to 3 channels becomes one of 5x5 from 256 to 12.

    `(batch, height, width, channels)` in, with an even height and width;
    `(batch, height, width, filters)` out.

    Args:
        filters: Integer, the output's channels.
        kernel_size: Integer or two integers, odd.
        padding: `"same"`, the only one that it has.
        **kwargs: As of `keras.layers.Conv2D`. Strides, dilation and groups
            are 1, and channels are last.

    Raises:
        ValueError: For arguments that it cannot follow.
    """

    def __init__(self, filters, kernel_size, padding="same", **kwargs):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        odd = all(size % 2 for size in self.kernel_size)
        ones = {*self.strides, *self.dilation_rate, self.groups} == {1}
        form = (self.padding, self.data_format) == ("same", "channels_last")
        if not (odd and ones and form):
            raise ValueError(
                'kernel_size must be odd, padding "same", strides, '
                'dilation_rate and groups 1, data_format "channels_last". '
                f"Received: kernel_size={self.kernel_size}, padding="
                f"{self.padding!r}, strides={self.strides}, dilation_rate="
                f"{self.dilation_rate}, groups={self.groups}, data_format="
                f"{self.data_format!r}"
            )

    def convolution_op(self, inputs, kernel):
        x = ops.conv(
            ops.space_to_depth(inputs, 2, "channels_last"),
            _kernel_of_blocks(kernel),
            padding="same",
            data_format="channels_last",
        )
        return ops.depth_to_space(x, 2, "channels_last")


def _kernel_of_blocks(kernel):
    """The kernel for blocks of 2x2 pixels that does what `kernel` does.

    `(height, width, channels, filters)` in; `(blocks, blocks, 4 * channels, 4
    * filters)` out, mostly the same numbers four times, the rest zeros.
    """
    # A pixel's own kernel has its middle in the middle block: where the pixel
    # is in it, which is the first place of two, or the second.
    margins = []
    for size in kernel.shape[:2]:
        i = size // 2 % 2
        margins.append([(i, i + 1), (i + 1, i)])
    kernels = [
        ops.pad(kernel, [rows, columns, (0, 0), (0, 0)])
        for rows, columns in itertools.product(*margins)
    ]
    height, width, channels, filters = kernels[0].shape
    x = ops.reshape(
        ops.concatenate(kernels, axis=-1),
        (height // 2, 2, width // 2, 2, channels, 4 * filters),
    )
    x = ops.transpose(x, (0, 2, 1, 3, 4, 5))
    return ops.reshape(x, (height // 2, width // 2, 4 * channels, 4 * filters))


@keras.saving.register_keras_serializable("keras_gans")
class PReLU(layers.PReLU):
    """Keras's, in three operations of the inputs' size instead of five.

    `max(x, 0) + alpha * min(x, 0)`, alpha being learned.

    Reference:
        He et al., "Delving Deep into Rectifiers: Surpassing Human-Level
        Performance on ImageNet Classification", 2015.
    """

    def call(self, inputs):
        alpha = ops.convert_to_tensor(self.alpha)
        return inputs * ops.where(inputs > 0, 1.0, alpha)


def _conv(filters, size, gain=1.0, layer=layers.Conv2D, **kwargs):
    return layer(
        filters,
        size,
        padding="same",
        # He's.
        kernel_initializer=keras.initializers.VarianceScaling(2.0 * gain),
        **kwargs,
    )


def _prelu():
    # One slope per channel, as in PyTorch; it begins at 0.25 (He et al.).
    return PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2],
    )


def _batch_norm():
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


# ---- the network behind the content loss ----------------------------------

VGG_MEANS = (123.68, 116.779, 103.939)  # of ImageNet's red, green and blue


def content_network(name="vgg19", layer="block5_conv4"):
    """A trained network whose features tell what is in an image.

    Args:
        name: `"vgg19"`, keras.applications' with its ImageNet weights, which
            are downloaded once; or the name of one of the zoo's classifiers,
            such as `"cifar10_classifier"`, which sees images twice as large.
        layer: String, the name of the layer whose output is compared, for
            `"vgg19"` after its ReLU.

    Returns:
        A `keras.Model` of RGB images in [-1, 1], of any size, that is not
        trained.

    Raises:
        ConnectionError: If the weights of VGG19 cannot be downloaded.
        ValueError: If there is no such network, or no such layer.
    """
    if name == "vgg19":
        try:
            with (
                float32_policy()
            ):  # Its features go beyond what float16 can hold.
                network = keras.applications.VGG19(
                    include_top=False, weights="imagenet"
                )
        except Exception as error:
            raise ConnectionError(
                "The content loss of SRGAN needs the ImageNet weights of "
                "VGG19, which could not be downloaded "
                f"({' '.join(str(error).split())[:200]}): pass "
                "content_network, a keras.Model of images in [-1, 1] or the "
                "name of one of the zoo's classifiers."
            ) from error
    else:
        network, _ = presets.load_network(name)
    names = [other.name for other in network.layers[1:]]
    if layer not in names:
        raise ValueError(
            f"content_layer must be one of {', '.join(names)}. "
            f"Received: content_layer={layer!r}"
        )
    part = keras.Model(network.input, network.get_layer(layer).output)
    inputs = x = keras.Input((None, None, network.input_shape[-1]))
    if name == "vgg19":
        # As its weights want it: BGR, from 0 to 255, less the means.
        x = ops.flip(127.5 * (x + 1) - ops.array(VGG_MEANS), axis=-1)
    else:
        # Those for RGB begin with a stride of 2: dots and stripes of a pixel,
        # which a discriminator takes for texture at first, would be lost.
        x = layers.UpSampling2D(2)(x)
    # Of the same layers, for images of any size.
    copied = keras.models.clone_model(
        part, input_tensors=keras.Input(inputs.shape[1:])
    )
    copied.set_weights(part.get_weights())
    copied.trainable = False
    return keras.Model(inputs, copied(x, training=False))


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


# ---- models ---------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class SRResNet(PresetModel, Upscaling, keras.Model):
    """Super-resolution by the error of the pixels: SRGAN's first phase.

    A model as any other of Keras: it is compiled with a loss and an
    optimizer, and trained on pairs of a low-resolution image and the image
    that it was made of, both in [-1, 1].

    Example:

    ```python
    data = keras_gans.datasets.load_high_res("div2k/bicubic_x4", batch_size=16)
    model = keras_gans.SRResNet()
    model.compile()
    model.fit(data, epochs=1000)
    large = model.upscale(image)  # uint8 to uint8, of any size
    ```

    Args:
        generator: `keras.Model`, images to larger images; `None` for an
            `SRResNetGenerator`.
        scale: Integer, 2, 4 or 8, of the default generator.
        channels: Integer, of the default generator's images.
        filters: Integer, of the default generator.
        num_residual_blocks: Integer, of the default generator.
        normalization: `"batch"` or `None`, of the default generator.
        name: String, the name of the model.

    Reference:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a
        Generative Adversarial Network", 2017.
    """

    # As an `AdversarialModel` has them.
    players = ("generator",)
    batch_divisor = 1

    def __init__(
        self,
        generator=None,
        scale=4,
        channels=3,
        filters=64,
        num_residual_blocks=16,
        normalization="batch",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if generator is None:
            generator = SRResNetGenerator(
                scale, channels, filters, num_residual_blocks, normalization
            )
        check_generator(generator)
        self.generator = generator
        self.built = True

    @property
    def inference_network(self):
        return self.generator

    @property
    def example_shape(self):
        return tuple(self.generator.output_shape[1:])

    def call(self, inputs, training=False):
        return self.generator(inputs, training=training)

    def compile(self, optimizer="auto", loss="mean_squared_error", **kwargs):
        """`keras.Model.compile` with the paper's choices.

        Args:
            optimizer: `"auto"`, Adam at 1e-4, or what Keras takes.
            loss: `"mean_squared_error"`, the paper's, which maximises the
                PSNR, `"mean_absolute_error"`, or what Keras takes.
            **kwargs: More arguments of `keras.Model.compile`.
        """
        backend.check_distribution(self)
        # Outside of a strategy's scope variables would belong to no replica.
        with backend.strategy_scope(self):
            if optimizer == "auto":
                optimizer = keras.optimizers.Adam(1e-4)
            super().compile(optimizer=optimizer, loss=loss, **kwargs)
            # At once, for a run that is resumed loads what it has gathered.
            self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """`keras.Model.fit`, which stops when the loss is no number.

        A `FloatingPointError` says so, and the generator then has the last
        good weights.
        """
        callbacks = with_guard(self, kwargs.pop("callbacks", None))
        # Keras's default is True, and warns that it means arrays alone.
        kwargs.setdefault("shuffle", hasattr(x, "shape"))
        return super().fit(
            x, y, batch_size, epochs, callbacks=callbacks, **kwargs
        )

    def get_config(self):
        return {
            "name": self.name,
            "generator": keras.saving.serialize_keras_object(self.generator),
        }


@keras.saving.register_keras_serializable("keras_gans")
class SRGAN(Upscaling, AdversarialModel):
    """Super-resolution that looks real: SRGAN's second phase.

    Example:

    ```python
    gan = keras_gans.SRGAN(generator=srresnet.generator)
    gan.compile()
    gan.fit(data, epochs=100)
    large = gan.upscale(image)  # uint8 to uint8, of any size
    ```

    The logs have `content_loss` beside the losses, before its weight.
    `g_loss` contains both terms.

    Args:
        generator: `keras.Model`, images to larger images, trained on pixels;
            the name or path of a preset of `SRResNet`; `None` for a new
            `SRResNetGenerator`, which is not where the paper starts.
        discriminator: `keras.Model`, high-resolution images to logits; `None`
            for an `SRGANDiscriminator`.
        image_shape: `(height, width, channels)` of the high-resolution images
            in training.
        content_network: `"vgg19"`, the paper's, or the name of one of the
            zoo's classifiers, see `content_network` of this module: it is
            made when the model is compiled. Or any `keras.Model` of images in
            [-1, 1], which is then part of the model, and not trained.
        content_layer: String, see `content_network` of this module.
        content_weight: Float, of the mean squared difference of the features;
            the paper's divides features by 12.75.
        adversarial_weight: Float.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        seed: Integer or `None`.
        name: String, the name of the model.

    Reference:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a
        Generative Adversarial Network", 2017.
    """

    has_latents = False
    loss_names = ("d_loss", "g_loss", "content_loss")

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(96, 96, 3),
        content_network="vgg19",
        content_layer="block5_conv4",
        content_weight=0.006,
        adversarial_weight=1e-3,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        seed=None,
        **kwargs,
    ):
        check_weight("content_weight", content_weight)
        check_weight("adversarial_weight", adversarial_weight)
        self.image_shape = tuple(image_shape)
        if isinstance(generator, str):
            generator = SRResNet.from_preset(generator).generator
        if generator is None:
            generator = SRResNetGenerator(channels=image_shape[-1])
        check_generator(generator)
        if not isinstance(content_network, str):
            content_network.trainable = False
        if discriminator is None:
            discriminator = SRGANDiscriminator(image_shape)
        super().__init__(generator, discriminator, None, seed=seed, **kwargs)
        self.content_network = content_network
        self.content_layer = content_layer
        self.content_weight = content_weight
        self.adversarial_weight = adversarial_weight
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    def symbolic_inputs(self):
        height, width, channels = self.image_shape
        scale = self.generator.scale
        return keras.KerasTensor(
            (None, height // scale, width // scale, channels),
            name="low_res_images",
        )

    def default_optimizers(self):
        return keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)

    def compile(self, *args, **kwargs):
        network = self.content_network
        if isinstance(network, str):  # To upscale, nobody needs it.
            with backend.strategy_scope(self):
                network = content_network(network, self.content_layer)
        # A function, and not an attribute that Keras would follow: what a
        # name stands for is no part of the model or of its checkpoints.
        self._features = lambda images: network(images, training=False)
        super().compile(*args, **kwargs)

    compile.__doc__ = AdversarialModel.compile.__doc__

    def train_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Make the fakes, once, and update the generator: they are to have
        #    the features of the truth, and to pass for real.
        def generator_loss():
            fake = self.generator(low_res, training=True)
            content_loss = self.content_loss(high_res, fake)
            logits = self.discriminator(fake, training=True)
            g_loss = (
                self.content_weight * content_loss
                + self.adversarial_weight * self.generator_loss(logits)
            )
            return g_loss, (fake, content_loss)

        g_loss, (fake, content_loss) = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )

        # 2. Update the discriminator on real images and on those fakes.
        def discriminator_loss():
            real_logits = self.discriminator(high_res, training=True)
            fake_logits = self.discriminator(
                ops.stop_gradient(fake), training=True
            )
            return self.discriminator_loss(real_logits, fake_logits)

        d_loss = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )
        return self.track(
            d_loss=d_loss, g_loss=g_loss, content_loss=content_loss
        )

    def content_loss(self, real, fake):
        """The mean squared difference of the features of two batches."""
        features = [
            ops.cast(self._features(x), "float32") for x in (real, fake)
        ]
        return ops.mean(ops.square(features[0] - features[1]))

    def test_step(self, data):
        low_res, high_res, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self(low_res)
        content_loss = self.content_loss(high_res, fake)
        real_logits = self.discriminator(high_res)
        fake_logits = self.discriminator(fake)
        g_loss = (
            self.content_weight * content_loss
            + self.adversarial_weight * self.generator_loss(fake_logits)
        )
        logs = self.track(
            d_loss=self.discriminator_loss(real_logits, fake_logits),
            g_loss=g_loss,
            content_loss=content_loss,
        )
        return {**logs, **self.track_metrics(high_res, fake)}

    def generate(self, *args, **kwargs):
        """Not for this model: it enlarges images, see `upscale`."""
        raise TypeError("SRGAN makes images larger: use upscale().")

    def check_batch(self, examples, labels):
        if labels is None:
            raise ValueError(
                "SRGAN trains on pairs (low_res_images, high_res_images). "
                "Received: y=None"
            )
        low_res_shape = self.symbolic_inputs().shape[1:]
        self.check_examples("x", examples, low_res_shape)
        self.check_examples("y", labels, self.image_shape)

    def get_config(self):
        config = super().get_config()
        del config["latent_dim"], config["ema_momentum"]
        serialize = keras.saving.serialize_keras_object
        network = self.content_network
        if not isinstance(network, str):
            network = serialize(network)
        return {
            **config,
            "image_shape": list(self.image_shape),
            "content_network": network,
            "content_layer": self.content_layer,
            "content_weight": self.content_weight,
            "adversarial_weight": self.adversarial_weight,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }
