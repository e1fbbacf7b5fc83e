"""Models that make images larger."""

import dataclasses
import itertools

import numpy as np

from keras_gans import (
    datasets,
    image_files,
    metrics,
    pictures,
    presets,
    resizing,
)
from keras_gans.checks import NoWeights, UsageError
from keras_gans.datasets import looking
from keras_gans.names import CLASSIFIERS
from keras_gans.pixels import from_uint8, to_uint8
from keras_gans.tasks import shared
from keras_gans.tasks.task import Option, Ranking, Reference, Task

SCORED = 4  # batches of crops
# Arguments of `datasets.load_high_res`, and what the splits stand for.
DEGRADATION = ("degradation", "blur", "noise", "jpeg_quality")
DATA_ARGUMENTS = {
    "crop_size",
    "augment",
    "sides",
    "splits",
    *DEGRADATION,
}
# Of models that train on pixels alone; without one in the recipe it is the
# paper's.
PIXEL_LOSSES = ("mean_squared_error", "mean_absolute_error")
HEADLINE = ("PSNR", "SSIM")
# The layer of a classifier whose features are compared: no loss uses it.
FEATURES = "re_lu_2"

PSNR = Ranking(("psnr",), ("PSNR",), "luma", high=True)
CONTENT = Ranking(
    ("content_loss",), ("CONTENT_LOSS",), "content loss in training"
)
GENERATOR = Option(
    "is of an SRGAN or its like, which a {model} is not", "generator"
)

SIDES = Option(
    "is of pairs of images, which {preset} does not train on",
    "sides",
    "high_res",
    replaces=DEGRADATION,
)


def check(recipe):
    shared.check_arguments(recipe, "high_res", DATA_ARGUMENTS)
    if "loss" in recipe and recipe["loss"] not in PIXEL_LOSSES:
        raise ValueError(
            f"loss must be one of {', '.join(PIXEL_LOSSES)}. "
            f"Received: loss={recipe['loss']!r}"
        )


def look(recipe, data_dir=None):
    """What the data of a recipe hold; of two sides, the large one."""
    names = recipe.get("high_res", {}).get("sides")
    if names is None:
        return shared.look(recipe, data_dir)
    return looking.sides(recipe["dataset"], names, side=1)


def _is_adversarial(model):
    """Whether it is of the second phase, which starts from the first's."""
    return "discriminator" in model.players


def load(model, recipe, split, data_dir=None, **kwargs):
    own = dict(recipe.get("high_res", {}))
    splits = own.pop("splits", {})
    return datasets.load_high_res(
        recipe["dataset"],
        recipe["batch_size"],
        scale=model.scale,
        split=splits.get(split, split),
        channels=_channels(model),
        seed=recipe["seed"],
        data_dir=data_dir,
        **{**own, **kwargs},
    )


def _channels(model):
    return model.inference_network.input_shape[-1]


def new_arguments(cls, recipe):
    """The generator that a new model of the second phase starts from."""
    preset = recipe.get("generator")
    if "discriminator" not in cls.players:
        _refuse_generator(cls.__name__, preset)
        return {}
    if preset is None:
        raise UsageError(
            f"{cls.__name__} starts from the generator of a model that was "
            "trained on pixels: --generator runs/srresnet/best, or a preset; "
            "or --from, which takes the network as it is"
        )
    return {"generator": preset}


def _refuse_generator(kind, preset):
    """Raises a `UsageError` for a generator of a model of the first phase."""
    if preset is not None:
        refusal = GENERATOR.refusal.format(preset=preset, model=kind)
        raise UsageError(f"--generator {refusal}")


def prepare(model, recipe):
    """Gives a model of the second phase the first's generator."""
    preset = recipe.get("generator")
    if preset is None:
        return
    kind = type(model).__name__
    if not _is_adversarial(model):
        _refuse_generator(kind, preset)
    try:
        source = presets.load(preset)
    except NoWeights:
        raise ValueError(
            f"{kind} starts from the generator of {preset}, which is a recipe "
            f"without weights: `keras-gans train {preset}`, and then "
            f"--generator runs/{preset}/best"
        ) from None
    start = source.inference_network
    shapes, wanted = (
        [tuple(w.shape) for w in network.weights]
        for network in (start, model.generator)
    )
    if shapes != wanted:
        raise ValueError(
            f"The generator of {preset} must have the layers of the one to "
            "be trained. Received: weights of other shapes"
        )
    model.generator.set_weights(start.get_weights())
    model.keep_notices(source.notices)


def compile_arguments(model, recipe):
    arguments = shared.player_optimizers(model, recipe)
    if _is_adversarial(model):
        if "loss" in recipe:
            raise UsageError(
                f"loss is of an SRResNet, which a {type(model).__name__} is not"
            )
        return arguments
    # Of one player, and a loss as every model of Keras has.
    (optimizer,) = arguments.values()
    return {
        "optimizer": optimizer,
        "loss": recipe.get("loss", model.paper_loss),
    }


# ---- runs -----------------------------------------------------------------


def default_best_by(model, recipe):
    return "content" if _is_adversarial(model) else "psnr"


