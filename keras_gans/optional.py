"""Packages that not every installation has, and what brings them."""

import importlib

from keras_gans.names import install


def load(name, extra, what, more=""):
    """Imports a package, or says in a sentence what brings it.

    Args:
        name: String, that of the module.
        extra: String, the extra of this package that brings it.
        what: String, what needs it and who that is, as `"A film as mp4 needs
            PyAV"`.
        more: String, what follows the command.

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise  # It is there, and lacks something itself.
        raise ImportError(f"{what}: {install(extra)}{more}") from None
