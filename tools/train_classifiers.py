"""Trains the classifiers whose features `keras_gans.metrics` measures with.

    python tools/train_classifiers.py mnist_classifier
    python tools/train_classifiers.py cifar10_classifier --epochs 40
    python tools/train_classifiers.py emoji_classifier --data FOLDER

All are trained on the training split alone, from seed 0. FOLDER holds
`noto_emoji/` and `emojitwo/`. The classifier's
folder is written after every epoch, with the accuracy on the test split: a
run that is stopped early leaves a classifier. Nothing is chosen by that
accuracy, the last epoch counts.

They are not the judge of `tools/judge.py`, which stays out of all choices.
"""

import argparse
import hashlib
import json
import pathlib
import time

import data_sets
import keras
import numpy as np
from cards import as_text
from keras import layers
from PIL import Image

from keras_gans import datasets, metrics, presets
from keras_gans.pixels import from_uint8, to_uint8

ZOO = pathlib.Path(__file__).resolve().parent.parent / "zoo"
BATCH_SIZE = 128


def conv(x, filters, strides=1):
    x = layers.Conv2D(
        filters, 3, strides=strides, padding="same", use_bias=False
    )(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def mnist_classifier():
    inputs = keras.Input((28, 28, 1))
    x = conv(inputs, 16)
    x = conv(x, 32, strides=2)
    x = conv(x, 64, strides=2)
    x = conv(x, 64, strides=2)
    # Flat, not averaged: where a stroke lies is what makes a digit.
    x = layers.Dense(64, use_bias=False)(layers.Flatten()(x))
    x = layers.ReLU(name="features")(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def cifar10_classifier():
    """A small residual network, 9.3 million multiplications per image."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(36, 4, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Add()([x, conv(x, 36)])
    x = conv(x, 72, strides=2)
    x = layers.Add()([x, conv(x, 72)])
    x = conv(x, 128, strides=2)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def emoji_classifier():
    """What kind of thing an emoji of 64x64 shows, in Noto's nine groups."""
    inputs = keras.Input((64, 64, 3))
    x = conv(inputs, 24, strides=2)
    x = conv(x, 48, strides=2)
    x = layers.Add()([x, conv(x, 48)])
    x = conv(x, 96, strides=2)
    x = layers.Add()([x, conv(x, 96)])
    x = conv(x, 64, strides=2)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(9, activation="softmax")(x))


GROUPS = (
    "Smileys and emotions",
    "People",
    "Animals and nature",
    "Food and drink",
    "Travel and places",
    "Activities and events",
    "Objects",
    "Symbols",
    "Flags",
)


def read_emoji(folder, split):
    """uint8 images and groups of both styles.

    Noto's images and their groups; EmojiTwo's in colour that have a code of
    Noto's, or are a flag. The test split is EmojiTwo's, and a tenth of Noto's
    by the hash of the name.
    """
    folder = pathlib.Path(folder)
    captions = json.loads((folder / "noto_emoji/captions.json").read_text())
    groups, files = {}, []
    for name, entry in captions.items():
        code = name.removeprefix("emoji_u").removesuffix(".png")
        groups[code.replace("_", "-")] = entry["group"]
        is_test = hashlib.sha256(name.encode()).digest()[0] < 26
        if is_test == (split == "test"):
            path = folder / "noto_emoji/images" / name
            files.append((path, entry["group"]))
    for path in sorted((folder / "emojitwo" / split / "color").glob("*.png")):
        code = path.stem.replace("-fe0f", "")
        group = groups.get(path.stem, groups.get(code))
        if all(c.startswith("1f1") and len(c) == 5 for c in code.split("-")):
            group = "Flags"
        if group:
            files.append((path, group))
    images = []
    for path, _ in files:
        with Image.open(path) as image:
            image = image.convert("RGB").resize(
                (64, 64), Image.Resampling.BICUBIC
            )
            images.append(np.asarray(image))
    labels = [GROUPS.index(group) for _, group in files]
    return np.stack(images), np.array(labels)


CLASSIFIERS = {
    "mnist_classifier": {
        "model": mnist_classifier,
        "dataset": "mnist",
        "epochs": 8,
        "shift": 2,
        "flip": False,
        "version": "1",
        "data": data_sets.MNIST,
        "failures": (
            "It knows digits alone: of any other images its features say "
            "little, Fashion-MNIST included."
        ),
    },
    "cifar10_classifier": {
        "model": cifar10_classifier,
        "dataset": "cifar10",
        "epochs": 40,
        "shift": 4,
        "flip": True,
        "version": "1",
        "data": data_sets.CIFAR10,
        "failures": (
            "Small and trained in minutes: it mistakes cats for dogs more "
            "often than large networks do, and sees less of fine texture than "
            "Inception. The images that it was trained and tested on had been "
            "through JPEG once, unlike those that TensorFlow Datasets "
            "downloads."
        ),
    },
    "emoji_classifier": {
        "model": emoji_classifier,
        "dataset": None,
        "epochs": 60,
        "shift": 4,
        "flip": True,
        "version": "1",
        "data": data_sets.EMOJI_GROUPS,
        "failures": (
            "It knows groups, half of which are people: of the difference "
            "between two fruits its features say little."
        ),
    },
}


def read(dataset, split):
    """uint8 images and labels of a whole split."""
    images, labels = [], []
    for x, y in datasets.load(
        dataset,
        1000,
        split=split,
        labels=True,
        shuffle=False,
        drop_remainder=False,
    ):
        images.append(to_uint8(x))
        labels.append(np.asarray(y))
    return np.concatenate(images), np.concatenate(labels)


class Batches(keras.utils.PyDataset):
    """Shuffled batches, each image shifted and, if asked for, mirrored."""

    def __init__(self, images, labels, shift, flip):
        super().__init__()
        edges = [(0, 0), (shift, shift), (shift, shift), (0, 0)]
        # Repeating the edge makes the shift of a photograph plausible, and a
        # digit's background is its edge.
        padded = np.pad(images, edges, mode="edge")
        size = images.shape[1:3]
        self.windows = np.lib.stride_tricks.sliding_window_view(
            padded, size, axis=(1, 2)
        )
        self.labels, self.shift, self.flip = labels, shift, flip
        self.rng = np.random.default_rng(0)
        self.on_epoch_end()

    def __len__(self):
        return len(self.labels) // BATCH_SIZE

    def __getitem__(self, index):
        chosen = self.order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE]
        top, left = self.rng.integers(0, 2 * self.shift + 1, (2, BATCH_SIZE))
        images = self.windows[chosen, top, left].transpose(0, 2, 3, 1)
        if self.flip:
            mirrored = self.rng.random(BATCH_SIZE) < 0.5
            images[mirrored] = images[mirrored, :, ::-1]
        return from_uint8(images), self.labels[chosen]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.labels))


