"""What loads from a preset, and is saved to one."""

import copy
from typing import TypeVar

import keras

import keras_gans
from keras_gans.presets import (
    grammar,
    index,
    loading,
    parts,
    saving,
    uninitialized,
)

Model = TypeVar("Model")


class _Presets:
    """`Class.presets`, an attribute of classes and not of their instances.

    Keras visits all attributes of a model that it saves.
    """

    def __get__(self, instance, owner):
        if instance is not None:
            raise AttributeError(
                f"presets is an attribute of the class: {owner.__name__}."
                "presets"
            )
        return index.of_class(owner)


class PresetModel:
    """What loads from a preset, and is saved to one.

    Its `get_config` holds its networks, one of which, or its EMA copy, is its
    `inference_network`. A network is an attribute of the model under the name
    that it has in the config, or in a list or dict that is one.

    Attributes:
        presets: Of the class: dict of the names of the built-in presets that
            its `from_preset` loads, those of its subclasses included, to
            their entries in the zoo's index (class, task, description,
            dataset, weights, what an example is, score).
        task_name: String, the kind of model, see `keras_gans.tasks`; `None`
            for one of no kind.
        notices: Tuple of strings, what must go with its weights wherever they
            go, as a licence that wants to be repeated: of whose weights they
            began as. A preset says it, and what is made of its weights.
        class_names: Of models that draw by labels: what the classes are
            called, by their number, a tuple of strings; `None` if they have
            no names. A folder that `fit` is given says it, and a preset.
    """

    presets = _Presets()
    task_name = None
    class_names = None
    notices = ()

    def keep_notices(self, notices):
        """Adds to `notices` those of weights that this model has taken.

        Args:
            notices: Sequence of strings.
        """
        self.notices = tuple(dict.fromkeys([*self.notices, *notices]))

    def keep_class_names(self, names):
        """Sets `class_names`, of models that have as many classes.

        Args:
            names: Sequence of strings, or `None`.
        """

    @property
    def task(self):
        """What kind of model it is, a `keras_gans.tasks.Task`."""
        return keras_gans.tasks.get(self.task_name)

    def facts(self):
        """What people ask of a preset before they load it.

        Returns:
            Dict for `metadata.json`: the number of parameters of each network,
            the kind and the shape of an example; what a class adds.
        """
        return {
            "parameters": {
                name: network.count_params()
                for name, network in parts.networks_of(self).items()
                # As many as those of the network that it is an average of.
                if not name.startswith("ema_")
            },
            "example_kind": self.example_kind,
            "example_shape": list(self.example_shape),
        }

    @classmethod
    def shape_arguments(cls, image_shape):
        """The constructor's arguments for images of a shape.

        Args:
            image_shape: `(height, width, channels)`.

        Returns:
            Dict, for what the constructor of the class, or the nearest of its
            bases' that does, calls `image_shape` or `example_shape`.
        """
        for base in cls.__mro__:
            for name in ("image_shape", "example_shape"):
                if name in grammar.keywords(base):
                    return {name: tuple(image_shape)}
        raise TypeError(
            f"{cls.__name__} must have a class method shape_arguments: its "
            "constructor takes neither image_shape nor example_shape"
        )

    @classmethod
    def from_config(cls, config):
        with uninitialized.networks():
            config = {key: _made(value) for key, value in config.items()}
        return cls(**config)

    @classmethod
    def from_preset(
        cls: type[Model], preset, load_weights=True, **kwargs
    ) -> Model:
        """Loads a model from a preset.

        Args:
            preset: The name of a built-in preset (`keras-gans list`), the
                path of a preset's folder, `hf://organisation/name`, or the
                `https://` address of a preset's folder.
            load_weights: `False` for freshly initialised weights.
            **kwargs: Arguments of the model that override the preset's, and
                `custom_objects`, a dict of your own classes that it may use.
                With `image_shape` or `num_classes` the networks are made for
                others; what weights fit are the preset's, and a warning names
                the layers that start anew, see `presets.reshaping`.

        Returns:
            An instance of the preset's class, `cls` or a subclass of it.
        """
        return loading.load(
            preset, cls=cls, load_weights=load_weights, **kwargs
        )

    def save_to_preset(self, path, **kwargs):
        """Writes the model to a folder that `from_preset` reads.

        Args:
            path: The folder, made if it does not exist.
            **kwargs: See `keras_gans.presets.save`.
        """
        saving.save(self, path, **kwargs)


parts.bases.append(PresetModel)


def _made(value):
    """A config's value with its serialized objects made.

    In lists and dicts as well, where some may be made already.
    """
    if isinstance(value, dict):
        if "class_name" in value:
            # Of a functional network Keras takes the config to pieces.
            return keras.saving.deserialize_keras_object(copy.deepcopy(value))
        return {key: _made(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_made(item) for item in value)
    return value
