"""CycleGAN: "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks" (Zhu, Park, Isola and Efros, 2017).

https://arxiv.org/abs/1703.10593

Two domains, a and b, and no pairs. A generator for each direction, G_ab and
G_ba, and a discriminator for each domain. What is translated to the other
domain and back should be what it was:

    L(G_ab, D_b, a, b) + L(G_ba, D_a, b, a)
        + w E[||G_ba(G_ab(a)) - a||_1] + w E[||G_ab(G_ba(b)) - b||_1],

with the least-squares loss as L, whose discriminators see a history of the
generators' images. The identity loss, ||G_ab(b) - b||_1 and the same for a,
keeps colours; the paper uses it for paintings, the authors' code by default.

Deviations from the paper: none in the algorithm. `identity_weight` is an
absolute value, where the authors' code multiplies it by the cycle's weight.
Adam's epsilon is Keras's 1e-7, where PyTorch's is 1e-8.
"""

import keras
from keras import layers, ops

from keras_gans import losses
from keras_gans.checks import check_integer, check_weight
from keras_gans.image_pool import ImagePool
from keras_gans.layers import (
    ReflectionPadding2D,
    check_image_size,
    image_normalization,
    output_dtype,
)
from keras_gans.models.pix2pix import PatchGANDiscriminator, initial_weights
from keras_gans.models.starting import falling, for_both
from keras_gans.models.translation import (
    ImageTranslationModel,
    l1_distance,
)

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class CycleGANGenerator(keras.Model):
    """Images in [-1, 1] to images in [-1, 1] of the same height and width.

    The residual network of Johnson et al., 2016: c7s1-64, d128, d256, the
    residual blocks, u128, u64, c7s1-3, with reflection padding. It takes
    images whose sides are multiples of its attribute `divisor`, 4. What it
    makes of a pixel depends on no others than those at most its attribute
    `reach` away, but for the statistics of the normalization.

    Args:
        image_shape: `(height, width, channels)` of its inputs.
        output_channels: Integer, the channels of what it makes.
        filters: Integer, those of the first layer.
        num_residual_blocks: Integer; `None` for the paper's, 6 for images
            below 256 and 9 for others.
        normalization: `"instance"`, the paper's, or `"batch"`.
    """

    def __init__(
        self,
        image_shape=(256, 256, 3),
        output_channels=3,
        filters=64,
        num_residual_blocks=None,
        normalization="instance",
        name="generator",
        **kwargs,
    ):
        check_image_size(image_shape, 4)
        if min(image_shape[:2]) < 8:  # Else there is nothing to reflect.
            raise ValueError(
                "image_shape must have sides of at least 8. Received: "
                f"image_shape={tuple(image_shape)}"
            )
        check_integer("output_channels", output_channels, minimum=1)
        check_integer("filters", filters, minimum=1)
        if num_residual_blocks is None:
            num_residual_blocks = 6 if min(image_shape[:2]) < 256 else 9
        check_integer("num_residual_blocks", num_residual_blocks, minimum=1)
        norm = image_normalization
        inputs = keras.Input((None, None, image_shape[-1]), name="images")

        x = ReflectionPadding2D(3)(inputs)
        x = _conv(filters, 7, use_bias=False)(x)
        x = layers.ReLU()(norm(normalization)(x))
        for width in (2 * filters, 4 * filters):
            # Where PyTorch's padding of 1 puts the kernel.
            x = layers.ZeroPadding2D(((1, 0), (1, 0)))(x)
            x = _conv(width, 3, strides=2, use_bias=False)(x)
            x = layers.ReLU()(norm(normalization)(x))
        for _ in range(num_residual_blocks):
            y = _conv(width, 3, use_bias=False)(ReflectionPadding2D(1)(x))
            y = layers.ReLU()(norm(normalization)(y))
            y = _conv(width, 3, use_bias=False)(ReflectionPadding2D(1)(y))
            x = layers.Add()([x, norm(normalization)(y)])
        for width in (2 * filters, filters):
            x = layers.Conv2DTranspose(
                width,
                3,
                strides=2,
                use_bias=False,
                kernel_initializer=initial_weights(),
            )(x)
            x = layers.Cropping2D(((1, 0), (1, 0)))(x)
            x = layers.ReLU()(norm(normalization)(x))
        x = ReflectionPadding2D(3)(x)
        outputs = _conv(
            output_channels, 7, activation="tanh", dtype=output_dtype()
        )(x)
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.divisor = 4
        self.min_size = 8
        # 3 and 3 of the ends, 1 + 2 and 2 + 4 of the strides, 4 by convolution.
        self.reach = 16 + 8 * num_residual_blocks
        self._arguments = {
            "image_shape": list(image_shape),
            "output_channels": output_channels,
            "filters": filters,
            "num_residual_blocks": num_residual_blocks,
            "normalization": normalization,
        }

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _conv(filters, size, **kwargs):
    return layers.Conv2D(
        filters, size, kernel_initializer=initial_weights(), **kwargs
    )


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class CycleGAN(ImageTranslationModel):
    """Image-to-image translation between two domains, without pairs.

    Example:

    ```python
    images = keras_gans.datasets.load_unpaired(
        "cycle_gan/horse2zebra", batch_size=1, image_size=256, augment=True
    )
    gan = keras_gans.CycleGAN(image_shape=(256, 256, 3))
    gan.compile()
    gan.fit(images, epochs=200)
    zebras = gan.translate(horses)  # uint8 to uint8
    horses = gan.translate(zebras, direction="ba")
    ```

    The logs have `cycle_loss` and `identity_loss` beside the losses: sums of
    both directions' mean absolute differences, before their weights. `g_loss`
    is the sum of all that the generators descend, `d_loss` that of both
    discriminators.

    Args:
        generator_ab: `keras.Model`, images of domain a to those of b; `None`
            for a `CycleGANGenerator`.
        generator_ba: `keras.Model`, the other direction.
        discriminator_a: `keras.Model`, images to logits: are they of domain
            a? `None` for a `PatchGANDiscriminator`.
        discriminator_b: `keras.Model`, the same for domain b.
        image_shape: `(height, width, channels)` of both domains.
        filters: Integer, the width of the default networks.
        num_residual_blocks: Integer, of the default generators.
        patch_size: Integer, of the default discriminators.
        cycle_weight: Float, the paper's lambda.
        identity_weight: Float; 0 leaves the identity loss out.
        pool_size: Integer, the images that each history holds.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`; it is
            halved, as in the paper.
        seed: Integer or `None`, of the histories.
        name: String, the name of the model.

    Reference:
        Zhu et al., "Unpaired Image-to-Image Translation using
        Cycle-Consistent Adversarial Networks", 2017.
    """

    players = {
        "generator": ("generator_ab", "generator_ba"),
        "discriminator": ("discriminator_a", "discriminator_b"),
    }
    loss_names = ("d_loss", "g_loss", "cycle_loss", "identity_loss")
    directions = ("ab", "ba")
    # Set by name, by the base class: for editors.
    generator_ab: keras.Model
    generator_ba: keras.Model
    discriminator_a: keras.Model
    discriminator_b: keras.Model

    def __init__(
        self,
        generator_ab=None,
        generator_ba=None,
        discriminator_a=None,
        discriminator_b=None,
        image_shape=(256, 256, 3),
        filters=64,
        num_residual_blocks=None,
        patch_size=70,
        cycle_weight=10.0,
        identity_weight=5.0,
        pool_size=50,
        generator_loss=losses.squared_error_generator_loss,
        discriminator_loss=losses.squared_error_discriminator_loss,
        seed=None,
        **kwargs,
    ):
        check_weight("cycle_weight", cycle_weight)
        check_weight("identity_weight", identity_weight)

        def make_generator(name):
            return CycleGANGenerator(
                image_shape,
                image_shape[-1],
                filters,
                num_residual_blocks,
                name=name,
            )

        def make_discriminator(name):
            return PatchGANDiscriminator(
                image_shape[-1], patch_size, filters, "instance", name=name
            )

        super().__init__(
            image_shape,
            generator_ab=generator_ab or make_generator("generator_ab"),
            discriminator_b=discriminator_b
            or make_discriminator("discriminator_b"),
            generator_ba=generator_ba or make_generator("generator_ba"),
            discriminator_a=discriminator_a
            or make_discriminator("discriminator_a"),
            seed=seed,
            **kwargs,
        )
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        self.pool_a = ImagePool(pool_size, image_shape, seed)
        # Another seed: the two histories choose independently.
        other = None if seed is None else seed + 1
        self.pool_b = ImagePool(pool_size, image_shape, other)
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss

    @classmethod
    def starting_point(cls, image_shape):
        adam = falling(2e-4)
        recipe = {
            "unpaired": {"augment": True},
            "batch_size": 2,
            **for_both(adam),
        }
        return {"filters": 16, "num_residual_blocks": 4}, recipe

    @property
    def generator(self):
        return self.generator_ab

    @property
    def discriminator(self):
        return self.discriminator_b

    def default_optimizers(self):
        return (
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
        )

    def train_step(self, data):
        real_a, real_b, _ = keras.utils.unpack_x_y_sample_weight(data)

        # 1. Translate both ways, and update both generators: translations
        #    pass for real, come back, and leave alone what needs none.
        def generator_loss():
            fake_b = self.generator_ab(real_a, training=True)
            fake_a = self.generator_ba(real_b, training=True)
            adversarial = self.generator_loss(
                self.discriminator_b(fake_b, training=True)
            ) + self.generator_loss(self.discriminator_a(fake_a, training=True))
            cycle = self.cycle_loss(real_a, real_b, fake_a, fake_b)
            identity = self.identity_loss(real_a, real_b)
            g_loss = (
                adversarial
                + self.cycle_weight * cycle
                + self.identity_weight * identity
            )
            return g_loss, (fake_a, fake_b, cycle, identity)

        g_loss, (fake_a, fake_b, cycle, identity) = self.minimize(
            generator_loss,
            self.generator_optimizer,
            [self.generator_ab, self.generator_ba],
        )

        # 2. Update both discriminators on the real images and on images of
        #    the histories, which have taken in those translations.
        fake_a = self.pool_a(ops.stop_gradient(fake_a))
        fake_b = self.pool_b(ops.stop_gradient(fake_b))

        def discriminator_loss():
            loss_a = self.discriminator_loss(
                self.discriminator_a(real_a, training=True),
                self.discriminator_a(fake_a, training=True),
            )
            loss_b = self.discriminator_loss(
                self.discriminator_b(real_b, training=True),
                self.discriminator_b(fake_b, training=True),
            )
            return 0.5 * (loss_a + loss_b)

        d_loss = self.minimize(
            discriminator_loss,
            self.discriminator_optimizer,
            [self.discriminator_a, self.discriminator_b],
        )
        return self.track(
            d_loss=d_loss,
            g_loss=g_loss,
            cycle_loss=cycle,
            identity_loss=identity,
        )

    # ---- losses -----------------------------------------------------------

    def cycle_loss(self, real_a, real_b, fake_a, fake_b, training=True):
        """How far images are from where they came from, both ways."""
        back_a = self.generator_ba(fake_b, training=training)
        back_b = self.generator_ab(fake_a, training=training)
        return l1_distance(back_a, real_a) + l1_distance(back_b, real_b)

    def identity_loss(self, real_a, real_b, training=True):
        """How much generators change images of the domain they make."""
        if not self.identity_weight:
            return ops.zeros(())
        same_a = self.generator_ba(real_a, training=training)
        same_b = self.generator_ab(real_b, training=training)
        return l1_distance(same_a, real_a) + l1_distance(same_b, real_b)

    def test_step(self, data):
        real_a, real_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake_b = self.generator_ab(real_a, training=False)
        fake_a = self.generator_ba(real_b, training=False)
        logits_a = self.discriminator_a(fake_a, training=False)
        logits_b = self.discriminator_b(fake_b, training=False)
        cycle = self.cycle_loss(real_a, real_b, fake_a, fake_b, False)
        identity = self.identity_loss(real_a, real_b, False)
        g_loss = (
            self.generator_loss(logits_a)
            + self.generator_loss(logits_b)
            + self.cycle_weight * cycle
            + self.identity_weight * identity
        )
        d_loss = 0.5 * (
            self.discriminator_loss(
                self.discriminator_a(real_a, training=False), logits_a
            )
            + self.discriminator_loss(
                self.discriminator_b(real_b, training=False), logits_b
            )
        )
        logs = self.track(
            d_loss=d_loss,
            g_loss=g_loss,
            cycle_loss=cycle,
            identity_loss=identity,
        )
        return {**logs, **self.track_metrics(real_b, fake_b)}

    # ---- four networks ----------------------------------------------------

    def network_for(self, direction):
        network = super().network_for(direction)
        return self.generator_ba if direction == "ba" else network

    def _build_networks(self):
        super()._build_networks()
        for name in self.players["generator"]:
            channels = getattr(self, name)(self.symbolic_inputs()).shape[-1]
            if channels != self.image_shape[-1]:
                raise ValueError(
                    f"{name} must make images of {self.image_shape[-1]} "
                    f"channels. Received: one that makes {channels}"
                )

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "cycle_weight": self.cycle_weight,
            "identity_weight": self.identity_weight,
            "pool_size": self.pool_size,
            "generator_loss": serialize(self.generator_loss),
            "discriminator_loss": serialize(self.discriminator_loss),
        }
