"""The model and the recipe that a run begins with, see `start`."""

import contextlib
import copy
import inspect
from typing import NamedTuple

import keras

import keras_gans
from keras_gans import augmentation, losses, presets, tasks
from keras_gans.checks import NoRecipe, UsageError
from keras_gans.cli import arguments
from keras_gans.models.starting import STEPS
from keras_gans.names import LARGEST, some
from keras_gans.presets.grammar import keywords
from keras_gans.presets.parts import networks_of
from keras_gans.presets.reshaping import reshape
from keras_gans.presets.transfer import sentences, transfer
from keras_gans.runs.recipe import match_schedules


class New(NamedTuple):
    """What a run begins with.

    Attributes:
        model: The model.
        has_weights: Boolean, whether its weights are to be kept.
        recipe: Dict.
        sentences: List of strings, what there is to say.
    """

    model: keras.Model
    has_weights: bool
    recipe: dict
    sentences: list


def make(args, class_name, seed):
    """Makes what the options of `keras-gans train` ask for.

    Args:
        args: The command's arguments.
        class_name: String; `None` where `args.preset` is a preset.
        seed: Integer, of fresh weights.
    """
    source, base, recipe = _given_models(args, class_name)
    cls = type(base) if base is not None else getattr(keras_gans, class_name)
    taken = {} if base is not None else _taken(args, cls, source)
    task = tasks.get(cls.task_name)
    arguments.refuse_options(args, task, "train_options", cls.__name__)
    # What its data are does not depend on their size.
    _, any_size = cls.starting_point((64, 64, 3))
    look = _with_data(recipe or any_size, args, task, seed)
    found = task.look(look, args.data_dir)
    if found is None and base is None:
        raise UsageError(
            f"{args.data} holds no images: for points train a preset, as "
            "gan_ring"
        )
    classes = _count_classes(args, cls, base, look["dataset"], found)
    given = _settings(args, cls, base)
    said = []
    try:
        if base is None:
            shape = _shape(args, task, found, source)
            options, recipe = cls.starting_point(shape)
            recipe = _with_data(recipe, args, task, seed)
            said = [_introduction(cls, shape, found)]
            model = cls(
                **{
                    **options,
                    **cls.shape_arguments(shape),
                    **(taken or task.new_arguments(cls, recipe)),
                    **classes,
                    **given,
                }
            )
            if source is not None:
                model.keep_notices(source.notices)
                said.append(
                    f"{' and '.join(taken)}: of {args.start_from}, as it is; "
                    "what else there is starts anew."
                )
        else:
            shape = _changed_shape(args, base)
            recipe = look
            if shape is not None:  # It suits images of the preset's size.
                recipe.pop("extractor", None)
            model, said = reshape(base, shape, **classes, **given)
            if source is None:
                said.insert(
                    0,
                    f"A new {cls.__name__} with the arguments and the recipe "
                    f"of {args.preset}; all of its weights start anew.",
                )
    except (TypeError, ValueError) as error:
        raise UsageError(_in_options(error)) from None
    if classes:
        recipe["labels"] = True
        model.keep_class_names(found.class_names)
    if base is not None and source is not None:
        said += sentences(transfer(source, model))
    if class_name is not None:
        said += _fit_recipe(recipe, args, model, found)
    return New(model, source is not None, recipe, said)


def _given_models(args, class_name):
    """`(source, base, recipe)`: whose weights go on, whose arguments and
    networks are kept, and the recipe; each may be `None`."""
    source = base = recipe = None
    given = arguments.given_sources(args)
    if args.start_from is not None:
        preset = arguments.locate(args.start_from)
        base = source = presets.load(preset)
        if class_name not in (None, type(source).__name__):
            return source, None, None
        with contextlib.suppress(FileNotFoundError, NoRecipe):
            # It suits the networks, in as many steps as a new model has.
            recipe = presets.recipe(preset, given)
            recipe, _ = _of_length(recipe, STEPS, base)
    if class_name is None:
        preset = arguments.locate(args.preset, weights=False)
        base = presets.load(preset, load_weights=False)
        recipe = presets.recipe(preset, given)
    if recipe is not None and args.data is not None:
        recipe.pop("best_by", None)  # It suits the preset's own data.
    wanted = class_name or type(base).__name__
    if source is not None and type(source).__name__ != wanted:
        raise UsageError(
            f"--from must be a {wanted}'s, as is what is trained. Received: "
            f"{args.start_from}, a {type(source).__name__}'s"
        )
    return source, base, recipe


def _taken(args, cls, source):
    """The networks that a model of a class has from one of another class."""
    if source is None:
        return {}
    taken = cls.arguments_from(source)
    if taken is None:
        raise UsageError(
            f"--from must be a {cls.__name__}'s, as is what is trained. "
            f"Received: {args.start_from}, a {type(source).__name__}'s"
        )
    return taken


def _of_length(recipe, steps, model):
    """A recipe whose learning rates change when they did, see
    `match_schedules`."""
    longer = {k: v for k, v in recipe.items() if k != "epochs"}
    return match_schedules(
        {**longer, "steps": steps},
        recipe,
        lambda recipe: recipe["steps"],
        model.batch_divisor,
    )


def _with_data(recipe, args, task, seed):
    """A copy of a recipe that says which data they are."""
    recipe = {"seed": seed, **copy.deepcopy(recipe)}
    if args.data is not None:
        recipe["dataset"] = args.data
    elif "dataset" not in recipe:
        raise UsageError("name the pictures, --data FOLDER")
    for name, option in task.train_options.items():
        place = recipe.get(option.within) if option.within else recipe
        if getattr(args, name) is not None and place is not None:
            option.put(place, getattr(args, name))
    return recipe


