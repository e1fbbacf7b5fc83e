"""The presets of ConditionalGAN."""

from data_sets import MNIST

import keras_gans

PRESETS = {
    "conditional_gan_mnist": {
        "model": lambda: keras_gans.ConditionalGAN(
            image_shape=(28, 28, 1),
            num_classes=10,
            filters=32,
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "mnist",
            "labels": True,
            "batch_size": 64,
            "epochs": 10,
        },
        "description": "digits by label",
        "paper": (
            'Mirza and Osindero, "Conditional Generative Adversarial '
            'Nets", 2014, https://arxiv.org/abs/1411.1784.'
        ),
        "compared": (
            "The paper scores Parzen-window log-likelihood; not measured here."
        ),
        "failures": (
            "About one sample in a hundred is not the digit that was asked "
            "for; some fives and eights are hard to read."
        ),
        "data": MNIST,
    },
}
