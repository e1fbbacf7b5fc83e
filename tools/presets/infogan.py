"""The presets of InfoGAN."""

import judge
import numpy as np
from data_sets import MNIST
from PIL import Image
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


def codes(model, gap=16):
    """What each code does, from left to right, see `InfoGAN.traverse`."""
    grids = []
    for code in range(3):
        made = model.traverse(code, n_rows=10, seed=0)
        made = made.reshape(-1, *made.shape[2:])
        grids.append(pictures.image_grid(made, columns=len(made) // 10))
    width = sum(grid.width + gap for grid in grids) - gap
    sheet = Image.new("RGB", (width, grids[0].height), "white")
    left = 0
    for grid in grids:
        sheet.paste(grid, (left, 0))
        left += grid.width + gap
    return sheet


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
        "drawn": {"codes": codes},
        "pictures": {
            "codes": "Left: a column for each value of the categorical code, a "
            "row for each draw of noise and of the other codes. Middle and "
            "right: the first and the second continuous code from -2 to 2 "
            "(training draws them from -1 to 1), a row for each value of the "
            "categorical code.",
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
        "failures": (
            "Fours and nines share a category, twos and fives do in part, and "
            "the tenth draws ones, sevens and twos, so that nine "
            "of the ten digits have a category. The first continuous code goes "
            "from narrow and leaning to upright and wide, the second turns "
            "upper strokes to lower ones; neither leaves the digit alone: a "
            "third of the rows end in another one than they begin with, "
            "and beyond -1 and 1 some are no digits. More steps than 5,000 are "
            "the first thing to try."
        ),
        "demonstration": True,
        "data": MNIST,
    },
}
