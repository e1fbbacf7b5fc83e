"""What publishing measures, a file per kind of model, named as its task.

Such a file has

    facts(folder, entry, recipe, *, ablations, test_data)
                    the metadata of the preset in `folder` and the pictures
                    of its card, a dict of names to `PIL.Image.Image`, of
                    which the first is "samples"; `ablations` are pairs of
                    label and run folder, `test_data` a folder or `None`
    table(facts)    the scores among the metadata, as Markdown
    beside(facts)   label -> name of a score -> number: what these scores are
                    to be read beside, as those of training images
    BEST_BY         column of a run's log -> what it is, for the card
    metrics_of(recipe)    what `zoo.py score` asks `keras-gans evaluate` for;
                    `None` where `facts` measures all
"""

import importlib
import pkgutil


def get(task):
    """The module of a kind of model.

    Args:
        task: String, the name of the task.

    Raises:
        ValueError: If there is none, with the file to write.
    """
    try:
        return importlib.import_module(f"{__name__}.{task}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{task}":
            raise
        here = ", ".join(sorted(m.name for m in pkgutil.iter_modules(__path__)))
        raise ValueError(
            f"Nothing measures models of the task {task!r}: write "
            f"tools/measuring/{task}.py, see tools/measuring/__init__.py. "
            f"Received: task={task!r}, of {here}"
        ) from None
