"""What several kinds of model do alike."""

import pathlib
import warnings

import keras
import numpy as np

from keras_gans import metrics, presets, schedules
from keras_gans.checks import UsageError
from keras_gans.datasets import looking
from keras_gans.datasets.checks import SplitError
from keras_gans.names import CLASSIFIERS, EXTRACTORS
from keras_gans.pixels import read_uint8
from keras_gans.presets.files import short
from keras_gans.tasks.task import Option, Ranking

SAMPLES = 64  # in a picture of a run

# What a schedule counts in updates, and the least of it.
BOUNDARIES = "boundaries"
UPDATES = {
    "decay_steps": 1,
    "first_decay_steps": 1,
    "warmup_steps": 0,
    "start": 0,
    BOUNDARIES: 0,
}

KID = Ranking(("kid",), ("KID",))
SWD = Ranking(("swd",), ("SWD",), "values")


# Of kinds whose images may be mirrored in training.
MIRROR = Option(
    "is of models that draw samples or translate, not of a {model}",
    "mirror",
    default=False,
)


# ---- recipes --------------------------------------------------------------


def optimizer(value, base=keras.optimizers.Optimizer):
    """The optimizer that a recipe names.

    Args:
        value: `"auto"`, or a dict with the `class_name` of one of Keras's
            optimizers and its `config` of plain numbers. The learning rate
            may be such a dict of one of `keras.optimizers.schedules`, or of
            `LinearDecay` of `keras_gans.schedules`.
        base: The class that it must be a subclass of.
    """
    if value == "auto":
        return value
    schedule = keras.optimizers.schedules.LearningRateSchedule
    classes = vars(keras.optimizers)
    if base is schedule:
        classes = {
            **vars(keras.optimizers.schedules),
            "LinearDecay": schedules.LinearDecay,
        }
    is_dict = isinstance(value, dict) and isinstance(
        value.get("config", {}), dict
    )
    name = value.get("class_name") if is_dict else None
    name = name if isinstance(name, str) else None
    config = dict(value.get("config", {})) if name else {}
    rate = config.get("learning_rate")
    if isinstance(rate, dict) and base is not schedule:
        config["learning_rate"] = optimizer(rate, schedule)
    cls = classes.get(name)
    # A recipe may come with a preset from anywhere: it names no other class.
    numbers = [
        number
        for value in config.values()
        for number in (value if isinstance(value, list) else [value])
    ]
    plain = all(isinstance(n, (int, float, schedule)) for n in numbers)
    if not (
        isinstance(cls, type)
        and issubclass(cls, base)
        and cls is not base
        and plain
    ):
        raise ValueError(
            'An optimizer of a recipe must be "auto", or the class_name of '
            "one of Keras's optimizers and a config of numbers; its learning "
            "rate may be such a schedule. "
            f"Received: {short(value)}"
        )
    try:
        made = cls(**config)
        if base is schedule:
            _check_updates(config)
        return made
    except Exception as error:
        raise ValueError(
            f"An optimizer of a recipe must have arguments that {name} takes. "
            f"Received: {short(value)} ({short(error)})"
        ) from error


def _check_updates(config):
    """Raises a `ValueError` for what Keras would divide by, or never reach."""
    # In updates, which are no more than float64 tells apart.
    for key, least in UPDATES.items():
        value = config.get(key, [] if key == BOUNDARIES else least)
        for number in value if key == BOUNDARIES else [value]:
            if not (
                isinstance(number, (int, float)) and least <= number <= 2**53
            ):
                raise ValueError(
                    f"{key} must be of {least} updates or more. "
                    f"Received: {key}={value!r}"
                )


def player_optimizers(model, recipe):
    """The optimizers of a recipe, as `AdversarialModel.compile` takes them."""
    keys = [f"{player}_optimizer" for player in model.players]
    for key in recipe:
        if key.endswith("_optimizer") and key not in keys:
            raise ValueError(
                f"A recipe of a {type(model).__name__} may have "
                f"{' and '.join(keys)}. Received: {key}"
            )
    return {key: optimizer(recipe.get(key, "auto")) for key in keys}


def check_arguments(recipe, key, arguments):
    """Raises a `ValueError` for a dict in a recipe that has other keys."""
    unknown = set(recipe.get(key, {})) - set(arguments)
    if unknown:
        raise ValueError(
            f"{key} of a recipe may have {', '.join(sorted(arguments))}. "
            f"Received: {', '.join(sorted(unknown))}"
        )


def check_extractor(recipe):
    """Raises a `ValueError` for a name that is no extractor's."""
    if recipe.get("extractor", EXTRACTORS[0]) not in EXTRACTORS:
        raise ValueError(
            f"extractor must be one of {', '.join(EXTRACTORS)}. "
            f"Received: extractor={recipe['extractor']!r}"
        )


def look(recipe, data_dir=None):
    """What the data of a recipe hold, see `datasets.looking`."""
    return looking.look(recipe["dataset"], data_dir=data_dir)


