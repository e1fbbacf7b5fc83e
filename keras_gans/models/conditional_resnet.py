"""Residual networks with labels, for `ConditionalGAN`.

Three papers on one pair of networks:

- "cGANs with Projection Discriminator" (Miyato and Koyama, 2018,
  https://arxiv.org/abs/1802.05637): conditional batch normalization in the
  generator, and the discriminator's `linear(f(x)) + <embedding(y), f(x)>`;
- "Self-Attention Generative Adversarial Networks" (Zhang et al., 2019,
  https://arxiv.org/abs/1805.08318): `attention`, at one resolution of both;
- "Large Scale GAN Training" (BigGAN, Brock et al., 2019,
  https://arxiv.org/abs/1809.11096): `shared_embedding`, one of the label for
  all blocks, and `hierarchical`, a part of the latents for each of them.

Deviations from the papers: the resolution follows from the image as in DCGAN,
the generator has no spectral normalization (the last two papers' has), and all
blocks have one width.
"""

import functools

import keras
from keras import layers

from keras_gans.checks import check_integer
from keras_gans.layers import (
    SelfAttention,
    SpectralNormalization,
    batch_normalization,
    conditional_batch_normalization,
    dcgan_base_shape,
    first_residual_block,
    global_pooling,
    halving_residual_block,
    logits_layer,
    output_dtype,
    residual_block,
    upsampling_residual_block,
)

# ---- networks -------------------------------------------------------------


@keras.saving.register_keras_serializable("keras_gans")
class ConditionalResNetGenerator(keras.Model):
    """Latents `(batch, latent_dim)` and labels `(batch,)` to images.

    Args:
        image_shape: `(height, width, channels)`; the sides must halve,
            together, until the smaller one is 4 to 7.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        latent_dim: Integer, the size of a latent vector.
        filters: Integer, of all convolutions: 256 in the papers.
        attention: Integer, the height at which there is self-attention, as
            16; `None` for none.
        shared_embedding: Integer, the size of an embedding of the label that
            all blocks share (BigGAN's has 128); `None` for a scale and an
            offset of each class in each block.
        hierarchical: Boolean, a part of the latents for the first layer and
            for each block. Wants `shared_embedding`, and a `latent_dim` that
            divides by the number of blocks plus one.
    """

    example_kind = "image"

    def __init__(
        self,
        image_shape=(32, 32, 3),
        num_classes=10,
        latent_dim=128,
        filters=128,
        attention=None,
        shared_embedding=None,
        hierarchical=False,
        name="generator",
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        check_integer("latent_dim", latent_dim, minimum=1)
        check_integer("filters", filters, minimum=1)
        (height, width), doublings = dcgan_base_shape(image_shape)
        _check_attention(attention, (height, width), image_shape)
        latents = keras.Input((latent_dim,), name="latents")
        labels = keras.Input((), dtype="int32", name="labels")
        first, *rest = [latents] * (doublings + 1)
        if hierarchical:
            first, *rest = _parts(latents, doublings + 1, shared_embedding)
        conditions, of_labels = [labels] * doublings, num_classes
        if shared_embedding is not None:
            check_integer("shared_embedding", shared_embedding, minimum=1)
            shared = layers.Embedding(num_classes, shared_embedding)(labels)
            conditions, of_labels = [shared] * doublings, None
            if hierarchical:
                conditions = [
                    layers.Concatenate()([shared, part]) for part in rest
                ]
        x = layers.Dense(height * width * filters)(first)
        x = layers.Reshape((height, width, filters))(x)
        for condition in conditions:
            x = upsampling_residual_block(
                x,
                filters,
                functools.partial(
                    conditional_batch_normalization,
                    condition=condition,
                    num_classes=of_labels,
                ),
            )
            x = _attended(x, attention)
        x = layers.ReLU()(batch_normalization(x))
        outputs = layers.Conv2D(
            image_shape[-1],
            3,
            padding="same",
            activation="tanh",
            dtype=output_dtype(),
        )(x)
        super().__init__([latents, labels], outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "num_classes": num_classes,
            "latent_dim": latent_dim,
            "filters": filters,
            "attention": attention,
            "shared_embedding": shared_embedding,
            "hierarchical": hierarchical,
        }
        self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


@keras.saving.register_keras_serializable("keras_gans")
class ProjectionResNetDiscriminator(keras.Model):
    """Images and labels `(batch,)` to one logit.

    Args:
        image_shape: `(height, width, channels)`, as the generator's.
        num_classes: Integer, labels are 0 to `num_classes - 1`.
        filters: Integer, of all convolutions: 128 in the papers.
        normalization: `"spectral"`, the papers', or `None`.
        attention: Integer, the height at which there is self-attention;
            `None` for none.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        num_classes=10,
        filters=128,
        normalization="spectral",
        attention=None,
        name="discriminator",
        **kwargs,
    ):
        check_integer("num_classes", num_classes, minimum=1)
        check_integer("filters", filters, minimum=1)
        if normalization not in ("spectral", None):
            raise ValueError(
                'normalization must be "spectral" or None. '
                f"Received: normalization={normalization!r}"
            )
        spectral = normalization == "spectral"
        base, doublings = dcgan_base_shape(image_shape)
        _check_attention(attention, base, image_shape)
        images = keras.Input(image_shape, name="images")
        labels = keras.Input((), dtype="int32", name="labels")
        x = first_residual_block(images, filters, normalization)
        x = _attended(x, attention, spectral)
        for _ in range(max(doublings - 2, 1)):
            x = halving_residual_block(x, filters, normalization)
            x = _attended(x, attention, spectral)
        for _ in range(2):
            x = residual_block(x, filters, normalization)
        features = global_pooling(layers.ReLU()(x), spectral)
        embed = layers.Embedding(num_classes, filters, dtype=output_dtype())
        if spectral:
            embed = SpectralNormalization(embed, dtype=output_dtype())
        match = layers.Dot(axes=-1, dtype=output_dtype())(
            [embed(labels), features]
        )
        outputs = layers.Add(dtype=output_dtype())(
            [logits_layer(spectral)(features), match]
        )
        super().__init__([images, labels], outputs, name=name, **kwargs)
        self._arguments = {
            "image_shape": list(image_shape),
            "num_classes": num_classes,
            "filters": filters,
            "normalization": normalization,
            "attention": attention,
        }
        self.num_classes = num_classes

    def get_config(self):
        return {**self._arguments, "name": self.name}


def _attended(x, attention, spectral=False):
    """Features, with self-attention where their height is `attention`."""
    return SelfAttention(spectral)(x) if x.shape[1] == attention else x


def _check_attention(attention, base, image_shape):
    heights, height = [], 2 * base[0]
    while height < image_shape[0]:
        heights.append(height)
        height *= 2
    if attention is not None and attention not in heights:
        raise ValueError(
            "attention must be a height within both networks, one of "
            f"{heights}, or None. Received: attention={attention!r}"
        )


def _parts(latents, count, shared_embedding):
    """Latents in equal parts, for the first layer and for each block."""
    size = latents.shape[-1]
    if shared_embedding is None or size % count:
        raise ValueError(
            "hierarchical latents go with a shared_embedding, and latent_dim "
            f"must divide by {count}. Received: latent_dim={size}, "
            f"shared_embedding={shared_embedding}"
        )
    size //= count
    return [latents[:, i * size : (i + 1) * size] for i in range(count)]
