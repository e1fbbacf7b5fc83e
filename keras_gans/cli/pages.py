"""What `keras-gans info` says to people: pages of text, without Keras."""

import re
import textwrap

from keras_gans import presets, registry
from keras_gans.names import install
from keras_gans.presets.files import short

LABEL = 12  # Characters of the column before the facts.
CHANNELS = {1: "grey", 3: "in colour", 4: "in colour, transparent in parts"}
# Which way scores are better, by their names.
LESS = "less is better"
MORE = "more is better"
BETTER = {
    **dict.fromkeys(
        (
            "FID",
            "KID",
            "SWD",
            "L1",
            "cycle",
            "reverse_kl",
            "perceptual",
            "sliced Wasserstein distance",
        ),
        LESS,
    ),
    **dict.fromkeys(
        (
            "IS",
            "PSNR",
            "SSIM",
            "precision",
            "recall",
            "density",
            "coverage",
            "modes",
            "high_quality",
            "share of high quality",
        ),
        MORE,
    ),
}
PROTOCOL = (
    "The line above each group is its protocol: what was compared (in which "
    "network's features, if any), how many real and generated examples, of "
    "which data. Scores of two protocols do not compare."
)
DEMONSTRATION = (
    "A demonstration: these weights show that the recipe runs and what it "
    "gives in a short training. They are not good."
)


