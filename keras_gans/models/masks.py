"""Holes to train and to score inpainting with: strokes of a brush and boxes.

They are made by `keras.ops` of random numbers alone, so that a step draws them
on its device, compiled or not.
"""

import math

import keras
from keras import ops

from keras_gans.checks import check_integer

SEGMENTS = 4  # of a stroke
# In shares of the image's shorter side: how long a segment of a stroke is at
# most, half of the brush, and half of a box's side.
LENGTH, BRUSH, BOX = 0.4, 0.06, 0.25


def free_form_masks(
    draw, n, image_size, hole_ratio=(0.1, 0.5), num_strokes=4, num_boxes=1
):
    """Draws a mask for each of `n` images.

    A stroke is a line of four segments that turns a little at each, as wide as
    its brush; a box has sides of its own. About half of the shapes are left
    out in each mask. How much of an image is hole is drawn first, and then
    all shapes become as much wider, or narrower, as gives exactly that: a
    pixel is in the hole if it is among so many that are nearest to a shape.

    Args:
        draw: Function of `(distribution, shape)`, one of `keras.random` and a
            shape that starts with `n`, as `AdversarialModel.draw`.
        n: Integer, or a scalar tensor.
        image_size: `(height, width)`.
        hole_ratio: `(least, greatest)`, the share of pixels in the hole.
        num_strokes: Integer, the strokes of a mask at most.
        num_boxes: Integer, its boxes at most.

    Returns:
        Float32 tensor `(n, height, width, 1)`, 1 in the hole and 0 elsewhere.
    """
    height, width = image_size
    pixels = height * width
    y = ops.reshape(ops.arange(height, dtype="float32") + 0.5, (1, 1, -1, 1))
    x = ops.reshape(ops.arange(width, dtype="float32") + 0.5, (1, 1, 1, -1))
    distances = []
    if num_strokes:
        numbers = (n, num_strokes, 5 + 2 * SEGMENTS)
        draws = draw(keras.random.uniform, numbers)
        distances.append(_strokes(draws, y, x, height, width))
    if num_boxes:
        draws = draw(keras.random.uniform, (n, num_boxes, 5))
        distances.append(_boxes(draws, y, x, height, width))
    nearest = ops.min(ops.concatenate(distances, axis=1), axis=1)
    # The place of each pixel among all by its distance, whatever that is.
    order = ops.argsort(ops.reshape(nearest, (-1, pixels)), axis=-1)
    place = ops.cast(ops.argsort(order, axis=-1), "float32")
    low, high = hole_ratio
    share = draw(keras.random.uniform, (n, 1))
    count = ops.round((low + share * (high - low)) * pixels)
    least = max(math.ceil(low * pixels), 1)
    count = ops.clip(count, least, max(math.floor(high * pixels), least))
    masks = ops.cast(place < count, "float32")
    return ops.reshape(masks, (-1, height, width, 1))


def random_masks(n, image_size, hole_ratio=(0.1, 0.5), seed=0, **kwargs):
    """The same as `numpy.bool` `(n, height, width)`, by a seed.

    Args:
        n: Integer, how many.
        image_size: `(height, width)`.
        hole_ratio: See `free_form_masks`.
        seed: Integer. Equal seeds give equal masks on one backend.
        **kwargs: More arguments of `free_form_masks`.
    """
    check_masks(hole_ratio, **kwargs)
    generator = keras.random.SeedGenerator(seed)
    masks = free_form_masks(
        lambda distribution, shape: distribution(shape, seed=generator),
        n,
        image_size,
        hole_ratio,
        **kwargs,
    )
    return ops.convert_to_numpy(masks)[..., 0] > 0


def check_masks(hole_ratio, num_strokes=4, num_boxes=1):
    """Raises a `ValueError` for arguments that make no masks."""
    if (
        not isinstance(hole_ratio, (list, tuple))
        or len(hole_ratio) != 2
        or not 0.0 < hole_ratio[0] <= hole_ratio[1] < 1.0
    ):
        raise ValueError(
            "hole_ratio must be (least, greatest), two shares of an image "
            f"between 0 and 1. Received: hole_ratio={hole_ratio!r}"
        )
    check_integer("num_strokes", num_strokes, minimum=0)
    check_integer("num_boxes", num_boxes, minimum=0)
    if num_strokes + num_boxes == 0:
        raise ValueError(
            "num_strokes or num_boxes must be 1 or more, for there to be a "
            "hole. Received: num_strokes=0, num_boxes=0"
        )


# Of uniform numbers `(n, shapes, ...)`: each shape's distance from each pixel,
# `(n, shapes, height, width)`, negative inside.


def _strokes(draws, y, x, height, width):
    side = min(height, width)
    draws = draws[..., None, None]
    top, left = draws[:, :, 0] * height, draws[:, :, 1] * width
    angle = draws[:, :, 2] * 2 * math.pi
    squares = None
    for i in range(SEGMENTS):
        turn, length = (draws[:, :, 5 + 2 * i + j] for j in (0, 1))
        angle = angle + (2 * turn - 1) * math.pi / 3
        length = (length + 0.1) * LENGTH * side
        down, right = ops.sin(angle), ops.cos(angle)
        # Where along the segment a pixel is nearest to it.
        along = (y - top) * down + (x - left) * right
        along = ops.clip(along, 0.0, length)
        square = ops.square(y - top - along * down)
        square = square + ops.square(x - left - along * right)
        squares = square if squares is None else ops.minimum(squares, square)
        top, left = top + length * down, left + length * right
    brush = (0.2 + draws[:, :, 3]) * BRUSH * side
    return ops.sqrt(squares) - brush + _absence(draws, height, width)


def _boxes(draws, y, x, height, width):
    side = min(height, width)
    draws = draws[..., None, None]
    down = ops.abs(y - draws[:, :, 0] * height)
    right = ops.abs(x - draws[:, :, 1] * width)
    down = down - (0.2 + draws[:, :, 2]) * BOX * side
    right = right - (0.2 + draws[:, :, 3]) * BOX * side
    distance = ops.maximum(down, right)
    return distance + _absence(draws, height, width)


def _absence(draws, height, width):
    """What puts half of the shapes further away than any that is there.

    If none is there, they are all as far, and so all there.
    """
    return ops.cast(draws[:, :, 4] < 0.5, "float32") * (height + width)
