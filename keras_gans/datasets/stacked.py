"""Stacked MNIST: a digit in each of three channels, so that 1,000 modes are
known (Metz et al., 2017; the set is of Che et al., 2017).

Three passes over MNIST, each in an order of its own: pass number e has as many
examples as MNIST has, of other triples than all passes before it.
"""

import numpy as np

from keras_gans.datasets.tfds import find_builder, open_tfds

NAME = "stacked_mnist"
# Beside those of `sources`, which may be drawn in the same pass.
_STREAMS = (4, 5, 6)


def find(dataset):
    """Whether `dataset`, whatever `load` takes, is this one."""
    return isinstance(dataset, str) and dataset == NAME


def open_stacked(order, labels, split, fit, places):
    """The `Source`; labels are the digits' number, from 0 to 999."""
    if fit.channels not in (None, 3):
        raise ValueError(
            f"channels of {NAME!r} must be 3, or None. "
            f"Received: channels={fit.channels}"
        )
    builder = find_builder("mnist", *places)
    digits = [
        open_tfds(
            builder,
            # Unshuffled, all three would be the same digit.
            order._replace(shuffle=True, stream=stream),
            labels,
            split,
            fit._replace(channels=1),
            NAME,
        )
        for stream in _STREAMS
    ]

    def read(number, places):
        parts = [digit.read(number, places) for digit in digits]
        images = np.concatenate([part[0] for part in parts], axis=-1)
        if not labels:
            return (images,)
        hundreds, tens, ones = (part[1] for part in parts)
        return images, 100 * hundreds + 10 * tens + ones

    (shape, dtype), *label = digits[0].specs
    return digits[0]._replace(
        read=read, specs=(((*shape[:-1], 3), dtype), *label)
    )
