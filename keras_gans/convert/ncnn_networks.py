"""Which network a file of ncnn holds, and where its weights belong.

What tools make of one network differs: names, which results are split, whether
an activation is a layer or a part of one. So each result is written as an
expression of the input, in one form, and the network is played anew from its
input on: the convolution that comes next is the one that takes what it takes
there. What is wired in another way has none.
"""

from keras_gans.convert.ncnn import Refused

# What `Interp` does, by its number.
_NEAREST, _BICUBIC = 1, 3


def state(layers):
    """A network of ncnn as a state dict, under the names of today's BasicSR.

    Args:
        layers: List of `ncnn.Layer`.

    Returns:
        `(arrays, shrinks)`: a dict of names to arrays, and by how much what
        the network makes is shrunk in the end, 1.0 for not at all.

    Raises:
        Refused: If it is no RRDBNet and no SRVGGNetCompact.
    """
    graph = _Graph(layers)
    play = _srvgg if graph.slopes else _rrdbnet
    made, shrinks = play(graph)
    if made != graph.result:
        raise Refused("one that goes on, or is wired, in another way")
    if len(graph.arrays) != graph.count:
        raise Refused("one with convolutions that its result does not need")
    return graph.arrays, shrinks


class _Graph:
    """Expressions: tuples, each known by its place in `known`."""

    def __init__(self, layers):
        self.known, self.places = [], {}
        # What a convolution or a PReLU takes -> the layer.
        self.convolutions, self.slopes, self.arrays = {}, {}, {}
        self.image = self.expression("image")
        results = {}
        for layer in layers:
            made = self._made_by(layer, [results[n] for n in layer.inputs])
            results.update(dict.fromkeys(layer.outputs, made))
            self.result = made
        parts = (*self.convolutions.values(), *self.slopes.values())
        self.count = sum(len(layer.arrays) for layer in parts)

    def expression(self, *parts):
        place = self.places.setdefault(parts, len(self.known))
        if place == len(self.known):
            self.known.append(parts)
        return place

    def _made_by(self, layer, taken):
        own = layer.parameters
        match layer.type:
            case "Input":
                return self.image
            case "Split":
                return taken[0]
            case "Concat":
                return self.concatenated(taken)
            case "PixelShuffle":
                return self.shuffled(taken[0], own[0])
            case "ReLU":
                return self.leaky(taken[0], own[0])
            case "Interp":
                return self.resized(taken[0], own[0], own[1], own[2])
            case "Eltwise":
                factors = own[-23301] or (1.0, 1.0)
                if len(factors) != 2:
                    raise Refused(f"a sum of two with {len(factors)} factors")
                return self.sum(*zip(taken, factors))
            case "BinaryOp":
                return self._operation(layer, taken)
            case "PReLU":
                return self._known_by_input("prelu", self.slopes, layer, taken)
        made = self._known_by_input("conv", self.convolutions, layer, taken)
        activation, arguments = own[9], own[-23310]
        if activation == 2 and len(arguments) == 1:
            return self.leaky(made, arguments[0])
        if activation or arguments:
            raise Refused(f"a Convolution with the activation {activation}")
        return made

    def _known_by_input(self, kind, layers, layer, taken):
        if taken[0] in layers:
            raise Refused(f"two layers {layer.type} of one result")
        layers[taken[0]] = layer
        return self.expression(kind, taken[0])

    def _operation(self, layer, taken):
        kind, with_number, number = (layer.parameters[i] for i in range(3))
        if kind == 0 and not with_number and len(taken) == 2:
            return self.sum((taken[0], 1.0), (taken[1], 1.0))
        if kind == 2 and with_number and len(taken) == 1:
            return self.sum((taken[0], number))
        raise Refused(f"a BinaryOp of the kind {kind}, of {len(taken)}")

    # ---- what a network is made of ----------------------------------------

    def conv(self, name, taken):
        """What the convolution of this name makes; notes its weights."""
        layer = self.convolutions.get(taken)
        if layer is None:
            raise Refused(f"one without a convolution where {name} is")
        self.arrays[f"{name}.weight"], self.arrays[f"{name}.bias"] = (
            layer.arrays
        )
        return self.expression("conv", taken)

    def prelu(self, name, taken):
        layer = self.slopes.get(taken)
        if layer is None:
            raise Refused(f"one without a PReLU where {name} is")
        (self.arrays[f"{name}.weight"],) = layer.arrays
        return self.expression("prelu", taken)

    def leaky(self, taken, slope=0.2):
        return self.expression("leaky", taken, round(slope, 5))

    def concatenated(self, parts):
        return parts[0] if len(parts) == 1 else self.expression("join", *parts)

    def shuffled(self, taken, factor):
        return self.expression("shuffle", taken, factor)

    def resized(self, taken, kind, height, width):
        if height != width or kind not in (_NEAREST, _BICUBIC):
            raise Refused(f"an Interp of the kind {kind} by {height}, {width}")
        return self.expression("resize", taken, kind, round(height, 5))

    def sum(self, *terms):
        """Of pairs `(expression, factor)`; one of a single term is opened."""
        flat = []
        for taken, factor in terms:
            inner = self.known[taken]
            if inner[0] == "sum" and len(inner) == 2:
                ((taken, other),) = inner[1:]
                factor *= other
            flat.append((taken, round(factor, 5)))
        return self.expression("sum", *sorted(flat))


def _rrdbnet(graph):
    # Six beside those of the blocks, which have fifteen each.
    blocks, rest = divmod(len(graph.convolutions) - 6, 15)
    if rest or blocks < 1:
        raise Refused(
            "neither an RRDBNet, whose convolutions are 6 and 15 for each "
            "block, nor an SRVGGNetCompact, which has PReLUs, but one of "
            f"{len(graph.convolutions)} convolutions"
        )
    x = first = graph.conv("conv_first", graph.image)
    for i in range(blocks):
        start = x
        for j in (1, 2, 3):
            parts = [x]
            for k in (1, 2, 3, 4):
                y = graph.concatenated(parts)
                y = graph.conv(f"body.{i}.rdb{j}.conv{k}", y)
                parts.append(graph.leaky(y))
            y = graph.concatenated(parts)
            y = graph.conv(f"body.{i}.rdb{j}.conv5", y)
            x = graph.sum((y, 0.2), (x, 1.0))
        x = graph.sum((x, 0.2), (start, 1.0))
    x = graph.sum((first, 1.0), (graph.conv("conv_body", x), 1.0))
    for name in ("conv_up1", "conv_up2"):
        x = graph.conv(name, graph.resized(x, _NEAREST, 2.0, 2.0))
        x = graph.leaky(x)
    x = graph.leaky(graph.conv("conv_hr", x))
    return graph.conv("conv_last", x), 1.0


def _srvgg(graph):
    x = graph.image
    for i in range(len(graph.slopes)):
        x = graph.prelu(f"body.{2 * i + 1}", graph.conv(f"body.{2 * i}", x))
    x = graph.conv(f"body.{2 * len(graph.slopes)}", x)
    made = [key for key in graph.known if key[:2] == ("shuffle", x)]
    factor = made[0][2] if made else 1
    enlarged = graph.image
    if factor > 1:
        x = graph.shuffled(x, factor)
        enlarged = graph.resized(graph.image, _NEAREST, factor, factor)
    x = graph.sum((x, 1.0), (enlarged, 1.0))
    shrunk = [k for k in graph.known if k[:3] == ("resize", x, _BICUBIC)]
    if shrunk:
        shrinks = shrunk[0][3]
        return graph.resized(x, _BICUBIC, shrinks, shrinks), shrinks
    return x, 1.0
