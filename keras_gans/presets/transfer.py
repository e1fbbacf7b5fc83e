"""Weights of one model for another that is built a little differently."""

import difflib
import re
from typing import NamedTuple

import keras

from keras_gans.image_files import listed
from keras_gans.presets.parts import networks_of


class Transferred(NamedTuple):
    """What became of a network's layers.

    Attributes:
        kept: List of strings, the layers that have the other one's weights.
        fresh: List of strings, those that have their own.
    """

    kept: list
    fresh: list

    def sentence(self, name):
        """Says it of a network of this name; empty if all was kept."""
        if not self.fresh:
            return ""
        total = len(self.kept) + len(self.fresh)
        if not self.kept:
            return f"{name}: all {total} layers start anew."
        return (
            f"{name}: {len(self.kept)} of {total} layers go on from the "
            f"weights; anew start {listed(self.fresh)}."
        )


def transfer(source, target):
    """Gives a model the weights of another one, layer by layer, where they fit.

    Networks of the same name are compared by their layers with weights, in
    order. In networks of the same kinds of layers, each has its counterpart;
    in others, as generators of another depth, the longest runs of layers that
    are alike belong together. A layer fits whose weights all have the shapes
    of its counterpart's, and then has equal values. All others are left alone.
    A moving average follows the one of the source, if that has one. What must
    go with the weights of the source goes with the target's from here on, see
    `PresetModel.notices`.

    Args:
        source: A model of the package.
        target: Another one.

    Returns:
        Dict of the target's networks, its averages included, to
        `Transferred`.
    """
    sources, done = networks_of(source), {}
    target.keep_notices(source.notices)
    targets = networks_of(target)
    for name, network in targets.items():
        raw = name.removeprefix("ema_")
        names = [name, raw]
        # The average is the better one where one alone is wanted.
        if f"ema_{raw}" not in targets:
            names.insert(0, f"ema_{raw}")
        own = next((sources[n] for n in names if n in sources), None)
        parts = _parts(network)
        if own is None:
            done[name] = Transferred([], [part.name for part in parts])
            continue
        kept = {}
        for a, b in _counterparts(_parts(own), parts):
            for new, old in zip(b.weights, a.weights, strict=True):
                new.assign(keras.ops.convert_to_numpy(old))
            kept[b.name] = True
        done[name] = Transferred(
            list(kept), [p.name for p in parts if p.name not in kept]
        )
    return done


def sentences(done):
    """What there is to say about a `transfer`, a string for each network."""
    said = [
        result.sentence(name)
        for name, result in done.items()
        if not name.startswith("ema_")
    ]
    return [sentence for sentence in said if sentence]


class _Part(NamedTuple):
    """A layer, or what a network has of its own beside its layers."""

    name: str
    kind: str
    weights: list

    @property
    def shapes(self):
        return tuple(tuple(weight.shape) for weight in self.weights)


def _parts(network, prefix=""):
    """The layers of a network that have weights, in order.

    Their names are those that a weights file has: numbered within the network
    and not, as Keras does it, by what else this process has made.
    """
    parts, known, counts = [], set(), {}
    for layer in network.layers:
        base = re.sub(r"_\d+$", "", layer.name)
        number = counts[base] = counts.get(base, -1) + 1
        name = prefix + (f"{base}_{number}" if number else base)
        if not layer.weights:
            continue
        if isinstance(layer, keras.Model):
            parts += _parts(layer, f"{name}/")
        else:
            parts.append(_Part(name, type(layer).__name__, layer.weights))
        known |= {id(weight) for weight in layer.weights}
    own = [weight for weight in network.weights if id(weight) not in known]
    if own:
        parts.append(_Part(f"{prefix}weights", type(network).__name__, own))
    return parts


def _counterparts(a, b):
    """Pairs of parts that belong together and fit."""
    if [part.kind for part in a] == [part.kind for part in b]:
        return [(x, y) for x, y in zip(a, b) if x.shapes == y.shapes]
    keys = [[(part.kind, part.shapes) for part in parts] for parts in (a, b)]
    runs = difflib.SequenceMatcher(None, *keys, autojunk=False)
    return [
        (a[i + k], b[j + k])
        for i, j, size in runs.get_matching_blocks()
        for k in range(size)
    ]
