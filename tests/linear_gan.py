"""A model whose samples are a linear function of latents."""

import keras
import numpy as np
from keras import layers

import keras_gans
from keras_gans.models.gan import GANDiscriminator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear_gan(kernel, labels=None, **kwargs):
    """Points that are latents times a kernel, plus a row for each label."""
    dim, size = kernel.shape
    latents = inputs = keras.Input((dim,))
    dense = layers.Dense(size, use_bias=False)
    outputs = dense(latents)
    if labels is not None:
        classes = keras.Input((), dtype="int32")
        table = layers.Embedding(*labels.shape)
        inputs = [latents, classes]
        outputs = layers.Add()([outputs, table(classes)])
        table.set_weights([labels])
        kwargs["num_classes"] = len(labels)
        x = keras.Input((size,))
        discriminator = keras.Model(
            [x, keras.Input((), dtype="int32")], layers.Dense(1)(x)
        )
    else:
        discriminator = GANDiscriminator((size,), units=(4,))
    generator = keras.Model(inputs, outputs)
    dense.set_weights([kernel])
    return keras_gans.GAN(generator, discriminator, latent_dim=dim, **kwargs)
