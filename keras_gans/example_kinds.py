"""What an example is: declared by the networks' owner, not guessed.

The shape does not say it. `(16, 16, 2)` may be an image of two channels, whose
values are in [-1, 1] and of which users want 8 bits, or a field of winds,
whose values are what they are.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ExampleKind:
    """A kind of example.

    Attributes:
        name: String.
        bounded: Boolean, whether values are in [-1, 1] by convention: data
            beyond are refused, and default generators end in tanh.
        eight_bits: Boolean, whether users get `numpy.uint8` instead of the
            generator's floats.
    """

    name: str
    bounded: bool = False
    eight_bits: bool = False

    @property
    def activation(self):
        """The one that default generators end in."""
        return "tanh" if self.bounded else None


KINDS = {
    kind.name: kind
    for kind in (
        ExampleKind("image", bounded=True, eight_bits=True),
        ExampleKind("points"),  # (dimensions,)
        ExampleKind("sequence"),  # (time, values)
        ExampleKind("field"),  # (height, width, values), and beyond
    )
}
# What networks are taken for that do not say it, by the rank of an example.
_UNDECLARED = {1: "points", 2: "sequence", 3: "image"}


def get(name):
    """The `ExampleKind` of a name.

    Raises:
        ValueError: If there is none.
    """
    if name not in KINDS:
        raise ValueError(
            f"example_kind must be one of {', '.join(KINDS)}, or None. "
            f"Received: example_kind={name!r}"
        )
    return KINDS[name]


def resolve(example_shape, *declared):
    """The name of the kind that was declared.

    The only place where a shape decides, and only where nobody has said it.

    Args:
        example_shape: Shape of one example without the batch.
        *declared: Names, or `None` for what was left open. All that are given
            must be the same.

    Returns:
        String, a key of `KINDS`.

    Raises:
        ValueError: For a name that is not known, or two that differ.
    """
    names = [get(name).name for name in declared if name is not None]
    if not names:
        return _UNDECLARED.get(len(example_shape), "field")
    if len(set(names)) > 1:
        raise ValueError(
            f"example_kind must be the generator's, {names[-1]}. "
            f"Received: example_kind={names[0]!r}"
        )
    return names[0]