def extractor(model, recipe):
    known = ["psnr", *(["content"] if _is_adversarial(model) else [])]
    if recipe["best_by"] not in known:
        raise ValueError(
            f"best_by must be {' or '.join(map(repr, known))} for a "
            f"{type(model).__name__}. Received: best_by={recipe['best_by']!r}"
        )
    return None


def reference(model, recipe, extractor, load):
    batches = [
        [np.asarray(x) for x in batch]
        for batch in itertools.islice(load("train", augment=False), SCORED)
    ]
    inputs, targets = (np.concatenate(x) for x in zip(*batches))
    return Reference(recipe, targets, inputs=to_uint8(inputs))


def scores(model, reference, seed):
    real = to_uint8(reference.real)
    made = [model.upscale(x) for x in reference.inputs]
    scores = [metrics.psnr(a, b, model.scale) for a, b in zip(real, made)]
    return {"psnr": float(np.mean(scores))}


def picture(model, reference, seed):
    """Rows of bicubic, what the model makes, and the truth, two in a row."""
    inputs = reference.inputs[: shared.SAMPLES // 4]
    return draw_enlarged(model, inputs, to_uint8(reference.real[: len(inputs)]))


def draw(model, n, seed, labels, inputs):
    return draw_enlarged(model, shared.images_to_draw(model, n, labels, inputs))


def draw_enlarged(model, inputs, truth=None):
    """A picture of rows: bicubic, what the model makes, and truth.

    Args:
        model: A model with `upscale`.
        inputs: uint8 images `(n, height, width, channels)`.
        truth: uint8 images that belong to them, or `None`.

    Returns:
        `PIL.Image.Image`, two such groups side by side.
    """
    made = np.stack([model.upscale(x) for x in inputs])
    plain = resizing.bicubic(inputs, made.shape[1:3])
    columns = [plain, made, *([] if truth is None else [truth])]
    tiles = np.stack(columns, axis=1).reshape(-1, *made.shape[1:])
    return pictures.image_grid(tiles, 2 * len(columns))


# ---- evaluation -----------------------------------------------------------


def feature_maps(name):
    """The `Extractor` of a layer of a classifier: of images of any size.

    The distance of two images is the root mean square of the differences.

    Args:
        name: String, one of the zoo's classifiers of colours.
    """
    from keras_gans.models.content import content_network

    network = content_network(name, FEATURES)

    def features(images):
        x = network.predict_on_batch(from_uint8(images))
        return x.reshape(len(x), -1) / np.sqrt(x[0].size)

    return metrics.Extractor(features, f"{name} {FEATURES}")


def evaluate(model, recipe, options):
    # The recipe is of training alone: whole photographs are scored, and
    # converted weights have none.
    if options.metrics or options.split:
        raise UsageError(
            f"an {type(model).__name__} has scores of its own, of a folder: "
            "leave --metrics and --split out"
        )
    if options.data is None:
        raise UsageError(
            "whole photographs are needed: name their folder, --data FOLDER"
        )
    files = image_files.find(options.data)[: options.n]
    extractor = options.extractor
    if extractor in ("mnist_classifier", "points"):
        raise UsageError(f"--extractor must see colours. Received: {extractor}")
    if extractor in CLASSIFIERS:  # Whose own features are of one size.
        extractor = feature_maps(extractor)

    def read(paths):
        return (image_files.read(path, 3)[0] for path in paths)

    def score(upscale):
        low_res = None
        if options.low_res is not None:
            names = (file.relative_to(options.data) for file in files)
            low_res = read(options.low_res / name for name in names)
        scores, _ = metrics.evaluate_upscaling(
            upscale,
            read(files),
            model.scale,
            low_res=low_res,
            extractor=extractor,
            dataset=shared.data_name(options.data),
        )
        return scores

    scores = score(model)
    for name, other in score("bicubic").items():
        if "truth" not in name:
            name = f"{name} of bicubic"
            scores[name] = dataclasses.replace(other, name=name)
    return scores


# ---- random examples ------------------------------------------------------


def batch(model, n, seed=0):
    # A network takes images of any size, and a discriminator of one.
    sides = [side or 8 * model.scale for side in model.example_shape[:2]]
    rng = np.random.default_rng(seed)
    y = shared.smooth(rng, (n, *sides, model.example_shape[-1]))
    return y[:, :: model.scale, :: model.scale], y


def inputs(model, n, seed=0):
    return batch(model, n, seed)[0]


def samples(model, n=4):
    images = shared.noise((n, 12, 10, _channels(model)))
    return np.stack([model.upscale(image) for image in images])


def golden(model):
    return shared.means(samples(model))


def headline(metadata):
    protocol = metadata["upscaling"]["protocol"]
    return shared.headline(metadata, HEADLINE, protocol)


def brief(metadata):
    return shared.brief(metadata, HEADLINE)


TASK = Task(
    name="upscaling",
    command="upscale",
    does="makes images larger",
    recipe_keys=frozenset({"high_res", "generator", "loss"}),
    best_by={"psnr": PSNR, "content": CONTENT},
    train_options={"generator": GENERATOR, "sides": SIDES},
    evaluate_options={
        "low_res": Option("is of models that enlarge, not of a {model}")
    },
    check=check,
    look=look,
    default_size=96,
    new_arguments=new_arguments,
    load=load,
    prepare=prepare,
    compile_arguments=compile_arguments,
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
