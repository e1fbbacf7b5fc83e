"""`report.html`: a run on one page, which needs nothing beside it.

Pictures are in the page, the style is, and there is no script. Whatever comes
from outside, as names and paths, is escaped.
"""

import base64
import functools
import html
import io
import json
import math
import os

import numpy as np
from PIL import Image

from keras_gans import image_files, writing
from keras_gans.runs import folder as files
from keras_gans.runs.charts import line_chart
from keras_gans.runs.progress import duration

REPORT = "report.html"
PICTURES = 8
# Larger pictures are made smaller; 8 of these are well below 5 MB as base64.
MAX_SIDE, MAX_BYTES = 720, 350_000

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c2024;
  --soft: #5d666f; --edge: #d5dae0; --box: #f4f6f8; --best: #1a7f37;
  --c0: #1f6feb; --c1: #d9660a; --c2: #1a7f37; --c3: #a136c4; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a;
  --text: #e4e7ea; --soft: #9aa4ae; --edge: #363d45; --box: #1e2328;
  --best: #4ac26b; --c0: #6ea8fe; --c1: #ff9a4d; --c2: #4ac26b;
  --c3: #d58af0; } }
body { margin: 0 auto; max-width: 66rem; padding: 1rem 1.2rem 3rem;
  background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: .5rem 0 0; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; }
p { margin: .4rem 0; } .soft, figcaption, th { color: var(--soft); }
.grid { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr)); }
.wide { grid-template-columns:
  repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
figure { margin: 0; } figure img { width: 100%; height: auto;
  border: 2px solid var(--edge); border-radius: 4px; box-sizing: border-box; }
figure.best img { border-color: var(--best); }
figure.best figcaption { color: var(--best); font-weight: 600; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0;
  border-bottom: 1px solid var(--edge); }
th { font-weight: 500; white-space: nowrap; }
pre { background: var(--box); padding: .6rem .8rem; border-radius: 4px;
  overflow-x: auto; overflow-wrap: normal; }
.trouble { border-left: 4px solid var(--c1); padding-left: .8rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft);
  font: 12px system-ui, sans-serif; }
svg .rule { stroke: var(--edge); } svg .axis { stroke: var(--soft);
  fill: none; } svg polyline { fill: none; stroke-width: 2; }
