"""A file per family, found by listing the folder: see `family.Family`."""
