"""One module per paper; the classes are importable from `keras_gans`."""
