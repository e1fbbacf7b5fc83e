"""Scores presets with a judge that never saw the GAN.

    python tools/score.py train-classifier    # MNIST, writes tests/assets/
    python tools/score.py score dcgan_mnist   # prints, and adds to its metadata

The judge is a small convolutional network, trained on MNIST's training set by
this file; its accuracy on the test set is in its metadata.
"""

import argparse
import json
import pathlib

import keras
import numpy as np
from keras import layers

ASSETS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "assets"
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
        right += int((predicted == labels.numpy()).sum())
        total += len(predicted)
    return right / total


def train_classifier():
    from keras_gans import datasets

    keras.utils.set_random_seed(0)
    data = datasets.load("mnist", 128, labels=True, seed=0)
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
    test = datasets.load("mnist", 100, split="test", labels=True, shuffle=False)
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
    scaled = images.astype("float32") / 127.5 - 1
    logits = classifier.predict(scaled, 256, verbose=0)
    sure = np.exp(logits - np.logaddexp.reduce(logits, -1, keepdims=True))
    return logits.argmax(axis=-1), sure.max(axis=-1)


def score(preset, dataset):
    """A dict of scores of a preset, each with its protocol.

    Args:
        preset: Name or folder.
        dataset: The recipe's.
    """
    import keras_gans
    from keras_gans import datasets, metrics

    gan = keras_gans.AdversarialModel.from_preset(preset)
    if dataset in ("ring", "grid"):
        modes = getattr(datasets, f"{dataset}_modes")()
        covered, good = metrics.mode_coverage(
            gan.generate(2500, seed=0), *modes
        )
        return {
            f"modes covered of {len(modes[0])} (2,500 samples, seed 0)": (
                covered
            ),
            "share of high quality (2,500 samples, seed 0)": round(good, 4),
        }
    scores = {}
    if dataset == "mnist":
        samples = gan.generate(SAMPLES, seed=0)
        found, sure = predict(load_classifier(), samples)
        shares = np.bincount(found, minlength=10) / SAMPLES
        if isinstance(gan, keras_gans.ConditionalGAN):
            agreement = float((found == np.arange(SAMPLES) % 10).mean())
            scores[
                "agreement of a classifier with the label (10,000 samples, "
                "seed 0)"
            ] = round(agreement, 4)
        else:
            scores[
                "share of the rarest and of the commonest digit (10,000 "
                "samples, seed 0)"
            ] = [round(float(shares.min()), 4), round(float(shares.max()), 4)]
    if dataset == "mnist":
        scores[
            "share of samples that a classifier is 95% sure of (10,000 "
            "samples, seed 0; of real test images 0.97)"
        ] = round(float((sure > 0.95).mean()), 4)
    test = datasets.load(dataset, 2000, split="test", shuffle=False)
    real = next(iter(test)).numpy()
    fake = gan.generate(2000, seed=0).astype("float32") / 127.5 - 1
    scores["sliced Wasserstein distance (2,000 samples, 2,000 test images)"] = (
        round(metrics.sliced_wasserstein(real, fake), 4)
    )
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("train-classifier")
    command = commands.add_parser("score")
    command.add_argument("names", nargs="+")
    args = parser.parse_args()
    if args.command == "train-classifier":
        return train_classifier()
    from keras_gans import presets

    for name in args.names:
        scores = score(name, presets.recipe(name)["dataset"])
        print(name, json.dumps(scores, indent=2))
        presets.update(presets.resolve(name), metadata={"scores": scores})


if __name__ == "__main__":
    main()
