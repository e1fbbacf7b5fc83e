"""What a kind of model is, said once: a file for each kind.

Everything that differs between models that draw samples, models that translate
images, models that enlarge them and models that fill holes in them, beyond the
models themselves, is in one `Task`: what a recipe may say, how data are loaded,
what a run is judged by, what its pictures show, which scores there are. A model
names its own, `model.task`; training, scoring and the command line ask it and
know no kind.

A new kind is a new file here that ends in `TASK = Task(...)`. Nothing is
imported before it is asked for.
"""

import importlib
import pkgutil

# Files that are no kinds.
_OTHERS = ("task", "shared")


def names():
    """The names of all kinds of model, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(set(found) - set(_OTHERS))


def get(name):
    """The `Task` of a kind of model, of which there is one.

    Args:
        name: String, one of `names()`.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in names():
        raise ValueError(
            f"task must be one of {', '.join(names())}. Received: task={name!r}"
        )
    return importlib.import_module(f"{__name__}.{name}").TASK
