"""The presets of ACGAN."""

from data_sets import MNIST

import keras_gans

PRESETS = {
    "acgan_mnist": {
        "model": lambda: keras_gans.ACGAN(
            image_shape=(28, 28, 1),
            num_classes=10,
            filters=32,
            ema_momentum=0.999,
        ),
        "recipe": {
            "dataset": "mnist",
            "labels": True,
            "batch_size": 64,
            "epochs": 7,
        },
        "description": "digits by label, of a discriminator that classifies",
        "paper": (
            'Odena et al., "Conditional Image Synthesis With Auxiliary '
            'Classifier GANs", 2016, https://arxiv.org/abs/1610.09585. Here '
            "with DCGAN's networks of 32 filters, without dropout."
        ),
        "compared": (
            "The paper has no MNIST; on ImageNet it asks a classifier how "
            "often samples are of their class, as is done above."
        ),
        "failures": (
            "About one sample in a hundred is not the digit that was asked "
            "for, mostly of twos to fives; some strokes are broken or blurred. "
            "`generate(truncation=0.7)` leaves those out: of 1,000 such "
            "samples a classifier took each for its label, and they are less "
            "various."
        ),
        "data": MNIST,
    },
}