def _introduction(cls, shape, found):
    height, width, channels = shape
    size = "the size of all images, " if (height, width) == found.size else ""
    return (
        f"A new {cls.__name__} for images of {height}x{width}, {size}in "
        f"{'grey' if channels == 1 else 'colour'}"
        f"{' with transparency' * (channels == 4)}."
    )


# ---- what the data say ----------------------------------------------------


def _shape(args, task, found, source=None):
    """`(height, width, channels)` of a new model; of one that has networks of
    another, the channels of that one's."""
    size = args.image_size or found.size
    if args.image_size is None and task.default_size is not None:
        size = (task.default_size,) * 2
    elif size is None or (args.image_size is None and max(size) > LARGEST):
        sizes = sorted(found.sizes)
        ends = dict.fromkeys([*sizes[:1], *sizes[-1:]])
        sizes = " to ".join(f"{height}x{width}" for height, width in ends)
        raise UsageError(
            f"--image-size is needed, as 64: the images of {args.data} are of "
            f"{sizes or 'many sizes'}"
        )
    own = None if source is None else source.example_shape[-1]
    return (*size, args.channels or own or found.channels)


def _changed_shape(args, base):
    """The shape of a model that is to have another one, or `None`."""
    if args.image_size is None and args.channels is None:
        return None
    *size, channels = base.example_shape
    return (*(args.image_size or size), args.channels or channels)


def _count_classes(args, cls, base, data, found):
    """`{"num_classes": n}` for a model that draws by labels, or `{}`."""
    asked = dict(args.set or {}).get("num_classes")
    conditional = base is not None and getattr(base, "num_classes", None)
    if found is None or not (
        cls.needs_classes or args.labels or asked is not None or conditional
    ):
        return {}
    if not (cls.knows_classes or conditional):
        able = [
            name
            for name, own in keras_gans.registry.classes_by_name().items()
            if getattr(keras_gans, own).knows_classes
        ]
        raise UsageError(
            f"the networks of {cls.__name__} take no labels; those of "
            f"{', '.join(able)} do"
        )
    if found.num_classes < 2:
        raise UsageError(
            f"{cls.__name__} learns from classes, and {data} has "
            f"{'one' if found.num_classes else 'none'}: every image must lie "
            f"in a sub-folder that is its class, as {data}/cat/1.png"
        )
    if asked not in (None, found.num_classes):
        names = some(found.class_names or [])
        raise UsageError(
            f"--set num_classes must be the number of the classes of {data}, "
            f"{found.num_classes}{f' ({names})' if names else ''}. Received: "
            f"{asked}"
        )
    return {"num_classes": found.num_classes}


def _fit_recipe(recipe, args, model, found):
    """Makes a class's recipe one of this length, and of these few images."""
    said = []
    if args.steps:
        recipe.update(_of_length(recipe, args.steps, model)[0])
    size = args.batch_size or recipe["batch_size"]
    few = found is not None and found.count < size
    if few and args.batch_size is None:
        size = max(found.count // model.batch_divisor, 1) * model.batch_divisor
        said.append(f"Batches of {size}, for there are {found.count} images.")
    recipe["batch_size"] = size
    return said


# ---- what the user sets ---------------------------------------------------


def _settings(args, cls, base):
    """The arguments of a class that the user gave, `--augment` among them."""
    allowed = _names_of_arguments(cls, base)
    given = {}
    for name, value in args.set or ():
        if name not in allowed:
            raise UsageError(
                f"--set takes, of {cls.__name__}, {', '.join(allowed)}. "
                f"Received: {name}"
            )
        if name.endswith("_loss") and isinstance(value, str):
            value = _loss(name, value)
        if name != "num_classes":
            given[name] = value
    if args.augment is not None:
        given["augment"] = _augmentation(args, cls)
    return given


def _names_of_arguments(cls, base):
    """What `--set` may name: of a class what its constructor takes, of a
    preset what its networks do not say."""
    names = {}
    for owner in cls.__mro__:
        if owner.__module__.startswith("keras_gans."):
            names |= dict.fromkeys(keywords(owner))
    if base is not None:
        names = {name: None for name in names if name in vars(base)}
        for network in networks_of(base).values():
            names = {n: None for n in names if n not in network.get_config()}
        if getattr(base, "num_classes", None) or cls.knows_classes:
            names["num_classes"] = None
    networks = {n for names in cls.players.values() for n in names}
    # What other options say, and what only Python can.
    other = {"image_shape", "example_shape", "example_kind", "seed", "name"}
    return sorted(names.keys() - networks - other - {"augment"})


def _loss(name, value):
    """The function of `keras_gans.losses` that a user named."""
    known = [
        own
        for own, function in vars(losses).items()
        if inspect.isfunction(function) and own.endswith(f"_{name}")
    ]
    if value not in known:
        raise UsageError(
            f"--set {name} must be one of {', '.join(known)}. Received: {value}"
        )
    return getattr(losses, value)


def _augmentation(args, cls):
    kind = augmentation.ADA if args.augment == "ada" else None
    made = kind() if kind else augmentation.DiffAugment(args.augment)
    if not isinstance(made, cls.augmentations):
        able = [own.__name__ for own in cls.augmentations]
        instead = ""
        if able:
            instead = ", but color, translation and cutout"
        raise UsageError(
            f"--augment {args.augment} is nothing that {cls.__name__} takes"
            f"{instead}"
        )
    return made


def _in_options(error):
    """An error of a constructor in words of the command's options."""
    text = " ".join(str(error).split())
    for name in ("image_shape", "example_shape"):
        text = text.replace(f"{name} must", "--image-size must")
    return text