class Page:
    """Lines of text that fit into a terminal; commands and paths stay whole.

    Args:
        width: Integer, columns of the terminal.
    """

    def __init__(self, width):
        self.width = min(max(width, 40), 100)
        self.lines = []

    def __str__(self):
        return "\n".join(line.rstrip() for line in self.lines)

    def text(self, text, indent=0):
        """A paragraph."""
        self.fill(" " * indent, text, indent)

    def title(self, text):
        """The first line of what follows, behind an empty one."""
        self.lines += ["", text]

    def fact(self, label, text):
        """A line with its label, if there is anything to say."""
        if text:
            self.fill(f"  {label}".ljust(LABEL + 2), text, LABEL + 2)

    def literal(self, label, text):
        """The same of what is to be copied: it is not broken."""
        self.lines.append(f"  {label}".ljust(LABEL + 2) + text)

    def score(self, name, width, value, note):
        """A score, of names of this width in a column if they leave room."""
        note = f"({note})" * bool(note)
        line = f"    {short(name):{width}}  {short(value):9}  {note}"
        if len(line) <= self.width:
            self.lines.append(line)
        else:
            self.fill("    ", f"{name}: {value} {note}", 6)

    def code(self, line):
        self.lines.append(f"  {line}")

    def fill(self, start, text, indent):
        self.lines += textwrap.wrap(
            short(text, 2000),  # It may be a stranger's.
            self.width,
            initial_indent=start,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def preset_page(preset, path, details, examples, width):
    """What a preset is, how good, and how it is used.

    Args:
        preset: String, as the user named it.
        path: `pathlib.Path` of its folder.
        details: Dict, see `presets.info`.
        examples: Function of `(task, kind)`. Commands for such a model, with
            `{preset}` for its name.
        width: Integer, columns of the terminal.

    Returns:
        String.
    """
    page = Page(width)
    facts = {**details.get("metadata", {}), **_index_part(details)}
    has_weights = details.get(
        "weights", presets.WEIGHTS in facts.get("files", {})
    )
    page.lines.append(preset)
    if "description" in details:
        description = details["description"]
        page.text(f"{description[:1].upper()}{description[1:]}.")
    if details.get("demonstration"):
        page.text(DEMONSTRATION)
    page.lines.append("")
    _add_model(page, facts)
    _add_weights(page, facts, has_weights)
    _add_data(page, facts, details.get("training", {}))
    _add_training(page, facts, details.get("training", {}))
    for label, name, words in (
        ("pictures", "samples.png", ""),
        ("", "codes.png", ""),
        ("card", "README.md", " (paper, known failures)" * has_weights),
    ):
        if (path / name).is_file():
            page.literal(label, f"{path / name}{words}")
    if has_weights:
        _add_scores(page, facts)
    _add_commands(page, preset, path, facts, examples, has_weights)
    return str(page)


def _index_part(details):
    """What the zoo's index says, the name and the kind of the model."""
    left_out = ("metadata", "training", "dataset")
    return {k: v for k, v in details.items() if k not in left_out}


# ---- what it is -----------------------------------------------------------


def size(facts):
    """The size of what a model makes, in a word.

    Args:
        facts: Dict, a preset's metadata or its entry in the index.
    """
    shape = facts.get("example_shape")
    if "scale" in facts:
        return f"x{facts['scale']}"
    if facts.get("example_kind") == "points":
        return "points"
    return "x".join("?" if s is None else str(s) for s in shape or ())


def _what_it_makes(facts):
    shape, kind = facts.get("example_shape"), facts.get("example_kind")
    if not shape:
        return ""
    *sides, values = shape
    if kind == "points":
        words = f"points of {values} numbers"
    elif kind != "image":
        words = f"a {kind} of shape {size(facts)}"
    else:
        colours = CHANNELS.get(values, f"{values} channels")
        words = f"images of {'x'.join(map(str, sides))}, {colours}"
        if "scale" in facts:  # Sides are those of the crops in training.
            words = f"images {facts['scale']} times as large, {colours}"
    if facts.get("num_classes"):
        words += f"; {facts['num_classes']} classes"
    return words


def _add_model(page, facts):
    task = facts.get("task")
    page.fact(
        "model", f"{facts.get('class')}" + f" (task: {task})" * bool(task)
    )
    page.fact("makes", _what_it_makes(facts))
    page.fact(
        "parameters",
        ", ".join(
            f"{name} {number:,}"
            for name, number in facts.get("parameters", {}).items()
        ),
    )


def _add_weights(page, facts, has_weights):
    if not has_weights:
        page.fact("weights", "none yet: a recipe, to be trained (see below)")
        return
    total = sum(
        file["size"]
        for name, file in facts.get("files", {}).items()
        if name.endswith(".h5")
    )
    words = f"{total / 1e6:.1f} MB, {facts.get('dtype')}"
    package = facts.get("package")
    if package:
        words = f"{facts['bytes'] / 1e6:.1f} MB, in {package['name']}"
    if "license" in facts:
        words += f"; licence: {facts['license']}"
    page.fact("weights", words)
    if package:
        page.literal("", install(package["extra"]))
    page.fact("authors", facts.get("authors", ""))
    page.fact("paper", facts.get("paper", ""))


def _add_data(page, facts, recipe):
    data = facts.get("dataset", {})
    if not isinstance(data, dict):
        data = {"name": data}
    words = str(data.get("name", recipe.get("dataset", "")))
    if "license" in data:
        words += f"; licence of the data: {data['license']}"
    page.fact("data", words)
    if "download" in data:
        page.fact("", f"from {data['download']}")


def _add_training(page, facts, recipe):
    run = facts.get("training", {})
    if "minutes" in run:
        page.fact(
            "training",
            f"{run['steps']:,} steps{_batch(recipe)}, {run['minutes']:.1f} "
            f"minutes on {run.get('hardware', 'an unknown machine')}; these "
            f"weights are the {run['checkpoint']}",
        )
        return
    for key in ("steps", "epochs"):
        if key in recipe:
            words = f"the recipe has {recipe[key]:,} {key}{_batch(recipe)}"
            step = facts.get("step")  # Of a run's preset.
            if step is not None:
                words = f"step {step:,}; {words}"
            page.fact("training", words)


def _batch(recipe):
    return f" of batch {recipe['batch_size']}" * ("batch_size" in recipe)


# ---- scores ---------------------------------------------------------------


def _add_scores(page, facts):
    groups = _evaluated(facts)
    for key, value in facts.get("scores", {}).items():
        name, _, protocol = key.partition(" (")
        protocol = protocol.removesuffix(")")
        groups.setdefault(protocol, {}).setdefault(name, _number(value))
    for score in facts.get("best_by", []):  # Of a run's preset.
        protocol = score["protocol"]
        groups.setdefault(
            f"{protocol['extractor']}, {protocol['n_real']:,} examples of "
            f"{protocol['dataset']} {protocol['split']}, which ranked this "
            "run's checkpoints",
            {},
        )[score["name"]] = _number(score["value"])
    if not groups:
        return
    page.title("Scores of these weights")
    for protocol, scores in groups.items():
        page.text(protocol or "counted", 2)
        width = min(max(map(len, scores)), 20)
        for name, value in scores.items():
            notes = [_better(name)] if _better(name) else []
            for label, others in facts.get("beside", {}).items():
                if name in others:
                    notes.append(f"{label}: {_number(others[name])}")
            page.score(name, width, value, "; ".join(notes))
    page.text(PROTOCOL, 2)


def _evaluated(facts):
    """What `keras-gans evaluate` found of these weights, by the protocol."""
    found = facts.get("evaluation")
    if not found:
        return {}
    # `"best"` or `"last"`: its first word.
    which = facts.get("training", {}).get("checkpoint", "last").split()[0]
    scores = found.get(which) or found["last"]
    return {
        found["protocol"]: {
            name: _number(value) if std is None else f"{value:.4g} ± {std:.2g}"
            for name, (value, std) in scores.items()
        }
    }


def _better(name):
    """Which way a score of this name is better, or `None`."""
    name = re.sub("^(ab|ba) ", "", name)
    return BETTER.get(name.removesuffix(" of inputs"))


def _number(value):
    if isinstance(value, list):
        return " and ".join(map(_number, value))
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


# ---- commands -------------------------------------------------------------


def _add_commands(page, preset, path, facts, examples, has_weights):
    page.title("Commands")
    train = _train_command(preset, path)
    used = preset
    if not has_weights:
        page.code(train)
        used = f"runs/{preset}/best"
    for line in examples(facts.get("task"), facts.get("example_kind")):
        page.code(line.format(preset=used))
    if has_weights and (path / presets.TRAINING).is_file():
        page.code(train)
    if "package" in facts:  # Others have trained it.
        cls = registry.command_of(facts.get("class"))
        page.code(f"keras-gans train {cls} --from {preset} --data FOLDER")
    page.title("In Python")
    page.code("import keras_gans")
    page.code(f'keras_gans.{facts.get("class")}.from_preset("{used}")')


def _train_command(preset, path):
    """The one of its card, which names what it needs."""
    card = path / "README.md"
    if card.is_file():
        found = re.search("^keras-gans train .+$", card.read_text(), re.M)
        if found:
            return found[0]
    return f"keras-gans train {preset}"
