"""Random crops and mirrors, as pix2pix and CycleGAN have them, and mirrors."""

import numpy as np


def jittered(data, order):
    """Cuts images that `Fit` left larger, and mirrors them, at random.

    All images of an example are treated alike. What is drawn depends on the
    example's place in the pass, and not on the images.
    """
    size = data.image_size

    def read(number, places):
        draws = order.draws(number, (data.size, 3))[places]
        return tuple(
            np.stack([_crop(x, *row, size) for x, row in zip(images, draws)])
            for images in data.read(number, places)
        )

    specs = tuple(((*size, s[-1]), dtype) for s, dtype in data.specs)
    return data._replace(read=read, specs=specs)


def _crop(image, row, column, mirrored, size):
    """Cuts and mirrors an image by draws from [0, 1)."""
    top, left = (
        int(draw * (side - goal + 1))
        for draw, side, goal in zip((row, column), image.shape, size)
    )
    image = image[top : top + size[0], left : left + size[1]]
    return image[:, ::-1] if mirrored < 0.5 else image


def mirrored(data, order):
    """Mirrors half of the examples, left to right, at random.

    All images of an example are treated alike. What is drawn depends on the
    example's place in the pass, and not on the images.
    """
    # Labels stay.
    are_images = [len(shape) == 3 for shape, _ in data.specs]

    def read(number, places):
        turned = order.draws(number, (data.size,))[places] < 0.5
        turned = turned[:, None, None, None]
        return tuple(
            np.where(turned, x[:, :, ::-1], x) if is_image else x
            for x, is_image in zip(data.read(number, places), are_images)
        )

    return data._replace(read=read)
