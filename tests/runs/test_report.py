"""`report.html`: a page that is whole, true and safe to open."""

import base64
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from keras_gans import metrics
from keras_gans.runs import charts, report_page

pytestmark = pytest.mark.neutral

BAD = "<script>alert('&\"x\"')</script>"
VOID = {"meta", "img", "line", "path", "polyline", "circle", "rect"}


class Page(html.parser.HTMLParser):
    """Reads a page, in which every tag must end that begins."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.addresses, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            assert not name.startswith("on")
            if name in ("src", "href", "srcset", "action"):
                self.addresses.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def score(name, value, **kwargs):
    protocol = metrics.Protocol("pixels", "1", 100, 100, **kwargs)
    return metrics.Score(name, value, protocol)


def a_run(folder, n=12, size=(64, 64), dataset="faces"):
    rng = np.random.default_rng(0)
    (folder / "samples").mkdir(parents=True)
    rows = []
    for i in range(1, n + 1):
        pixels = rng.integers(0, 256, (*size, 3), "uint8")
        name = f"step_{100 * i:08d}.png"
        Image.fromarray(pixels).save(folder / "samples" / name)
        rows.append(
            {
                "step": 100 * i,
                "seconds": 30.0,
                "d_loss": 1.4 - i / n,
                "g_loss": 0.7 if i != 3 else float("nan"),
                "gp": 0.1 / i,
                "kid": 900 / i**3,
            }
        )
    return {
        "facts": {
            "title": f"DCGAN on {dataset}",
            "total": 2 * n * 100,
            "about": [("data", dataset), ("command", "keras-gans train")],
            "recipe": {"dataset": dataset, "steps": 5, "pairs": {"a": True}},
            "versions": {"keras": "3"},
            "resume": "keras-gans train x --resume",
            "commands": [("Train on:", "keras-gans train x --steps 9")],
            "licence": "Data: faces. Licence: CC0",
        },
        "columns": {
            "kid": (score("KID", rows[-1]["kid"], dataset=dataset), False)
        },
        "rows": rows,
        "best": {"step": 900, "kid": 1.2},
        "findings": {"health": []},
    }


def write(folder, **kwargs):
    report_page.write(folder, **kwargs)
    text = (folder / "report.html").read_text(encoding="utf-8")
    return text, Page(text)


def test_all_is_on_the_page(tmp_path):
    text, page = write(tmp_path, **a_run(tmp_path))
    for words in (
        "DCGAN on faces",
        "Step 1,200 of 2,400, not complete; 6.0 minutes of training",
        "step 100, the first",
        "step 900, the best",
        "step 1,200, the last",
        # The value at the best checkpoint, and at the last one.
        "KID lower 1.235 0.5208 pixels v1, 100/100, faces",
        "No trouble was seen.",
        "After an interruption",
        "keras-gans train x --resume",
        "keras-gans train x --steps 9",
        'pairs {"a": true}',
        "Licence: CC0",
        "kid (logarithmic)",
    ):
        assert words in page.text, words
    assert page.tags.count("svg") == 3  # Both players', gp, and kid.
    assert page.tags.count("img") == report_page.PICTURES
    assert 'name="viewport"' in text and "prefers-color-scheme: dark" in text


def test_nothing_comes_from_elsewhere(tmp_path):
    text, page = write(tmp_path, **a_run(tmp_path))
    assert {"script", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert "@import" not in text and "url(" not in text
    for address in page.addresses:
        kind, encoded = re.fullmatch(
            r"data:image/(png|jpeg);base64,([\w+/=]+)", address
        ).groups()
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
            assert picture.format.lower() == kind
            assert picture.size == (64, 64)


def test_names_from_outside_are_words(tmp_path):
    run = a_run(tmp_path, dataset=BAD)
    run["findings"] = {"health": [BAD]}
    run["facts"]["commands"] = [(BAD, BAD)]
    run["facts"]["licence"] = run["facts"]["resume"] = BAD
    for row in run["rows"]:
        row[BAD] = 1.0
    text, page = write(tmp_path, **run)
    assert "<script" not in text and "script" not in page.tags
    assert page.text.count("alert") > 8
    assert 'class="trouble"' in text


def test_names_that_are_no_utf_8_are_shown_as_python_does(tmp_path):
    run = a_run(tmp_path)
    run["facts"]["title"] = "DCGAN on caf\udce9"
    text, _ = write(tmp_path, **run)
    assert r"DCGAN on caf\udce9" in text


def test_a_complete_run_is_not_to_be_resumed(tmp_path):
    run = a_run(tmp_path)
    run["facts"]["total"] = 1200
    _, page = write(tmp_path, **run)
    assert ", complete;" in page.text
    assert "After an interruption" not in page.text


@pytest.mark.slow
def test_large_pictures_become_smaller(tmp_path):
    text, page = write(tmp_path, **a_run(tmp_path, n=9, size=(900, 1100)))
    assert len(text) < 5_000_000
    content = base64.b64decode(page.addresses[0].partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == report_page.MAX_SIDE


def test_a_changed_picture_is_read_again(tmp_path):
    run = a_run(tmp_path, n=1)
    run["best"] = {"step": 100}
    before, _ = write(tmp_path, **run)
    path = tmp_path / "samples" / "step_00000100.png"
    Image.new("RGB", (9, 9)).save(path)
    after, page = write(tmp_path, **run)
    assert page.tags.count("img") == 1 and before != after


@pytest.mark.parametrize(
    "steps, best, places",
    [
        ([5], 5, [0]),
        (range(4), 2, [0, 1, 2, 3]),
        (range(100), 99, [0, 33, 66, 99]),
        (range(100), 40, [0, 40, 66, 99]),
        (range(100), 2, [0, 2, 66, 99]),
        (range(100), 98, [0, 33, 98, 99]),
        (range(100), -1, [0, 33, 66, 99]),  # Its picture is not there.
    ],
)
def test_which_pictures_are_shown(steps, best, places):
    assert report_page.chosen(steps, {"step": best}, 4) == places


# ---- charts ---------------------------------------------------------------


def points(svg, kind="line0"):
    found = re.findall(rf'class="{kind}" points="([^"]*)"', svg)
    return [
        [tuple(map(float, pair.split(","))) for pair in line.split()]
        for line in found
    ]


def test_lines_are_where_their_numbers_say():
    svg = charts.line_chart("loss", [0, 50, 100], {"a": [0.0, 1.0, 0.5]})
    (line,) = points(svg)
    left, right = charts.LEFT, charts.WIDTH - charts.RIGHT
    top, bottom = charts.TOP, charts.HEIGHT - charts.BOTTOM
    middle = (left + right) / 2, (top + bottom) / 2
    assert line == [(left, bottom), (middle[0], top), (right, middle[1])]
    for tick in (">0<", ">0.5<", ">1<", ">100<", ">step<", ">loss<"):
        assert tick in svg


def test_no_number_is_a_gap():
    nan = float("nan")
    line = [1.0, 2.0, nan, 3.0, float("inf"), 1.0, 2.0]
    svg = charts.line_chart("loss", range(7), {"a": line})
    assert [len(part) for part in points(svg)] == [2, 2]
    assert svg.count('<circle class="line0"') == 1
    assert "no numbers" in charts.line_chart("loss", [1], {"a": [nan]})


def test_an_axis_of_many_sizes():
    svg = charts.line_chart("kid", [1, 2, 3], {"kid": [1000.0, 10.0, 0.1]})
    (line,) = points(svg)
    # Equal factors are equally far.
    assert line[1][1] - line[0][1] == pytest.approx(line[2][1] - line[1][1])
    assert "kid (logarithmic)" in svg
    mixed = charts.line_chart("loss", [1, 2], {"a": [-1.0, 1000.0]})
    assert "logarithmic" not in mixed


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-9])
def test_a_line_that_is_level(value):
    svg = charts.line_chart("loss", [7], {"a": [value]}, (7, value, "best"))
    assert 'class="mark"' in svg and "nan" not in svg


@pytest.mark.parametrize(
    "low, high, ticks",
    [
        (0.0, 1.0, [0.0, 0.5, 1.0]),
        (0.12, 0.29, [0.1, 0.15, 0.2, 0.25, 0.3]),
        (-3.0, 8.0, [-5.0, 0.0, 5.0, 10.0]),
    ],
)
def test_ticks_are_round(low, high, ticks):
    assert charts._ticks(low, high) == pytest.approx(ticks)
