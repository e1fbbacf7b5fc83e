"""Real-ESRGAN's degradation: from a good image to one as people have them.

"Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic
Data" (Wang et al., 2021), https://arxiv.org/abs/2107.10833, section 3. A
picture was blurred, resized, noisy and compressed, was put on a page, and
went through all of it again:

    y = JPEG(resize(x * k1) + n1),
    z = sinc and JPEG, in either order, of resize(y * k2) + n2.

Each part is a function of its own. Images are float32 `(height, width,
channels)` in [-1, 1], of one or three channels. All that is drawn comes from
the generator that is given: the same state makes the same image.

Deviations from the authors' code: JPEG is Pillow's, with whole numbers as
qualities. The truth is not sharpened before (their "plus" models' is).
"""

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_gans.datasets.blur_kernels import (
    SIZES,
    draw_kernel,
    draw_sinc_kernel,
)
from keras_gans.pixels import from_uint8, to_uint8
from keras_gans.resizing import cubic

# Of red, green and blue in what is seen as brightness (ITU-R BT.601).
LUMA = np.float32([0.299, 0.587, 0.114])


class Pass(NamedTuple):
    """The settings of one of the two passes.

    Attributes:
        blur: The probability that it blurs.
        sigmas: Of `draw_kernel`.
        resize: The probabilities of larger, smaller, and the same size.
        factors: The least and the greatest factor of the size.
        noise: The least and greatest standard deviation, in steps of 1/255.
        poisson: The least and greatest factor of Poisson noise.
        quality: The least and greatest one of JPEG.
    """

    blur: float
    sigmas: tuple
    resize: tuple
    factors: tuple
    noise: tuple
    poisson: tuple
    quality: tuple = (30, 95)


# The paper's, section 4.1.
FIRST = Pass(
    blur=1.0,
    sigmas=(0.2, 3.0),
    resize=(0.2, 0.7, 0.1),
    factors=(0.15, 1.5),
    noise=(1, 30),
    poisson=(0.05, 3.0),
)
SECOND = Pass(
    blur=0.8,
    sigmas=(0.2, 1.5),
    resize=(0.3, 0.4, 0.3),
    factors=(0.3, 1.2),
    noise=(1, 25),
    poisson=(0.05, 2.5),
)
METHODS = ("area", "bilinear", "bicubic")
GAUSSIAN = 0.5  # The probability of Gaussian, and not Poisson noise;
GREY = 0.4  # that noise is the same in all channels;
LAST_SINC = 0.8  # and of a filter that rings at the end.


def real_esrgan(image, size, rng):
    """A low-resolution image as Real-ESRGAN learns from (section 3).

    Args:
        image: float32 array `(height, width, channels)` in [-1, 1].
        size: `(height, width)` of the result.
        rng: `numpy.random.Generator`.

    Returns:
        float32 array `(*size, channels)` in [-1, 1].
    """
    x = _draw_pass(image, image.shape[:2], rng, FIRST)
    x = _draw_jpeg(x, rng, FIRST)
    x = _draw_pass(x, size, rng, SECOND)
    method = rng.choice(METHODS)
    kernel = None
    if rng.random() < LAST_SINC:
        kernel = draw_sinc_kernel(rng, int(rng.choice(SIZES)), np.pi / 3)

    def filtered(x):
        x = resize(x, size, method)
        return x if kernel is None else convolve(x, kernel)

    if rng.random() < 0.5:
        return _draw_jpeg(filtered(x), rng, SECOND)
    return np.clip(filtered(_draw_jpeg(x, rng, SECOND)), -1, 1)


def _draw_pass(x, size, rng, settings):
    """Blur, resize and noise; `size` is what its factors are of."""
    if rng.random() < settings.blur:
        x = convolve(x, draw_kernel(rng, settings.sigmas))
    least, greatest = settings.factors
    ways = ((1, greatest), (least, 1), (1, 1))
    factor = rng.uniform(*ways[rng.choice(3, p=settings.resize)])
    size = [max(int(side * factor), 1) for side in size]
    x = resize(x, size, rng.choice(METHODS))
    add, strengths = poisson_noise, settings.poisson
    if rng.random() < GAUSSIAN:
        add, strengths = gaussian_noise, settings.noise
    return add(x, rng, rng.uniform(*strengths), grey=rng.random() < GREY)


def _draw_jpeg(x, rng, settings):
    least, greatest = settings.quality
    pixels = jpeg(to_uint8(x), int(rng.integers(least, greatest + 1)))
    return from_uint8(pixels)


# ---- the parts ------------------------------------------------------------


