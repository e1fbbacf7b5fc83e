"""Maintains zoo/: writes the recipes, and publishes trained runs.

    python tools/zoo.py recipes                  # all recipes, and index.json
    keras-gans train dcgan_mnist --out runs/dcgan_mnist
    python tools/zoo.py publish dcgan_mnist runs/dcgan_mnist/best

A preset is an entry of `PRESETS`: the model, the recipe, and the words of its
card. `publish` stores the weights (float16, where that costs nothing visible),
draws the sample grid and writes the model card; scores come from
`tools/score.py`.
"""

import argparse
import json
import pathlib

import keras_gans
from keras_gans import presets

ZOO = pathlib.Path(__file__).resolve().parent.parent / "zoo"

MNIST = {
    "name": "MNIST, 60,000 training images of 28x28",
    "license": "CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)",
}
FASHION = {
    "name": "Fashion-MNIST, 60,000 training images of 28x28",
    "license": "MIT (Zalando Research)",
}
CIFAR10 = {
    "name": "CIFAR-10, 50,000 training images of 32x32",
    "license": "no formal licence (Alex Krizhevsky, for research)",
}
CELEBA = {
    "name": "CelebA, 162,770 training images, cropped and resized to 64x64",
    "license": "non-commercial research only (CUHK)",
}
RING = {
    "name": "eight Gaussians on the unit circle, generated",
    "license": "none needed",
}

TOY_ADAM = {
    "class_name": "Adam",
    "config": {"learning_rate": 5e-4, "beta_1": 0.0},
}

PRESETS = {
    "gan_ring": {
        "model": lambda: keras_gans.GAN(
            keras_gans.models.gan.GANGenerator(
                (2,), 16, units=(128, 128), batch_normalization=False
            ),
            keras_gans.models.gan.GANDiscriminator((2,), units=(128, 128)),
            latent_dim=16,
            ema_momentum=0.999,
        ),
        # The MLP's defaults (2e-4, beta_1 0.5) leave the toy far from the
        # modes; without momentum it covers all eight within a minute.
        "recipe": {
            "dataset": "ring",
            "batch_size": 256,
            "steps": 12000,
            "generator_optimizer": TOY_ADAM,
            "discriminator_optimizer": TOY_ADAM,
        },
        "description": "MLP GAN on the ring of eight Gaussians",
        "data": RING,
    },
    "gan_mnist": {
        "model": lambda: keras_gans.GAN(
            example_shape=(28, 28, 1), ema_momentum=0.999
        ),
        "recipe": {"dataset": "mnist", "batch_size": 128, "epochs": 40},
        "description": "MLP GAN on digits, the 2014 paper's setting",
        "data": MNIST,
    },
    "dcgan_mnist": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(28, 28, 1), filters=32, ema_momentum=0.999
        ),
        "recipe": {"dataset": "mnist", "batch_size": 64, "epochs": 10},
        "description": "DCGAN on digits",
        "data": MNIST,
    },
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
        "data": MNIST,
    },
    "dcgan_cifar10": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(32, 32, 3), filters=48, ema_momentum=0.999
        ),
        "recipe": {"dataset": "cifar10", "batch_size": 64, "epochs": 10},
        "description": "DCGAN on small photographs",
        "data": CIFAR10,
    },
    "dcgan_fashion_mnist": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(28, 28, 1), filters=32, ema_momentum=0.999
        ),
        "recipe": {"dataset": "fashion_mnist", "batch_size": 64, "epochs": 10},
        "description": "DCGAN on clothes",
        "data": FASHION,
    },
    "dcgan_celeb_a": {
        "model": lambda: keras_gans.DCGAN(
            image_shape=(64, 64, 3), ema_momentum=0.999
        ),
        "recipe": {"dataset": "celeb_a", "batch_size": 128, "steps": 40000},
        "description": "DCGAN on faces, the paper's size",
        "data": CELEBA,
    },
}



def make_model(name):
    keras_gans.import_models()
    return PRESETS[name]["model"]()


def recipe(name):
    return {"seed": 0, **PRESETS[name]["recipe"]}


def write_recipes():
    """Every preset's config and recipe; weights that are there stay."""
    index = {"format_version": 1, "presets": {}}
    for name, entry in PRESETS.items():
        folder = ZOO / name
        has_weights = (folder / "model.weights.h5").exists()
        if has_weights:
            presets.update(folder, recipe=recipe(name))
        else:
            presets.save(
                make_model(name),
                folder,
                recipe=recipe(name),
                metadata={"dataset": entry["data"]},
                weights=False,
            )
            (folder / "README.md").write_text(recipe_card(name))
            presets.update(folder)
        index["presets"][name] = {
            "class": json.loads((folder / "metadata.json").read_text())[
                "class"
            ],
            "description": entry["description"],
            "dataset": entry["recipe"]["dataset"],
            "weights": has_weights,
        }
    (ZOO / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def recipe_card(name):
    entry = PRESETS[name]
    return f"""# {name}

{entry["description"][0].upper() + entry["description"][1:]}. A recipe: it
has no weights yet.

```
keras-gans train {name} --data-dir FOLDER_OF_TFDS_DATA
```

Data: {entry["data"]["name"]}. Licence of the data: {entry["data"]["license"]}.
The first run downloads it through TensorFlow Datasets.
"""


def publish(name, run):
    """Takes a run's preset into the zoo, in float16, with a sample grid."""
    keras_gans.import_models()
    folder = ZOO / name
    gan = keras_gans.AdversarialModel.from_preset(str(run))
    details = json.loads((run / "metadata.json").read_text())
    presets.save(
        gan,
        folder,
        dtype="float16",
        recipe=recipe(name),
        metadata={
            "dataset": PRESETS[name]["data"],
            "step": details["step"],
            "swd": details["swd"],
            "license": "Apache-2.0",
        },
    )
    from keras_gans import datasets, runs

    reference = None
    if recipe(name)["dataset"] in ("ring", "grid"):
        reference = getattr(datasets, recipe(name)["dataset"])(2500)
    # As `generate` will see it: from the stored float16.
    gan = keras_gans.AdversarialModel.from_preset(str(folder))
    runs.draw_samples(gan, 0, reference).save(folder / "samples.png")
    write_recipes()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("recipes")
    command = commands.add_parser("publish")
    command.add_argument("name", choices=PRESETS)
    command.add_argument("run", type=pathlib.Path)
    args = parser.parse_args()
    if args.command == "recipes":
        write_recipes()
    else:
        publish(args.name, args.run)


if __name__ == "__main__":
    main()
