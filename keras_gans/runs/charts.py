"""Lines over steps as SVG, for pages that need no script."""

import html
import math

WIDTH, HEIGHT = 480, 270
LEFT, TOP, RIGHT, BOTTOM = 62, 28, 16, 44
COLORS = 4  # classes `line0` to `line3` of the page's style
TICKS = 5
LOG_SPAN = 100  # Above this ratio of the values an axis is logarithmic.


def line_chart(title, x, lines, mark=None):
    """An `<svg>` of lines over a common axis of steps.

    Values that are no numbers are gaps. An axis is logarithmic where all
    values are above 0 and the largest is 100 times the smallest one.

    Args:
        title: String, what is on the vertical axis.
        x: Sequence of integers, the steps.
        lines: Dict of name to sequence of numbers.
        mark: `(step, value, text)` of a point to mark, or `None`.

    Returns:
        String. Its style is the page's: classes `rule`, `axis`, `mark`, and
        `line0` and on.
    """
    values = [v for line in lines.values() for v in line if math.isfinite(v)]
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(title)} over steps">'
    ]
    if not values:
        return "".join([*parts, _text(WIDTH / 2, HEIGHT / 2, "no numbers")])
    low, high = min(values), max(values)
    is_log = low > 0 and high > LOG_SPAN * low
    scale = math.log10 if is_log else float
    ticks = _powers(low, high) if is_log else _ticks(low, high)
    bottom, top = (scale(f(f(ticks), e)) for f, e in ((min, low), (max, high)))
    steps = _ticks(min(x), max(x), whole=True)
    start, end = min(x), max(max(x), min(x) + 1)

    def place(step, value):
        across = (step - start) / (end - start) * (WIDTH - LEFT - RIGHT)
        up = (scale(value) - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    for tick in ticks:
        _, y = place(start, tick)
        parts.append(
            f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
            f'y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text(LEFT - 8, y + 4, f"{tick:.4g}", "end"))
    for tick in steps:
        if start <= tick <= end:
            place_x, _ = place(tick, values[0])
            parts.append(_text(place_x, HEIGHT - BOTTOM + 18, f"{tick:,}"))
    parts.append(
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}'
        f'H{WIDTH - RIGHT}"/>'
    )
    label = f"{title} (logarithmic)" if is_log else title
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text transform="translate(14 {middle}) rotate(-90)" '
        f'text-anchor="middle">{html.escape(label)}</text>'
    )
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "step"))
    for i, (name, line) in enumerate(lines.items()):
        color = f"line{i % COLORS}"
        for run in _runs(x, line):
            points = [place(*pair) for pair in run]
            if len(points) == 1:
                (a, b), *_ = points
                shape = f'<circle class="{color}" cx="{a:.1f}" cy="{b:.1f}" '
                parts.append(f'{shape}r="3"/>')
            else:
                path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
                parts.append(f'<polyline class="{color}" points="{path}"/>')
        if len(lines) > 1:
            parts.append(
                f'<rect class="{color}" x="{LEFT + 110 * i}" y="8" '
                'width="14" height="4"/>'
            )
            parts.append(_text(LEFT + 20 + 110 * i, 14, str(name), "start"))
    if mark is not None and math.isfinite(mark[1]):
        a, b = place(*mark[:2])
        parts.append(
            f'<circle class="mark" cx="{a:.1f}" cy="{b:.1f}" r="5">'
            f"<title>{html.escape(mark[2])}</title></circle>"
        )
    return "".join([*parts, "</svg>"])


def _text(x, y, text, anchor="middle"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{html.escape(text)}</text>"
    )


def _runs(x, line):
    """Neighbours that are numbers, as lists of `(step, value)`."""
    run = []
    for pair in zip(x, line):
        if math.isfinite(pair[1]):
            run.append(pair)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ticks(low, high, whole=False):
    """Round numbers from at most `low` to at least `high`."""
    span = high - low or abs(high) or 1
    rough = span / (TICKS - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    if whole:
        step = max(1, round(step))
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [i * step for i in range(first, max(last, first + 1) + 1)]
    return [round(t) for t in ticks] if whole else ticks


def _powers(low, high):
    """Powers of ten around two numbers above 0, at most a few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, -(-(last - first) // TICKS))
    return [10.0**i for i in range(first, last + every, every)]
