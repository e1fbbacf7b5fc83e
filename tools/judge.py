"""A judge of MNIST's digits that never saw the GAN.

    python tools/judge.py train-classifier    # writes tests/assets/

The judge is a small convolutional network, trained on MNIST's training set by
this file, which prints its accuracy on the test set.
"""

import argparse
import pathlib

import keras
import numpy as np
from keras import layers

from keras_gans import datasets
from keras_gans.pixels import from_uint8

ASSETS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "assets"
DATASET = "mnist"
WEIGHTS = ASSETS / "mnist_classifier.weights.h5"
SAMPLES = 10_000


def make_classifier():
    """`(batch, 28, 28, 1)` in [-1, 1] to ten logits."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(64, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(10),
        ]
    )


def load_classifier():
    classifier = make_classifier()
    classifier.load_weights(WEIGHTS)
    return classifier


def accuracy(classifier, data):
    right = total = 0
    for images, labels in data:
        predicted = classifier.predict_on_batch(images).argmax(axis=-1)
        right += int((predicted == np.asarray(labels)).sum())
        total += len(predicted)
    return right / total


def train_classifier():
    keras.utils.set_random_seed(0)
    data = datasets.load(DATASET, 128, labels=True, seed=0)
    epochs = 8
    classifier = make_classifier()
    classifier.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                2e-3, epochs * int(data.cardinality())
            )
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    classifier.fit(data, epochs=epochs, verbose=2)
    test = datasets.load(DATASET, 100, split="test", labels=True, shuffle=False)
    score = accuracy(classifier, test)
    print(f"test accuracy {score:.4f}, {classifier.count_params()} parameters")
    assert score >= 0.99, score
    ASSETS.mkdir(exist_ok=True)
    # Weights only: no optimizer's state travels with the tests.
    copy = make_classifier()
    copy.set_weights(classifier.get_weights())
    copy.save_weights(WEIGHTS)


def predict(classifier, images):
    """Labels of uint8 images, and how sure the classifier is of them."""
    logits = classifier.predict(from_uint8(images), 256, verbose=0)
    sure = np.exp(logits - np.logaddexp.reduce(logits, -1, keepdims=True))
    return logits.argmax(axis=-1), sure.max(axis=-1)


def judgement(model, conditional):
    """A dict of what the judge finds in a model's digits.

    Args:
        model: One that generates MNIST's digits.
        conditional: Boolean, whether it was asked for each of them in turn.
    """
    found, sure = predict(load_classifier(), model.generate(SAMPLES, seed=0))
    shares = np.bincount(found, minlength=10) / SAMPLES
    scores = {}
    if conditional:
        agreement = float((found == np.arange(SAMPLES) % 10).mean())
        scores[
            "agreement of a classifier with the label (10,000 samples, seed 0)"
        ] = round(agreement, 4)
    else:
        scores[
            "share of the rarest and of the commonest digit (10,000 samples, "
            "seed 0)"
        ] = [round(float(shares.min()), 4), round(float(shares.max()), 4)]
    scores[
        "share of samples that a classifier is 95% sure of (10,000 samples, "
        "seed 0; of real test images 0.97)"
    ] = round(float((sure > 0.95).mean()), 4)
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train-classifier"])
    parser.parse_args()
    train_classifier()
