"""The presets of InfoGAN."""

import judge
import numpy as np
from data_sets import MNIST
from recipes import decaying

import keras_gans
from keras_gans import pictures
from keras_gans.models.dcgan import DCGANGenerator
from keras_gans.models.infogan import InfoGANDiscriminator

INFOGAN_STEPS = 5_000


def infogan():
    # Cropped, the generator has as many layers as the discriminator.
    return keras_gans.InfoGAN(
        DCGANGenerator((28, 28, 1), latent_dim=74, filters=32, crop=2),
        InfoGANDiscriminator((28, 28, 1), code_dim=12, filters=32),
        latent_dim=74,
        categorical_codes=(10,),
        continuous_codes=2,
        label_smoothing=0.1,
        ema_momentum=0.999,
    )


def swept(code, n_rows=10):
    """A function that draws what a code does, see `InfoGAN.traverse`."""

    def draw(model):
        made = model.traverse(code, n_rows=n_rows, seed=0)
        return pictures.image_grid(
            made.reshape(-1, *made.shape[2:]), columns=made.shape[1]
        )

    return draw


def agreement(model):
    """How far the categories that the model found are the ten digits."""
    size = model.categorical_codes[0]
    labels = np.arange(judge.SAMPLES) % size
    samples = model.generate(judge.SAMPLES, labels=labels, seed=0)
    found, _ = judge.predict(judge.load_classifier(), samples)
    counts = np.zeros((size, 10), int)
    np.add.at(counts, (labels, found), 1)
    best = counts.argmax(axis=1)
    return {
        "share of samples that a classifier takes for their category's "
        "commonest digit (10,000 samples, seed 0)": round(
            float(counts.max(axis=1).sum() / judge.SAMPLES), 4
        ),
        "digits that are the commonest of a category": len(set(best)),
    }


PRESETS = {
    "infogan_mnist": {
        "model": infogan,
        "recipe": {
            "dataset": "mnist",
            "batch_size": 64,
            "steps": INFOGAN_STEPS,
            "generator_optimizer": decaying(
                "Adam", 1e-3, INFOGAN_STEPS, beta_1=0.5
            ),
            "discriminator_optimizer": decaying(
                "Adam", 2e-4, INFOGAN_STEPS, beta_1=0.5
            ),
        },
        "description": "digits, their kind and their shape by codes that it "
        "found without labels",
        "drawn": {f"code_{code}": swept(code) for code in range(3)},
        "pictures": {
            "code_0": "A column for each value of the categorical code, a row "
            "for each draw of noise and of the other codes.",
            "code_1": "The first continuous code from -2 to 2 (training draws "
            "it from -1 to 1), a row for each value of the categorical code.",
            "code_2": "The second continuous code, in the same way.",
        },
        "scores": agreement,
        "paper": (
            'Chen et al., "InfoGAN: Interpretable Representation Learning by '
            'Information Maximizing Generative Adversarial Nets", 2016, '
            "https://arxiv.org/abs/1606.03657. Here with DCGAN's networks of "
            "32 filters."
        ),
        "compared": (
            "The paper shows pictures, and reports that the categorical code, "
            "read by Q, matches the digits of MNIST with an error of 5%. What "
            "is counted above is the other way: what the generator draws of a "
            "category."
        ),
        "data": MNIST,
    },
}
