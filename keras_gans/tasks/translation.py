"""Models that turn images into images, one domain's into another's."""

import numpy as np

from keras_gans import datasets, metrics, pictures
from keras_gans.checks import UsageError
from keras_gans.datasets import looking
from keras_gans.metrics.translation import distinct
from keras_gans.names import DEFAULT_EXTRACTORS
from keras_gans.pixels import from_uint8, to_uint8
from keras_gans.tasks import shared
from keras_gans.tasks.task import Option, Reference, Task

SCORED = 500  # images that a checkpoint's score is measured on
# What a recipe says of its data: arguments of their loader, and the splits
# that "train" and "test" stand for.
DATA_ARGUMENTS = {
    "pairs": {"sides", "direction", "augment", "splits"},
    "unpaired": {"augment", "splits"},
}
HEADLINE = ("L1", "SSIM", "FID", "ab FID", "ab cycle")

PAIRS_ALONE = (
    "is of presets that train on pairs of images, which {preset} does not"
)


def check(recipe):
    shared.check_extractor(recipe)
    for key, arguments in DATA_ARGUMENTS.items():
        shared.check_arguments(recipe, key, arguments)
    if "pairs" in recipe and {"unpaired", "dataset_b"} & set(recipe):
        raise ValueError(
            "A recipe of pairs has no other domain: leave out unpaired and "
            f"dataset_b. Received: {recipe}"
        )


def look(recipe, data_dir=None):
    """What the first of both sides holds."""
    if "pairs" in recipe:
        names = recipe["pairs"].get("sides")
        return looking.sides(recipe["dataset"], names)
    # A TFDS set, or a folder, may have both sides.
    split = "train" if recipe.get("dataset_b") else "trainA"
    return looking.look(recipe["dataset"], split, data_dir)


def load(model, recipe, split, data_dir=None, **kwargs):
    """The batches `(images_a, images_b)` of a recipe.

    Args:
        model: The model, whose image sizes and channels they get.
        recipe: Dict with `pairs` or `unpaired`, see `runs.check_recipe`.
        split: String, or for `unpaired` a tuple of two; the recipe's `splits`
            may say what it stands for.
        data_dir: Where TFDS sets lie.
        **kwargs: More arguments of `datasets.load_pairs` or `load_unpaired`,
            which override the recipe's.
    """
    key = "pairs" if "pairs" in recipe else "unpaired"
    if key not in recipe:
        raise ValueError(
            f"A recipe of a {type(model).__name__} must have pairs or "
            f"unpaired. Received: {recipe}"
        )
    own = dict(recipe[key])
    splits = own.pop("splits", {})
    channels = (model.image_shape[-1], model.example_shape[-1])
    if own.get("direction") == "ba":
        channels = channels[::-1]
    arguments = {
        "batch_size": recipe["batch_size"],
        "split": splits.get(split, split) if isinstance(split, str) else split,
        "image_size": model.image_shape[:2],
        "channels": channels,
        "seed": recipe["seed"],
        "mirror": recipe.get("mirror", False),
        **own,
        **kwargs,
    }
    if key == "pairs":
        return datasets.load_pairs(recipe["dataset"], **arguments)
    return datasets.load_unpaired(
        recipe["dataset"],
        recipe.get("dataset_b"),
        data_dir=data_dir,
        **arguments,
    )


# ---- runs -----------------------------------------------------------------


def extractor(model, recipe):
    return shared.extractor(recipe, suits=True)


def reference(model, recipe, extractor, load):
    batches, count = [], 0
    for batch in load(
        "train", augment=False, mirror=False, drop_remainder=False
    ):
        batches.append([np.asarray(x) for x in batch])
        count += len(batches[-1][0])
        if count >= SCORED:
            break
    inputs, targets = (np.concatenate(x)[:SCORED] for x in zip(*batches))
    if "unpaired" in recipe:  # The shorter side has gone around.
        inputs, targets = map(distinct, (inputs, targets))
    return Reference(
        recipe,
        targets,
        inputs=to_uint8(inputs),
        extractor=extractor,
        features=extractor(to_uint8(targets)) if extractor else None,
    )


def scores(model, reference, seed):
    fake = model.translate(reference.inputs, seed=seed)
    # Unpaired domains differ in repeats.
    n = min(len(reference.real), len(fake))
    distance = metrics.sliced_wasserstein(
        reference.real[:n], from_uint8(fake[:n])
    )
    return {**shared.kid(reference, fake), "swd": distance}


def picture(model, reference, seed):
    paired = "pairs" in reference.recipe
    truth = to_uint8(reference.real) if paired else None
    return draw_translations(model, reference.inputs, truth, seed)


def draw(model, n, seed, labels, inputs):
    images = shared.images_to_draw(model, n, labels, inputs)
    return draw_translations(model, images, seed=seed, n=n)


