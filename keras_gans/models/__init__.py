"""One module per paper; the classes are importable from `keras_gans`.

Importing this package imports all of them, so that Keras knows them by name:
plain `keras.saving.load_model` then opens every preset's folder.
"""

import importlib

from keras_gans import registry

for _module in (*registry.NETWORKS, *(m for m, _ in registry.CLASSES.values())):
    importlib.import_module(f"keras_gans.{_module}")
