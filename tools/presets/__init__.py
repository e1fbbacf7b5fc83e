"""The presets of the zoo: a file per family, found by listing this folder.

A family's file has `PRESETS`, a dict of names to entries. An entry is a dict:

    model          function that makes the model
    recipe         what `keras-gans train` follows; `seed` is 0 by default
    description    what it draws, a clause
    data           of `data_sets`: name, licence, and `download` where
                   `keras-gans train` must be given a folder

and of presets with weights, for the card:

    paper, compared, failures    sentences
    caption        of the picture (optional)
    pictures       name -> caption of those after the first (optional)
    drawn          name -> function of the model that draws such a picture, of
                   models that draw samples (optional)
    scores         function of the model: more scores, of those (optional)
    trained        what the command does not say of how the weights were made
                   (optional)
    options        for `keras-gans train`, where `--data FOLDER` is not enough
    starts_from    the preset that training begins with (the recipe's
                   `generator`)
    beside         other presets that the picture and the table show, of those
                   that enlarge; else it is the one that it `starts_from`
    scored_on      what the protocol calls the data of the scores
    ablations      label -> attributes of the model that are changed before it
                   is trained, or a function `(model, recipe, folder)` that
                   trains it into `folder / "last"`
    demonstration  `True` of weights that show how it is done, and are not
                   good: said in the card and the table
    package        of weights that another package brings: its `name` and
                   `version`, the `extra` that installs it, its `files` with
                   `sha256` and `size`, and what they are converted `to`, see
                   `keras_gans.presets.packaged`; then there is no recipe,
                   `metadata` says whose they are, and the card has `use`, a
                   sentence
    on_gpu         what is different on a GPU, see `for_gpu`
"""

import importlib
import pkgutil


def collect():
    """The entries of all families, each with its recipe complete.

    Returns:
        Dict of names to entries, family by family.
    """
    found = {}
    for family in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{family.name}")
        for name, entry in module.PRESETS.items():
            if name in found:
                raise ValueError(
                    "A preset must be in one file of tools/presets. "
                    f"Received: {name!r} again in {family.name}.py"
                )
            found[name] = {**entry, "family": family.name}
            if "package" not in entry:
                found[name]["recipe"] = {"seed": 0, **entry["recipe"]}
    return found


PRESETS = collect()


def for_gpu(name):
    """The entry of a preset as it is to be trained on a GPU.

    Where the weights of the zoo are a CPU's, model and recipe may be others:
    those of the weights that are to follow. Beside what any entry has, it has

        dtype_policy    Keras's, while it is trained; float32 by default
        flip            `True` where half of the images are mirrored in
                        training, which a recipe of samples cannot say

    Args:
        name: The preset.

    Returns:
        A dict. The steps of its recipe, and its schedules, suit ten minutes
        of an H100 that three other trainings share.
    """
    entry = dict(PRESETS[name])
    if "package" in entry:
        raise ValueError(
            f"name must be of a preset with a recipe. Received: name={name!r}"
        )
    changes = entry.pop("on_gpu", {})
    recipe = {**changes.get("recipe", entry["recipe"])}
    return {
        "dtype_policy": "float32",
        "flip": False,
        **entry,
        **changes,
        "recipe": {"seed": entry["recipe"]["seed"], **recipe},
    }


def in_order(index):
    """Names of all presets, in the order in which the zoo lists them.

    What the index has stays where it is; a new preset comes after the last
    one of its family, that of a new family at the end.

    Args:
        index: The names in the index so far.
    """
    names = [name for name in index if name in PRESETS]
    for name, entry in PRESETS.items():
        if name in names:
            continue
        places = [
            place
            for place, other in enumerate(names, 1)
            if PRESETS[other]["family"] == entry["family"]
        ]
        names.insert(max(places, default=len(names)), name)
    return names
