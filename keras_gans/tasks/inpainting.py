"""Models that fill holes in images."""

import numpy as np

from keras_gans import datasets, metrics, pictures
from keras_gans.checks import UsageError
from keras_gans.models.masks import random_masks
from keras_gans.names import DEFAULT_EXTRACTORS
from keras_gans.pixels import to_uint8
from keras_gans.tasks import shared
from keras_gans.tasks.task import Ranking, Reference, Task

SCORED = 500  # images that a checkpoint's score is measured on
# Arguments of `datasets.load_crops`, and what the splits stand for.
CROPS = {"augment", "splits"}
HEADLINE = ("PSNR", "SSIM", "L1", "KID")

L1 = Ranking(("l1",), ("L1",), "values")


def check(recipe):
    shared.check_extractor(recipe)
    shared.check_arguments(recipe, "crops", CROPS)


def load(model, recipe, split, data_dir=None, **kwargs):
    """The batches of a recipe: whole images, or with `crops` parts of them."""
    own, more, loader = {}, {}, datasets.load
    *size, channels = model.image_shape
    if "crops" in recipe:
        loader, own = datasets.load_crops, dict(recipe["crops"])
        split = own.pop("splits", {}).get(split, split)
        more = {"crop_size": size}
    else:
        kwargs.pop("augment", None)
        more = {"image_size": size}
    data = loader(
        recipe["dataset"],
        recipe["batch_size"],
        split=split,
        channels=channels,
        seed=recipe["seed"],
        data_dir=data_dir,
        **{**more, **own, **kwargs},
    )
    if "crops" not in recipe:
        shared.say_what_is_lost(data, model, recipe["dataset"])
    return data


# ---- runs -----------------------------------------------------------------


def default_best_by(model, recipe):
    return "kid" if "extractor" in recipe else "l1"


def extractor(model, recipe):
    return shared.extractor(recipe, suits=True)


def masks_of(model, n, seed):
    """Masks as the model trains with, by a seed: bool `(n, height, width)`."""
    return random_masks(
        n,
        model.image_shape[:2],
        model.hole_ratio,
        seed,
        num_strokes=model.num_strokes,
        num_boxes=model.num_boxes,
    )


def reference(model, recipe, extractor, load):
    batches, count = [], 0
    for batch in load("train", augment=False, drop_remainder=False):
        batches.append(np.asarray(batch))
        count += len(batches[-1])
        if count >= SCORED:
            break
    real = np.concatenate(batches)[:SCORED]
    images = to_uint8(real)
    return Reference(
        recipe,
        real,
        inputs=(images, masks_of(model, len(images), recipe["seed"])),
        extractor=extractor,
        features=extractor(images) if extractor else None,
    )


def scores(model, reference, seed):
    images, masks = reference.inputs
    made = model.inpaint(images, masks)
    l1 = metrics.hole_error(images, made, masks).mean()
    return {**shared.kid(reference, made), "l1": float(l1)}


def picture(model, reference, seed):
    images, masks = (x[: shared.SAMPLES // 4] for x in reference.inputs)
    return draw_fillings(model, images, masks)


def draw(model, n, seed, labels, inputs):
    images = shared.images_to_draw(model, n, labels, inputs)
    return draw_fillings(model, images, masks_of(model, len(images), seed))


def draw_fillings(model, images, masks):
    """A picture of rows: image with a hole, what is made of it, truth.

    Args:
        model: A model with `inpaint`.
        images: uint8 `(n, height, width, channels)`.
        masks: bool `(n, height, width)`.

    Returns:
        `PIL.Image.Image`, two such groups side by side.
    """
    given = np.where(masks[..., None], np.uint8(128), images)
    columns = [given, model.inpaint(images, masks), images]
    tiles = np.stack(columns, axis=1).reshape(-1, *images.shape[1:])
    return pictures.image_grid(tiles, 2 * len(columns))


# ---- evaluation -----------------------------------------------------------


def evaluate(model, recipe, options):
    if options.metrics:
        raise UsageError(
            f"an {type(model).__name__} has scores of its own: leave "
            "--metrics out"
        )
    dataset = options.data or recipe.get("dataset")
    if dataset is None:
        raise UsageError("the preset has no recipe: name the data, --data")
    recipe = {"seed": 0, "batch_size": 64, **recipe, "dataset": dataset}
    data, split = shared.first_split(
        options.split,
        lambda split: load(
            model,
            recipe,
            split,
            options.data_dir,
            augment=False,
            shuffle=False,
            drop_remainder=False,
        ),
    )
    images = []
    for batch in data:
        images.append(to_uint8(batch))
        if sum(map(len, images)) >= options.n:
            break
    images = np.concatenate(images)[: options.n]
    return metrics.evaluate_inpainting(
        model,
        images,
        masks_of(model, len(images), options.seed),
        options.extractor
        or recipe.get("extractor")
        or DEFAULT_EXTRACTORS.get(dataset),
        dataset=shared.data_name(dataset),
        split=split,
    )


# ---- random examples ------------------------------------------------------


def batch(model, n, seed=0):
    rng = np.random.default_rng(seed)
    return (shared.smooth(rng, (n, *model.image_shape)),)


def inputs(model, n, seed=0):
    (images,) = batch(model, n, seed)
    masks = _bands(n, model.image_shape[:2])
    return [images, masks[..., None].astype("float32")]


def _bands(n, size):
    """A hole in the middle of each image: the same on every backend."""
    masks = np.zeros((n, *size), bool)
    masks[:, size[0] // 4 : -(-3 * size[0] // 4)] = True
    return masks


def samples(model, n=4):
    images = shared.noise((n, *model.image_shape))
    return model.inpaint(images, _bands(n, model.image_shape[:2]))


def golden(model):
    return shared.means(samples(model))


def headline(metadata):
    protocol = metadata["inpainting"]["protocol"]
    return shared.headline(metadata, HEADLINE, protocol)


def brief(metadata):
    return shared.brief(metadata, HEADLINE)


TASK = Task(
    name="inpainting",
    command="inpaint",
    does="fills holes in images",
    recipe_keys=frozenset({"extractor", "crops"}),
    best_by={"l1": L1, "kid": shared.KID},
    check=check,
    look=shared.look,
    default_size=64,
    load=load,
    compile_arguments=shared.player_optimizers,
    default_best_by=default_best_by,
    extractor=extractor,
    reference=reference,
    scores=scores,
    picture=picture,
    draw=draw,
    evaluate=evaluate,
    export_arguments=shared.no_direction,
    batch=batch,
    inputs=inputs,
    samples=samples,
    golden=golden,
    headline=headline,
    brief=brief,
)
