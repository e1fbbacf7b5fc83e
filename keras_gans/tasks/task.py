"""The class whose instances are the kinds of model."""

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping


@dataclasses.dataclass(frozen=True)
class Ranking:
    """What the checkpoints of a run are ranked by.

    Attributes:
        columns: Tuple of strings, columns of the log; the first counts most.
        names: Tuple of strings, what these scores are called.
        measured_on: String, what a protocol says that they are of; `None` for
            the features of the recipe's extractor.
        high: Boolean, whether more is better.
    """

    columns: tuple
    names: tuple
    measured_on: str | None = None
    high: bool = False

    def key(self, row):
        """A sequence that is lower for a better row of the log."""
        sign = -1 if self.high else 1
        values = [sign * row[column] for column in self.columns]
        # No number is worse than any.
        return [math.inf if math.isnan(v) else v for v in values]


@dataclasses.dataclass(frozen=True)
class Option:
    """What an option of the command line is that only one kind has.

    Attributes:
        refusal: String, what is said to others, with `{preset}` and `{model}`
            (its class) for their names; the option's name comes before.
        key: String, the key of the recipe that it sets, if it sets one.
        within: String, the dict of the recipe that the key is in, or `None`.
        default: What the key stands for in a recipe without it.
        replaces: Tuple of keys beside it that say nothing where it is given.
    """

    refusal: str
    key: str | None = None
    within: str | None = None
    default: typing.Any = None
    replaces: tuple = ()

    def put(self, place, given):
        """Sets what the user gave in that part of a recipe."""
        place[self.key] = given
        for key in self.replaces:
            place.pop(key, None)


@dataclasses.dataclass
class Reference:
    """What the scores of a run compare with, and its pictures show.

    Attributes:
        recipe: Dict, the run's.
        real: Array of real examples as training has them, images in [-1, 1].
        inputs: `numpy.uint8` images that the model makes its own of, with
            their masks where it takes some; or `None`.
        labels: Integers, of `real`, or `None`.
        extractor: `metrics.Extractor`, or `None` where no score needs one.
        features: Array, those of `real`, or `None`.
    """

    recipe: dict
    real: typing.Any
    inputs: typing.Any = None
    labels: typing.Any = None
    extractor: typing.Any = None
    features: typing.Any = None


@dataclasses.dataclass(frozen=True)
class Task:
    """A kind of model. Functions take the model first.

    Attributes:
        name: String, that of the module.
        command: String, the command of `keras-gans` that uses such a model.
        does: String, what it does, as `"draws samples"`.
        recipe_keys: Frozenset of strings, what a recipe may have beside what
            all recipes have.
        best_by: Dict of name to `Ranking`, what a checkpoint can be the best
            by.
        train_options: Dict of name to `Option`, of `keras-gans train`.
        evaluate_options: Dict of name to `Option`, of `keras-gans evaluate`.
        check: Function of `(recipe)`. Raises a `ValueError` for what no
            recipe of this kind may hold.
        look: Function of `(recipe, data_dir=None)`. What the data of a recipe
            hold, a `datasets.looking.Look`; `None` where they are no images.
        default_size: Integer, the side of the crops that a new model learns
            from where nobody says it; `None` where they are whole images.
        new_arguments: Function of `(cls, recipe)`. What a class's constructor
            needs to know of a recipe.
        load: Function of `(model, recipe, split, data_dir=None, **kwargs)`.
            The batches, as of `datasets.load`; what is in `kwargs` goes before
            what is in the recipe.
        prepare: Function of `(model, recipe)`. Gives a model that has not
            been trained the weights that it starts from.
        compile_arguments: Function of `(model, recipe)`. The dict that
            `model.compile` takes.
        default_best_by: Function of `(model, recipe)`. One of `best_by`.
        extractor: Function of `(model, recipe)`, which has its `best_by`. What
            makes the features that it needs, or `None`; a `ValueError` where
            it is no score of this model and these data.
        reference: Function of `(model, recipe, extractor, load)`. The
            `Reference` of a run; `load` is as the one above, of
            `(split, **kwargs)`. Of training examples: a test split stays
            unseen by the choice of a checkpoint.
        watchers: Function of `(reference, report)`. Dict of name to callback,
            which look at the model before the run writes its checkpoint; it
            holds their `history` and `findings`.
        num_classes: Function of `(model)`. How many classes it is told apart;
            0 for a model that takes no labels.
        scores: Function of `(model, reference, seed)`. Dict of a column of
            the log to float.
        picture: Function of `(model, reference, seed)`. `PIL.Image.Image`.
        draw: Function of `(model, n, seed, labels, inputs)`, for models of
            users: a picture as well, see `callbacks.SampleGrid`; a
            `ValueError` for what does not suit the model.
        summary: Function of `(recipe, row)`. Lines to print when a run has
            ended with this row of the log.
        check_evaluation: Function of `(recipe, options)`. Raises a
            `UsageError` for options of `keras-gans evaluate` that cannot be
            followed, whatever the model: it is not loaded yet.
        evaluate: Function of `(model, recipe, options)`: what `keras-gans
            evaluate` measures, as its options say. Dict of name to
            `metrics.Score`.
        export_arguments: Function of `(model, options)`. What `model.export`
            takes of the options of `keras-gans export`.
        batch: Function of `(model, n, seed=0)`. Random arrays `(x,)` or
            `(x, y)` to train on.
        inputs: Function of `(model, n, seed=0)`. Random inputs of the
            inference network.
        samples: Function of `(model, n=4)`. What users get of it, as one
            array: always the same.
        golden: Function of `(model)`. The mean of each of four such samples,
            rounded; equal on all backends, and kept in the metadata of the
            zoo's presets.
        headline: Function of `(metadata)`. The score of a preset's weights in
            one line.
        brief: Function of `(metadata)`. The same for lists, a name and a
            number; `None` where there is none.
    """

    name: str
    command: str
    does: str
    recipe_keys: frozenset
    best_by: Mapping[str, Ranking]
    check: Callable
    load: Callable
    compile_arguments: Callable
    default_best_by: Callable
    extractor: Callable
    reference: Callable
    scores: Callable
    picture: Callable
    draw: Callable
    evaluate: Callable
    batch: Callable
    inputs: Callable
    samples: Callable
    golden: Callable
    headline: Callable
    brief: Callable
    export_arguments: Callable
    look: Callable
    num_classes: Callable = lambda model: 0
    default_size: int | None = None
    new_arguments: Callable = lambda cls, recipe: {}
    prepare: Callable = lambda model, recipe: None
    watchers: Callable = lambda reference, report: {}
    check_evaluation: Callable = lambda recipe, options: None
    summary: Callable = lambda recipe, row: []
    train_options: Mapping[str, Option] = dataclasses.field(
        default_factory=dict
    )
    evaluate_options: Mapping[str, Option] = dataclasses.field(
        default_factory=dict
    )

    @property
    def advice(self):
        """A clause for errors, as `"draws samples: keras-gans generate"`."""
        return f"{self.does}: keras-gans {self.command}"