def convolve(image, kernel):
    """An image blurred by a point-symmetric kernel, its border reflected.

    Args:
        image: float32 array `(height, width, channels)`.
        kernel: Array `(size, size)`, of an odd size.

    Returns:
        float32 array of the image's shape.
    """
    reach = len(kernel) // 2
    ends = (reach, reach)
    padded = np.pad(image, (ends, ends, (0, 0)), "reflect")
    # As a product of spectra: of 21x21 weights it takes a tenth of the time.
    size = [_fast(side) for side in padded.shape[:2]]
    spectra = np.fft.rfft2(
        np.ascontiguousarray(np.moveaxis(padded, -1, 0)), size
    )
    spectra *= np.fft.rfft2(kernel.astype("float32"), size)
    made = np.fft.irfft2(spectra, size)
    # What went around the end lies before this.
    height, width = image.shape[:2]
    made = made[:, 2 * reach :, 2 * reach :][:, :height, :width]
    return np.moveaxis(made, 0, -1)


def _fast(size):
    """The next number that has no prime factors but 2, 3 and 5."""
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 1


def resize(image, size, method):
    """An image of another size, as PyTorch's `interpolate` makes it.

    Args:
        image: float32 array `(height, width, channels)`.
        size: `(height, width)`.
        method: `"area"`, the mean of the pixels that a new one covers, or
            `"bilinear"` or `"bicubic"`, not antialiased: what shrinks so has
            jagged edges, as much that is on the web has.

    Returns:
        float32 array `(*size, channels)`; bicubic may go beyond [-1, 1].
    """
    x = _resized(image, size[0], method)
    return np.swapaxes(_resized(np.swapaxes(x, 0, 1), size[1], method), 0, 1)


def _resized(image, new_size, method):
    """Resizes the first axis, a sum of a few rows for each new one."""
    # Products of matrices would wake the threads of BLAS, which get in the
    # way of the training that waits for this.
    size = len(image)
    flat = np.ascontiguousarray(image).reshape(size, -1)
    rows = np.arange(new_size)
    if method == "area":
        starts = rows * size // new_size
        ends = -(-(rows + 1) * size // new_size)
        edges = np.stack([starts, ends], axis=1).ravel()
        below = np.append(flat, np.zeros_like(flat[:1]), axis=0)
        made = np.add.reduceat(below, edges, axis=0)[::2]
        made /= (ends - starts)[:, None].astype("float32")
    else:
        centers = (rows + 0.5) * (size / new_size) - 0.5
        first = np.floor(centers).astype(int)
        made = 0
        for step in (0, 1) if method == "bilinear" else (-1, 0, 1, 2):
            distance = np.abs(centers - first - step)
            weights = (
                1 - distance if method == "bilinear" else cubic(distance, -0.75)
            )
            # The border is repeated.
            taps = np.clip(first + step, 0, size - 1)
            made = made + weights[:, None].astype("float32") * flat[taps]
    return made.reshape(new_size, *image.shape[1:])


def gaussian_noise(image, rng, strength, grey=False):
    """An image with noise that does not depend on it (section 3.1).

    Args:
        image: float32 array `(height, width, channels)` in [-1, 1].
        rng: `numpy.random.Generator`.
        strength: Float, the standard deviation in steps of 1/255.
        grey: Boolean, whether it is the same in all channels.

    Returns:
        float32 array of the image's shape in [-1, 1].
    """
    shape = (*image.shape[:2], 1) if grey else image.shape
    noise = rng.standard_normal(shape, dtype="float32")
    return np.clip(image + np.float32(strength / 127.5) * noise, -1, 1)


def poisson_noise(image, rng, strength, grey=False):
    """An image with the noise of a sensor that counts photons (section 3.1).

    As many as an image has values, rounded up to a power of two, make white.

    Args:
        image: float32 array `(height, width, channels)` in [-1, 1].
        rng: `numpy.random.Generator`.
        strength: Float, what the noise is multiplied by.
        grey: Boolean, whether it is the same in all channels, that of the
            brightness.

    Returns:
        float32 array of the image's shape in [-1, 1].
    """
    seen = np.clip(image, -1, 1)
    if grey and image.shape[-1] == 3:
        seen = seen @ LUMA[:, None]
    values = np.count_nonzero(np.bincount(to_uint8(seen).ravel()))
    white = 2.0 ** np.ceil(np.log2(values))
    light = (seen + 1) * (white / 2)
    noise = (rng.poisson(light) - light) * (2 / white * strength)
    return np.clip(image + noise.astype("float32"), -1, 1)


def jpeg(pixels, quality):
    """What is left of an image that was saved as JPEG.

    Args:
        pixels: uint8 array `(height, width, channels)`.
        quality: Integer from 1 to 100.

    Returns:
        uint8 array of the same shape.
    """
    file = io.BytesIO()
    grey = pixels.shape[-1] == 1
    Image.fromarray(pixels[..., 0] if grey else pixels).save(
        file, "JPEG", quality=quality
    )
    return np.asarray(Image.open(file)).reshape(pixels.shape)


# What `load_high_res` takes as its `degradation`.
DEGRADATIONS = {"real_esrgan": real_esrgan}
