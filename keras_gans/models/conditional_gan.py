"""Conditional GAN: "Conditional Generative Adversarial Nets" (Mirza and
Osindero, 2014).

https://arxiv.org/abs/1411.1784

Both players also see the label y:

    V(D, G) = E[log D(x|y)] + E[log(1 - D(G(z|y)|y))].

The generator joins the latents with an embedding of the label; the
discriminator joins the image with a map made from an embedding of the label.
With `projection=True` the discriminator is the one of "cGANs with Projection
Discriminator" (Miyato and Koyama, 2018, https://arxiv.org/abs/1802.05637),
whose logit is `linear(f(x)) + <embedding(y), f(x)>`.

Deviations from the paper: the networks are those of DCGAN instead of maxout
perceptrons, and labels are embedded instead of one-hot vectors through a dense
layer (which is the same function). The generator is shown the real batch's
labels. Miyato and Koyama train ResNets with spectral normalization and the
hinge loss; the loss is an argument here, the networks can be your own. They
sum over positions, as this does with spectral normalization; without it, it
takes the mean.
"""

import keras
from keras import layers

from keras_gans import losses
from keras_gans.checks import check_integer
from keras_gans.layers import (
    SpectralNormalization,
    dcgan_discriminator_stack,
    dcgan_generator_stack,
    discriminator_normalization,
    global_pooling,
    logits_layer,
    output_dtype,
)
from keras_gans.models.gan import GAN
from keras_gans.models.starting import STEPS, rates

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ConditionalGANGenerator(keras.Model):
    """Latents `(batch, latent_dim)` and labels `(batch,)` to images.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width, as in `DCGANGenerator`.
        embedding_dim: Integer, the size of a label's embedding.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        latent_dim=100,
        filters=64,
        embedding_dim=50,
        name="generator",
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        check_integer("latent_dim", latent_dim, minimum=1)
        check_integer("filters", filters, minimum=1)
        latents = keras.Input((latent_dim,), name="latents")
        labels = keras.Input((), dtype="int32", name="labels")
        embedding = layers.Embedding(num_classes, embedding_dim)(labels)
        x = layers.Concatenate()([latents, embedding])
        outputs = dcgan_generator_stack(x, image_shape, filters)
        super().__init__([latents, labels], outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "num_classes": num_classes,
            "latent_dim": latent_dim,
            "filters": filters,
            "embedding_dim": embedding_dim,
        }
        self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class ConditionalGANDiscriminator(keras.Model):
    """Images and labels `(batch,)` to one logit.

    Args:
        image_shape: `(height, width, channels)`.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        filters: Integer, the width, as in `DCGANDiscriminator`.
        embedding_dim: Integer, the size of a label's embedding; not used by
            the projection discriminator, where the features give it.
        projection: Boolean. `False` joins the label as a map beside the
            image's channels, `True` is Miyato and Koyama's projection.
        normalization: `"batch"`, `"spectral"` or `None`.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        filters=64,
        embedding_dim=50,
        projection=False,
        normalization="batch",
        name="discriminator",
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        check_integer("filters", filters, minimum=1)
        images = keras.Input(image_shape, name="images")
        labels = keras.Input((), dtype="int32", name="labels")
        spectral = normalization == "spectral"
        if projection:
            x = dcgan_discriminator_stack(
                images, image_shape, filters, normalization
            )
            features = global_pooling(x, spectral)
            embed = layers.Embedding(
                num_classes, features.shape[-1], dtype=output_dtype()
            )
            if spectral:
                embed = SpectralNormalization(embed, dtype=output_dtype())
            match = layers.Dot(axes=-1, dtype=output_dtype())(
                [embed(labels), features]
            )
            outputs = layers.Add(dtype=output_dtype())(
                [logits_layer(spectral)(features), match]
            )
        else:
            height, width, _ = image_shape
            embed = layers.Embedding(num_classes, embedding_dim)
            expand = layers.Dense(height * width)
            if spectral:  # Of all layers, or the whole has no bound.
                embed = SpectralNormalization(embed)
                expand = SpectralNormalization(expand)
            x = expand(embed(labels))
            label_map = layers.Reshape((height, width, 1))(x)
            x = layers.Concatenate()([images, label_map])
            x = dcgan_discriminator_stack(
                x, image_shape, filters, normalization
            )
            outputs = logits_layer(spectral)(layers.Flatten()(x))
        super().__init__([images, labels], outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "num_classes": num_classes,
            "filters": filters,
            "embedding_dim": embedding_dim,
            "projection": projection,
            "normalization": normalization,
        }
        self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


# ---- model ----------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ConditionalGAN(GAN):
    """A GAN that draws what it is asked for.

    Example:

    ```python
    gan = keras_gans.ConditionalGAN(image_shape=(28, 28, 1), num_classes=10)
    gan.compile()
    mnist = keras_gans.datasets.load("mnist", batch_size=128, labels=True)
    gan.fit(mnist, epochs=10)
    sevens = gan.generate(64, labels=7, seed=0)  # uint8, (64, 28, 28, 1)
    ```

    Args:
        generator: `keras.Model`, `[latents, labels]` to images; `None` for a
            `ConditionalGANGenerator`.
        discriminator: `keras.Model`, `[images, labels]` to logits; `None` for
            a `ConditionalGANDiscriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, the width of the default networks.
        projection: Boolean, use the projection discriminator.
        spectral_normalization: Boolean, normalize the default discriminator
            by its spectral norms instead of by batches.
        generator_loss: Function of `(fake_logits)`, of `keras_gans.losses`.
        discriminator_loss: Function of `(real_logits, fake_logits)`.
        **kwargs: Those of `GAN` but `packing`: `discriminator_steps`,
            `label_smoothing`, `augment`, `ema_momentum`, `seed`, `name`,
            penalties and others. With an `r1_weight` or `r2_weight` the
            default discriminator has no BatchNormalization.

    References:
        Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014.
        Miyato and Koyama, "cGANs with Projection Discriminator", 2018.
    """

    knows_classes = needs_classes = True

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(28, 28, 1),
        num_classes=10,
        latent_dim=100,
        filters=64,
        projection=False,
        spectral_normalization=False,
        generator_loss=losses.non_saturating_generator_loss,
        discriminator_loss=losses.non_saturating_discriminator_loss,
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        super().__init__(
            generator
            or ConditionalGANGenerator(
                image_shape, num_classes, latent_dim, filters
            ),
            discriminator
            or ConditionalGANDiscriminator(
                image_shape,
                num_classes,
                filters,
                projection=projection,
                normalization=discriminator_normalization(
                    spectral_normalization, **kwargs
                ),
            ),
            latent_dim=latent_dim,
            num_classes=num_classes,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            **kwargs,
        )

    @classmethod
    def starting_point(cls, image_shape):
        # As Miyato and Koyama train, at two time scales.
        arguments = {
            "latent_dim": 128,
            "filters": 32,
            "projection": True,
            "spectral_normalization": True,
            "generator_loss": losses.hinge_generator_loss,
            "discriminator_loss": losses.hinge_discriminator_loss,
            "ema_momentum": 0.998,
        }
        return arguments, {"batch_size": 64, **rates(STEPS, 2e-4, 4e-4)}
