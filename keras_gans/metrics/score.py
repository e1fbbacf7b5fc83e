"""Scores that carry their protocol, and tables of them."""

import dataclasses
import html
import math


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How a score was measured. Scores of two protocols are two scores.

    Attributes:
        extractor: String, what made the features.
        version: String, of the extractor.
        n_real: Integer, the number of real examples; `None` where a file of
            statistics does not say.
        n_fake: Integer, the number of generated examples.
        dataset: String, what the real examples are of.
        split: String, the part of the data set.
        resize: String, how images were resized for the extractor.
    """

    extractor: str
    version: str
    n_real: int | None
    n_fake: int
    dataset: str = ""
    split: str = ""
    resize: str = "none"

    def __str__(self):
        n_real = "?" if self.n_real is None else f"{self.n_real:,}"
        parts = [
            f"{self.extractor} v{self.version}",
            f"{n_real}/{self.n_fake:,}",
            f"{self.dataset} {self.split}".strip(),
            "" if self.resize == "none" else self.resize,
        ]
        return ", ".join(part for part in parts if part)


@dataclasses.dataclass(frozen=True, eq=False)
class Score:
    """A number, and what it takes to compare it with another one.

    `<`, `<=`, `>`, `>=`, `==` and `-` work on two scores of one name and one
    protocol, and raise a `ValueError` for others.

    Attributes:
        name: String, as `"FID"`.
        value: Float.
        protocol: `Protocol`.
        std: Float, the standard deviation over subsets or splits, or `None`.
    """

    name: str
    value: float
    protocol: Protocol
    std: float | None = None

    def __str__(self):
        std = "" if self.std is None else f" ± {self.std:.2g}"
        return f"{self.name} ({self.protocol}): {self.value:.4g}{std}"

    def __float__(self):
        return float(self.value)

    def to_json(self):
        """A dict of what JSON has; a value that is no number is `None`."""
        config = dataclasses.asdict(self)
        for key in ("value", "std"):
            if config[key] is not None and not math.isfinite(config[key]):
                config[key] = None
        return config

    @classmethod
    def from_json(cls, config):
        """The score of a dict that `to_json` made."""
        if config["value"] is None:
            config = {**config, "value": math.nan}
        return cls(**{**config, "protocol": Protocol(**config["protocol"])})

    def _other_value(self, other):
        if not isinstance(other, Score):
            raise TypeError(
                f"A Score compares with a Score. Received: {other!r}"
            )
        if (self.name, self.protocol) != (other.name, other.protocol):
            raise ValueError(
                "Scores of different names or protocols cannot be compared. "
                f"Received: {self} and {other}"
            )
        return other.value

    def __eq__(self, other):
        if not isinstance(other, Score):
            return NotImplemented
        return self.value == self._other_value(other)

    def __hash__(self):
        return hash((self.name, self.protocol, self.value))

    def __lt__(self, other):
        return self.value < self._other_value(other)

    def __le__(self, other):
        return self.value <= self._other_value(other)

    def __gt__(self, other):
        return self.value > self._other_value(other)

    def __ge__(self, other):
        return self.value >= self._other_value(other)

    def __sub__(self, other):
        return self.value - self._other_value(other)


class Scores(dict):
    """Dict of name to `Score` that `print`, and a notebook, show as a table."""

    def rows(self):
        """The table: tuples of strings, the head first."""
        rows = [("score", "value", "std", "protocol")]
        for score in self.values():
            std = "" if score.std is None else f"{score.std:.2g}"
            value = f"{score.value:.4g}"
            rows.append((score.name, value, std, str(score.protocol)))
        return rows

    def __str__(self):
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join(
            "  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip()
            for row in rows
        )

    def _repr_html_(self):
        head, *body = self.rows()
        lines = ["<table>", _row("th", head)]
        lines += [_row("td", row) for row in body]
        return "\n".join([*lines, "</table>"])


def _row(tag, cells):
    cells = (f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{''.join(cells)}</tr>"
