"""What the package promises of its speed and memory on a CPU."""

from rows import MEMORY, MODELS

# Model, ratio of medians (how often the first is as fast as the second), at
# least.
GOALS = [
    (name, *goal) for name, (_, row) in MODELS.items() for goal in row.goals
]
(MEMORY_MODEL,) = MEMORY  # The results have a place for one.


def check(models, options):
    """The goals of the models that were measured, and whether they are met."""
    if options.smoke or options.backend != "tensorflow":
        return []
    results = []
    for name, ours, other, at_least in GOALS:
        speeds = models.get(name, {}).get("images_per_second", {})
        if options.device != "cpu" or not {ours, other} <= set(speeds):
            continue
        ratio = speeds[ours]["median"] / speeds[other]["median"]
        results.append(
            {
                "model": name,
                "of": ours,
                "to": other,
                "at_least": at_least,
                "ratio": ratio,
                "met": ratio >= at_least,
            }
        )
    return results


def check_memory(name, peak):
    _, row = MEMORY[name]
    return {
        "model": name,
        "peak_gb": peak,
        "at_most": row.memory_goal,
        "met": peak <= row.memory_goal,
    }