def say_what_is_lost(data, model, name):
    """Warns where a model is of much smaller images than the data, or grey.

    Args:
        data: What `datasets.load` made of them.
        model: A model with `example_shape`.
        name: String, what the user calls the data.
    """
    if data._keras_gans_seen is None:
        return
    *size, channels = data._keras_gans_seen
    *goal, left = model.example_shape
    lost = []
    if max(own / new for own, new in zip(size, goal)) > 4:
        lost.append(f"shrunk to {goal[0]}x{goal[1]}")
    if channels > left:
        lost.append("made grey")
    if lost:
        warnings.warn(
            f"The images of {name}, as one of {size[0]}x{size[1]}"
            f"{' in colour' * (channels > 1)}, are {' and '.join(lost)}: the "
            f"{type(model).__name__} is one of images of shape "
            f"{tuple(model.example_shape)}. For others take another preset.",
            stacklevel=2,
        )


def data_name(dataset):
    """What a protocol calls a recipe's data set: of a path its end."""
    return pathlib.PurePath(dataset).name


# ---- pictures --------------------------------------------------------------


def images_to_draw(model, n, labels, inputs):
    """The first `n` of the images that a model makes its own of, as uint8.

    Raises:
        ValueError: Where there are none, or labels.
    """
    name = type(model).__name__
    if labels is not None:
        raise ValueError(
            f"labels are of models that draw samples, and a {name} "
            f"{model.task.does}. Received: labels={short(labels)}"
        )
    if np.ndim(inputs) != 4:
        raise ValueError(
            "inputs must be images (n, height, width, channels) for a "
            f"{name}, which {model.task.does}. Received: inputs of shape "
            f"{np.shape(inputs)}"
        )
    return read_uint8("inputs", np.asarray(inputs[:n]))


# ---- what ranks checkpoints -----------------------------------------------


def extractor_name(recipe):
    """What the recipe's images are measured with; `None` if unknown."""
    name = f"{recipe['dataset']}_classifier"
    return recipe.get("extractor", name if name in CLASSIFIERS else None)


def kid_or_swd(model, recipe):
    """`"kid"` where the features are known that suit the images.

    They are those of the recipe's extractor, or of the zoo's classifier of its
    data set where that takes images of this shape. Otherwise `"swd"`,
    `metrics.sliced_wasserstein` of the values.
    """
    if "extractor" in recipe:
        return "kid"
    name = extractor_name(recipe)
    if name and (presets.zoo_path() / name).is_dir():
        network = metrics.get_extractor(name).network
        if network.input_shape[1:] == tuple(model.example_shape):
            return "kid"
    return "swd"


def extractor(recipe, suits):
    """What makes the features that `"kid"` compares; `None` for others.

    Args:
        recipe: Dict with `best_by`.
        suits: Boolean, whether any other score suits the data.
    """
    name = extractor_name(recipe)
    by_kid = recipe["best_by"] == "kid"
    if not suits or (by_kid and name is None):
        raise ValueError(
            "best_by must be 'swd', for 'kid' is of data that the zoo has "
            "a classifier of, or that the recipe names an extractor for, "
            f"and 'modes' of ring and grid. Received: best_by="
            f"{recipe['best_by']!r} for {recipe['dataset']!r}"
        )
    return metrics.get_extractor(name) if by_kid else None


def kid(reference, fake):
    """`{"kid": ...}` of uint8 images where that is asked for, or `{}`."""
    if reference.extractor is None:
        return {}
    # One subset of all: their number makes no bias, only noise.
    distance, _ = metrics.kernel_distance(
        reference.features, reference.extractor(fake), 1, len(fake)
    )
    return {"kid": distance}


# ---- evaluation -----------------------------------------------------------


def first_split(split, load):
    """What `load` gives for a split, and the split's name.

    Args:
        split: String; `None` for `"test"` where the data have one, and else
            `"train"`.
        load: Function of a split.
    """
    if split:
        return load(split), split
    try:
        return load("test"), "test"
    except SplitError:
        return load("train"), "train"


def no_direction(model, options):
    """`export_arguments` of kinds whose models have one direction."""
    if options.direction is not None:
        raise UsageError(f"a {type(model).__name__} has no --direction")
    return {}


def format_score(value):
    """A number as tables show it, or a few."""
    if isinstance(value, list):
        return " and ".join(format_score(v) for v in value)
    return f"{value:.4g}"


def headline(metadata, names, protocol):
    """Those of a preset's scores in one line, whose names are given."""
    scores = ", ".join(
        f"{key.split(' (')[0]} {format_score(value)}"
        for key, value in metadata["scores"].items()
        if key.split(" (")[0] in names
    )
    return f"{scores} ({protocol})"


def brief(metadata, names):
    """The first of a preset's scores with one of these names, or `None`."""
    values = {
        key.split(" (")[0]: value for key, value in metadata["scores"].items()
    }
    for name in names:
        if name in values:
            return f"{name} {format_score(values[name])}"
    return None


# ---- random examples ------------------------------------------------------


def noise(shape):
    """uint8 images of noise, always the same."""
    return np.random.default_rng(0).integers(0, 256, shape).astype("uint8")


def smooth(rng, shape):
    """Random float32 values in (-1, 1)."""
    return np.tanh(rng.normal(size=shape)).astype("float32")


def means(samples):
    """The mean of each of some samples, rounded."""
    flat = samples.astype("float64").reshape(len(samples), -1)
    return flat.mean(axis=1).round(4).tolist()