class Save(keras.callbacks.Callback):
    """Writes the classifier's folder after every epoch."""

    def __init__(self, name, out, epochs, test):
        super().__init__()
        self.entry, self.name = CLASSIFIERS[name], name
        self.out, self.epochs, self.test = out, epochs, test
        self.start = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        images, labels = self.test
        x = from_uint8(images)
        found = self.model.predict(x, 256, verbose=0).argmax(axis=-1)
        accuracy = float((found == labels).mean())
        minutes = (time.process_time() - self.start) / 60
        print(f"test accuracy {accuracy:.4f}, {minutes:.1f} minutes of CPU")
        if epoch + 1 < self.epochs:
            schedule = "stopped early, the learning rate had not come down"
        else:
            schedule = "the whole schedule"
        metadata = {
            "name": self.name,
            "version": self.entry["version"],
            "license": "Apache-2.0",
            "dataset": self.entry["data"],
            "test_accuracy": round(accuracy, 4),
            "test_images": len(labels),
            "training": {
                "epochs": epoch + 1,
                "of": self.epochs,
                "schedule": schedule,
                "cpu_minutes": round(minutes, 1),
                "seed": 0,
            },
            "golden": golden(self.model),
        }
        presets.save_network(
            self.model, self.out, metadata, card(self.model, metadata)
        )


def golden(model):
    """Mean features of four images of noise, which every backend must find."""
    images = np.random.default_rng(0).integers(
        0, 256, (4, *model.input_shape[1:])
    )
    extractor = metrics.Extractor.from_classifier(model, "golden")
    means = extractor(images.astype("uint8")).mean(axis=1)
    return means.astype("float64").round(4).tolist()


def card(model, facts):
    entry = CLASSIFIERS[facts["name"]]
    run, data = facts["training"], facts["dataset"]
    features = model.get_layer("features").output.shape[-1]
    classes = {9: "nine", 10: "ten"}[model.output_shape[-1]]
    paragraphs = [
        f"# {facts['name']}, version {facts['version']}",
        "A feature extractor for the scores of `keras_gans.metrics`, not a "
        f"GAN: a classifier of {data['name'].partition(',')[0]} with "
        f"{model.count_params():,} parameters. Images in [-1, 1] go in, the "
        f"probabilities of {classes} classes come out; its features are the "
        f"{features} values of the layer `features`.",
        f"**Accuracy** {facts['test_accuracy']:.2%} on "
        f"{facts['test_images']:,} test images; a single run.",
        f"**Data.** {data['name']}, no other. Licence of the data: "
        f"{data['license']}. The weights are under Apache-2.0.",
        f"**Command.** Seed {run['seed']}, {run['epochs']} of {run['of']} "
        f"epochs ({run['schedule']}), {run['cpu_minutes']:.0f} minutes of one "
        "CPU core.",
        f"```\npython tools/train_classifiers.py {facts['name']} --epochs "
        f"{run['of']}{' --data FOLDER' if entry['dataset'] is None else ''}"
        "\n```",
        "**Use.** Scores of different extractors, or of different versions of "
        "one, are different scores: none of them is the FID of papers, which "
        "is made with the Inception network of 2015.",
        f"**Known failures.** {entry['failures']}",
    ]
    return as_text(paragraphs)


def train(name, epochs, out, data=None):
    entry = CLASSIFIERS[name]
    keras.utils.set_random_seed(0)
    if entry["dataset"] is None:
        sets = [read_emoji(data, split) for split in ("train", "test")]
    else:
        sets = [read(entry["dataset"], split) for split in ("train", "test")]
    batches = Batches(*sets[0], entry["shift"], entry["flip"])
    model = entry["model"]()
    steps = epochs * len(batches)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                1e-4, steps, warmup_target=4e-3, warmup_steps=steps // 20
            ),
            weight_decay=0.02,
        ),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    print(f"{model.count_params():,} parameters")
    save = Save(name, out, epochs, sets[1])
    # The callback runs before the next epoch shuffles.
    model.fit(batches, epochs=epochs, callbacks=[save], verbose=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CLASSIFIERS)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--data", help="the folder of both sets of emoji")
    parser.add_argument("--out", type=pathlib.Path, help="zoo/NAME")
    args = parser.parse_args()
    epochs = args.epochs or CLASSIFIERS[args.name]["epochs"]
    if CLASSIFIERS[args.name]["dataset"] is None and args.data is None:
        parser.error(f"{args.name} needs --data")
    train(args.name, epochs, args.out or ZOO / args.name, args.data)


if __name__ == "__main__":
    main()