def draw_translations(
    model, inputs, truth=None, seed=None, n=shared.SAMPLES // 4
):
    """A picture of rows: input, output, and truth or the way back.

    Args:
        model: `Pix2Pix` or `CycleGAN`.
        inputs: uint8 images, of domain a.
        truth: uint8 images that belong to them; without it a model that
            knows the way back shows where its outputs lead.
        seed: Integer or `None`, see `translate`.
        n: Integer, the number of inputs to show.

    Returns:
        `PIL.Image.Image`, two such groups side by side.
    """
    inputs = inputs[:n]
    outputs = model.translate(inputs, seed=seed)
    columns = [inputs, outputs]
    if truth is not None:
        columns.append(truth[:n])
    elif "ba" in model.directions:
        columns.append(model.translate(outputs, direction="ba"))
    # Grey ones beside others as RGB, and of RGBA the colours alone.
    if len({x.shape[-1] for x in columns}) > 1:
        columns = [
            np.repeat(x, 3, -1) if x.shape[-1] == 1 else x[..., :3]
            for x in columns
        ]
    tiles = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    return pictures.image_grid(tiles, 2 * len(columns))


# ---- evaluation -----------------------------------------------------------


def check_direction(model, direction):
    """The way that was asked for, `"ab"` if none was.

    Raises:
        UsageError: For one that the model does not know.
    """
    direction = direction or "ab"
    if direction not in model.directions:
        raise UsageError(
            f"a {type(model).__name__} has no direction {direction}, only "
            f"{', '.join(model.directions)}"
        )
    return direction


def evaluate(model, recipe, options):
    if options.metrics:
        raise UsageError(
            f"a {type(model).__name__} has scores of its own: leave "
            "--metrics out"
        )
    direction = check_direction(model, options.direction)
    check(recipe)
    given = {"dataset": options.data, "dataset_b": options.data_b}
    given = {key: value for key, value in given.items() if value is not None}
    recipe = {"seed": 0, **recipe, **given}
    data, split = shared.first_split(
        options.split,
        lambda split: load(
            model,
            recipe,
            split,
            options.data_dir,
            augment=False,
            mirror=False,
            shuffle=False,
            drop_remainder=False,
        ),
    )
    dataset = recipe["dataset"]
    return metrics.evaluate_translation(
        model,
        data,
        options.extractor
        or recipe.get("extractor")
        or DEFAULT_EXTRACTORS.get(dataset),
        paired="pairs" in recipe,
        direction=direction,
        n=options.n,
        dataset=shared.data_name(dataset),
        split=split,
        seed=options.seed,
    )


def export_arguments(model, options):
    return {"direction": check_direction(model, options.direction)}


# ---- random examples ------------------------------------------------------


def batch(model, n, seed=0):
    x = inputs(model, n, seed)
    # What a network can learn of the images.
    y = np.tanh(2 * x[:, ::-1] + 0.2)
    channels = model.example_shape[-1]
    if y.shape[-1] != channels:
        y = np.repeat(y.mean(axis=-1, keepdims=True), channels, axis=-1)
    return x, y


def inputs(model, n, seed=0):
    rng = np.random.default_rng(seed)
    return shared.smooth(rng, (n, *model.image_shape))


def samples(model, n=4):
    return model.translate(shared.noise((n, *model.image_shape)), seed=0)


def golden(model):
    # The masks of dropout differ between backends.
    before, model.dropout_at_test = model.dropout_at_test, False
    try:
        return shared.means(samples(model))
    finally:
        model.dropout_at_test = before


def headline(metadata):
    protocol = metadata["translation"]["protocol"]
    return shared.headline(metadata, HEADLINE, protocol)


def brief(metadata):
    found = shared.brief(metadata, ("FID", "ab FID"))
    return found and found.removeprefix("ab ")  # The way that it goes first.


TASK = Task(
    name="translation",
    command="translate",
    does="translates images",
    recipe_keys=frozenset(
        {"extractor", "dataset_b", "mirror", *DATA_ARGUMENTS}
    ),
    best_by={"kid": shared.KID, "swd": shared.SWD},
    train_options={
        "mirror": shared.MIRROR,
        "data_b": Option(
            "is of a CycleGAN, which {preset} is not", "dataset_b"
        ),
        "sides": Option(PAIRS_ALONE, "sides", "pairs"),
        "direction": Option(PAIRS_ALONE, "direction", "pairs", "ab"),
    },
    evaluate_options={
        "data_b": Option("is of a CycleGAN, which {preset} is not"),
        "direction": Option("is of models that translate, not of a {model}"),
    },
    check=check,
    look=look,
    load=load,
    compile_arguments=shared.player_optimizers,
    default_best_by=shared.kid_or_swd,
    extractor=extractor,
    reference=reference,
    scores=scores,
    picture=picture,
    draw=draw,
    evaluate=evaluate,
    export_arguments=export_arguments,
    batch=batch,
    inputs=inputs,
    samples=samples,
    golden=golden,
    headline=headline,
    brief=brief,
)