svg .mark { fill: none; stroke: var(--best); stroke-width: 2; }
"""
_STYLE += "".join(
    f"svg polyline.line{i} {{ stroke: var(--c{i}); }} svg rect.line{i}, "
    f"svg circle.line{i} {{ fill: var(--c{i}); }}\n"
    for i in range(4)
)


def write(folder, facts, columns, rows, best, findings):
    """Writes the report of a run as it is now.

    Args:
        folder: `pathlib.Path` of the run, which has `samples/`.
        facts: Dict of what does not change, see `page`.
        columns: Dict of a column with a score to the last one, a
            `metrics.Score`, and whether more is better.
        rows: List of dicts, the log.
        best: Dict with the `step` of the best one.
        findings: Dict of a watcher to its list of sentences; without watchers
            empty.
    """
    found = files.sample_pictures(folder)
    steps = list(found)
    shown = [
        (steps[i], _embedded(found[steps[i]])) for i in chosen(steps, best)
    ]
    text = page(facts, columns, rows, best, findings, shown)
    # A name that is no UTF-8 is in the page as it would be in Python.
    writing.write(folder / REPORT, text.encode(errors="backslashreplace"))


def chosen(steps, best, count=PICTURES):
    """Which pictures are shown: the first, the last, the best, some others.

    Args:
        steps: Sequence of the steps that there are pictures of.
        best: Dict with the `step` of the best one.
        count: Integer, at most so many, of three or more.

    Returns:
        Sorted list of integers, their places.
    """
    marked = {i for i, step in enumerate(steps) if step == best["step"]}
    even = np.linspace(0, len(steps) - 1, min(count, len(steps))).round()
    places = {int(i) for i in even}
    if not marked <= places and len(places) == count:
        # The best one takes the place of its neighbour.
        inner = places - {0, len(steps) - 1}
        (near,) = marked
        places.remove(min(inner, key=lambda i: abs(i - near)))
    return sorted(places | marked)


def _embedded(path):
    status = os.stat(path)
    return _data_uri(path, status.st_mtime_ns)


@functools.lru_cache(maxsize=4 * PICTURES)
def _data_uri(path, changed):
    """A picture as a `data:` address, smaller where it is large."""
    content, kind = path.read_bytes(), "png"
    with Image.open(path) as picture:
        if max(picture.size) > MAX_SIDE or len(content) > MAX_BYTES:
            picture = image_files.opaque(picture)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            memory, kind = io.BytesIO(), "jpeg"
            picture.save(memory, kind, quality=85)
            content = memory.getvalue()
    encoded = base64.b64encode(content).decode("ascii")
    return f"data:image/{kind};base64,{encoded}"


def page(facts, columns, rows, best, findings, pictures):
    """The page, as a string.

    Args:
        facts: Dict with `title`, `total` (the steps of the run), `about` (a
            list of pairs of strings), `recipe` (a dict), `versions` (a dict),
            `resume` (a command, or `None`), `commands` (list of pairs of a
            sentence and a command) and `licence` (a string).
        columns, rows, best, findings: See `write`.
        pictures: List of pairs of a step and an address.
    """
    last = rows[-1]
    is_complete = last["step"] >= facts["total"]
    state = "complete" if is_complete else "not complete"
    seconds = sum(row["seconds"] for row in rows)
    sections = [
        f"<h1>{_text(facts['title'])}</h1>",
        f'<p class="soft">Step {last["step"]:,} of {facts["total"]:,}, '
        f"{state}; {_text(duration(seconds))} of training. The best checkpoint "
        f"is that of step {best['step']:,}.</p>",
        _samples(pictures, best, last),
        _curves(columns, rows, best),
        _scores(columns, rows, best),
        _health(findings),
        _commands(facts, is_complete),
        _table("What ran", facts["about"]),
        _table("Recipe", [(k, _value(v)) for k, v in facts["recipe"].items()]),
        _table("Versions", facts["versions"].items()),
        f"<h2>Licence</h2><p>{_text(facts['licence'])}</p>",
    ]
    body = "\n".join(sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f"<title>{_text(facts['title'])}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _samples(pictures, best, last):
    figures = []
    for i, (step, address) in enumerate(pictures):
        words = [f"step {step:,}"]
        words += ["the first"] * (i == 0)
        words += ["the last"] * (step == last["step"])
        is_best = step == best["step"]
        words += ["the best"] * is_best
        caption = ", ".join(words)
        kind = ' class="best"' if is_best else ""
        figures.append(
            f'<figure{kind}><img src="{address}" alt="Samples of {caption}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    return f'<h2>Samples</h2><div class="grid">{"".join(figures)}</div>'


def _curves(columns, rows, best):
    steps = [row["step"] for row in rows]
    losses = [k for k in rows[0] if k not in ("step", "seconds", *columns)]
    # The players' on one axis, whatever else a model logs on its own.
    players = [k for k in losses if k in ("loss", "d_loss", "g_loss")]
    charts = []
    if players:
        lines = {k: _column(rows, k) for k in players}
        charts.append(line_chart("loss", steps, lines))
    for name in (k for k in losses if k not in players):
        charts.append(line_chart(name, steps, {name: _column(rows, name)}))
    for name in columns:
        value = _row_of(best, rows).get(name, math.nan)
        mark = (best["step"], value, f"the best checkpoint: {value:.4g}")
        lines = {name: _column(rows, name)}
        charts.append(line_chart(name, steps, lines, mark))
    charts = "".join(f"<figure>{chart}</figure>" for chart in charts)
    return (
        '<h2>Losses and scores</h2><p class="soft">A circle is the best '
        f'checkpoint.</p><div class="grid wide">{charts}</div>'
    )


def _column(rows, name):
    return [row.get(name, math.nan) for row in rows]


def _row_of(best, rows):
    return next(row for row in rows if row["step"] == best["step"])


def _scores(columns, rows, best):
    at_best, body = _row_of(best, rows), []
    for column, (score, high) in columns.items():
        cells = (
            score.name,
            "higher" if high else "lower",
            f"{at_best.get(column, math.nan):.4g}",
            f"{score.value:.4g}",
            score.protocol,
        )
        body.append("".join(f"<td>{_text(cell)}</td>" for cell in cells))
    head = "".join(
        f"<th>{cell}</th>"
        for cell in (
            "score",
            "better is",
            f"best, step {best['step']:,}",
            f"last, step {rows[-1]['step']:,}",
            "protocol",
        )
    )
    table = "".join(f"<tr>{row}</tr>" for row in (head, *body))
    return (
        f'<h2>Scores</h2><div class="scroll"><table>{table}</table></div>'
        '<p class="soft">Against training examples: they rank the checkpoints '
        "of this run, and compare no models.</p>"
    )


def _health(findings):
    if not findings:
        return ""
    sentences = [s for found in findings.values() for s in found]
    text = "".join(
        f'<p class="trouble">{_text(s[:1].upper() + s[1:])}</p>'
        for s in sentences
    )
    return f"<h2>Health</h2>{text or '<p>No trouble was seen.</p>'}"


def _commands(facts, is_complete):
    commands = facts["commands"]
    if facts["resume"] and not is_complete:
        words = "After an interruption, from the last checkpoint:"
        commands = [(words, facts["resume"]), *commands]
    text = "".join(
        f"<p>{_text(words)}</p><pre>{_text(command)}</pre>"
        for words, command in commands
    )
    return f"<h2>How to go on</h2>{text}"


def _table(title, pairs):
    rows = "".join(
        f"<tr><th>{_text(k)}</th><td>{_text(v)}</td></tr>" for k, v in pairs
    )
    return f'<h2>{title}</h2><div class="scroll"><table>{rows}</table></div>'


def _value(value):
    return value if isinstance(value, str) else json.dumps(value)


def _text(value):
    return html.escape(str(value))
