"""The presets of EBGAN."""

from data_sets import MNIST, MNIST_FLOOR
from recipes import decaying

import keras_gans

EBGAN_STEPS = 20_000

PRESETS = {
    "ebgan_mnist": {
        "model": lambda: keras_gans.EBGAN(
            example_shape=(28, 28, 1), margin=0.1, ema_momentum=0.999
        ),
        "recipe": {
            "dataset": "mnist",
            "batch_size": 128,
            "steps": EBGAN_STEPS,
            "generator_optimizer": decaying(
                "Adam", 1e-3, EBGAN_STEPS, beta_1=0.5
            ),
            "discriminator_optimizer": decaying(
                "Adam", 1e-3, EBGAN_STEPS, beta_1=0.5
            ),
        },
        "ablations": {
            "no pulling-away term": {"pulling_away_weight": 0.0},
        },
        "description": "digits, by an autoencoder's energy",
        "paper": (
            'Zhao et al., "Energy-based Generative Adversarial Network", '
            "2016, https://arxiv.org/abs/1609.03126."
        ),
        "compared": (
            "The paper scores its digits by a classifier of its own (a "
            "modified Inception score), over a grid of networks; not measured "
            f"here. {MNIST_FLOOR}"
        ),
        "failures": (
            "About one digit in six is blotched, broken or none at all, and "
            "faint grey specks lie beside some. The networks are dense: "
            "DCGAN's digits are cleaner."
        ),
        "data": MNIST,
    },
}
