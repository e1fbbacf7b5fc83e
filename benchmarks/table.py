"""Results as Markdown, and into README.md."""

import math
import pathlib

FIRST = " first time, seconds |"
README = pathlib.Path(__file__).resolve().parent / "README.md"


def conditions(results):
    """Where and when, as lines of Markdown."""
    machine, versions = results["machine"], results["machine"]["versions"]
    load = results["load_average"]
    busy = load.get("busy_cores")
    lines = [
        f"{results['date']}, {results['backend']} backend on "
        f"{machine.get('gpu', machine['cpu'])}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f". {results['rounds']} rounds. Load average before the run "
        f"{load['before']:.1f}"
        + ("" if busy is None else f" ({busy:.1f} cores at work at its start)")
        + f", after it {load['after']:.1f}.",
        "",
    ]
    if (load["before"] if busy is None else busy) > 0.5:
        lines += ["**The machine was not idle: rough numbers.**", ""]
    return lines


def report(results):
    """The results as Markdown."""
    lines = conditions(results)
    for name, model in results["models"].items():
        first = model.get("seconds_to_first_step", {})
        first = first | model.get("seconds_of_first_call", {})
        timed = bool(first)  # Of before it was: no column.
        lines += [
            f"**{name}**, {'x'.join(map(str, model['image_shape']))}, batch "
            f"{model['batch_size']}, {model['parameters']:,} parameters",
            "",
            "| images/s | median | min | max | keras_gans is ... times as fast "
            "|" + FIRST * timed,
            "|---|--:|--:|--:|--:|" + "--:|" * timed,
        ]
        speeds = model["images_per_second"]
        for task in sorted(speeds, key=order):
            s = speeds[task]
            note = model["notes"].get(task)
            ours = "generate" if "generate" in task else "step"
            # Ours may have failed.
            base = speeds.get(ours, {"median": math.nan})["median"]
            ratio = base / s["median"]
            lines.append(
                f"| {'' if 'pytorch' in task else 'keras_gans '}{task}"
                f"{f' ({note})' if note else ''} | {number(s['median'])} | "
                f"{number(s['min'])} | {number(s['max'])} | "
                f"{ratio:.2f}{' (its step)' if order(task)[0] == 0 else ''} |"
                + f" {seconds(first.get(task))} |"
                * timed
            )
        for task, note in model["notes"].items():
            if task not in speeds:
                lines.append(f"| {task}: {note} | | | | |" + " |" * timed)
        lines.append("")
        for other, sides in model.get("compiled_beside", {}).items():
            compiling = f"{' and '.join(sides)} of {other}"
            lines += [f"Timed while {compiling} still compiled.", ""]
    goals, memory = results["goals"], results["memory"]
    if goals or memory:
        lines += ["| goal | | measured | |", "|---|--:|--:|---|"]
    for goal in goals:
        lines.append(
            f"| {goal['model']}: speed of {goal['of']} / speed of "
            f"{goal['to']} | at least {goal['at_least']:.2f} | "
            f"{goal['ratio']:.2f} | {'met' if goal['met'] else 'missed'} |"
        )
    if memory:
        lines.append(
            f"| {memory['model']}: peak memory of fit, GB | at most "
            f"{memory['at_most']:.2f} | {memory['peak_gb']:.2f} | "
            f"{'met' if memory['met'] else 'missed'} |"
        )
    return "\n".join(lines).rstrip() + "\n"


def seconds(x):
    return "" if x is None else f"{x:.1f}"


def number(x):
    """At least three digits: a step of CycleGAN may take seconds."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def order(task):
    """Training before sampling, ours before PyTorch's."""
    names = ["step", "fit", "step with EMA", "step, 2 replicas"]
    if task in names:
        return 0, names.index(task)
    return (2 if "generate" in task else 1), task != "generate", len(task)


def update_readme(name, text):
    """Puts `text` between the comments that say begin and end of `name`."""
    readme = README.read_text()
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    before, rest = readme.split(begin)
    _, after = rest.split(end)
    README.write_text(f"{before}{begin}{text}{end}{after}")
