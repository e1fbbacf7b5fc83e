"""Scores as Keras metrics, for `compile(metrics=[...])` and `evaluate`."""

import keras
import numpy as np
from keras import ops

from keras_gans import pixels
from keras_gans.metrics import extractors


class _ExtractorMetric(keras.metrics.Metric):
    def __init__(self, extractor, name, dtype=None):
        # Sums and differences of squares, under every dtype policy.
        super().__init__(name=name, dtype=dtype or "float32")
        self.extractor = extractors.get(extractor)
        if self.extractor.network is None:
            raise ValueError(
                "extractor must have a network, which runs within the graph of "
                f"evaluate(). Received: extractor={self.extractor.name!r}"
            )
        self._extractor_name = extractor if isinstance(extractor, str) else None

    def _features(self, name, images):
        network = self.extractor.network
        if isinstance(images, np.ndarray):
            # Not what a step hands over, which its door has checked.
            images = pixels.read_floats(name, images)
        images = ops.cast(
            pixels.read_tensor(name, ops.convert_to_tensor(images)), "float32"
        )
        features = network(
            extractors.fit_channels(images, network), training=False
        )
        return ops.cast(features, self.dtype)

    def get_config(self):
        if self._extractor_name is None:
            raise ValueError(
                "A metric can be saved if its extractor was given by name. "
                f"Received: extractor={self.extractor.name!r}, an object"
            )
        return {
            "extractor": self._extractor_name,
            "name": self.name,
            "dtype": self.dtype,
        }


@keras.saving.register_keras_serializable("keras_gans")
class FrechetDistance(_ExtractorMetric):
    """Frechet distance of the examples that `evaluate` has seen.

        gan.compile(metrics=[keras_gans.metrics.FrechetDistance()])
        gan.evaluate(test_images)

    Running sums are kept, not features, and in float32: the rounding is below
    one percent of the distance, or 0.01. `keras_gans.metrics.evaluate` works
    in float64, on images as they are stored, with eight bits. The distance is
    computed in every step, which is quick for the 64 or 128 features of the
    project's classifiers; for the 2,048 of Inception take `KernelDistance`.

    Args:
        extractor: A name, or an `Extractor` with a network, see
            `keras_gans.metrics.get_extractor`.
        name: String, the key in the logs.
        dtype: Of the sums.
    """

    def __init__(self, extractor="mnist_classifier", name="fid", dtype=None):
        super().__init__(extractor, name, dtype)
        d = self.extractor.network.output_shape[-1]
        self._sums = [
            [
                self.add_variable(shape, "zeros", name=f"{side}_{part}")
                for part, shape in (
                    ("count", ()),
                    ("sum", (d,)),
                    ("products", (d, d)),
                )
            ]
            for side in ("real", "fake")
        ]

    def update_state(self, real, fake):
        """Adds a batch.

        Args:
            real: Images `(batch, height, width, channels)`, see
                `keras_gans.pixels`. Of tensors only the dtype is looked at.
            fake: The same, generated.
        """
        sides = ("real", real), ("fake", fake)
        for side, (count, total, products) in zip(sides, self._sums):
            x = self._features(*side)
            count.assign_add(ops.cast(ops.shape(x)[0], self.dtype))
            total.assign_add(ops.sum(x, axis=0))
            products.assign_add(ops.matmul(ops.transpose(x), x))

    def result(self):
        means, factors, trace = [], [], 0.0
        for count, total, products in self._sums:
            mean = total / ops.maximum(count, 1)
            covariance = products - count * ops.outer(mean, mean)
            covariance = covariance / ops.maximum(count - 1, 1)
            # As in `frechet_distance`: F with F^T F the covariance.
            values, vectors = ops.eigh(covariance)
            roots = ops.sqrt(ops.maximum(values, 0))
            factors.append(roots[:, None] * ops.transpose(vectors))
            trace = trace + ops.sum(ops.square(roots))
            means.append(mean)
        cross = ops.matmul(factors[0], ops.transpose(factors[1]))
        cross = ops.sum(ops.svd(cross, compute_uv=False))
        shift = ops.sum(ops.square(means[0] - means[1]))
        return shift + ops.maximum(trace - 2 * cross, 0)


@keras.saving.register_keras_serializable("keras_gans")
class KernelDistance(_ExtractorMetric):
    """Kernel distance of the examples that `evaluate` has seen.

    The mean over batches of the unbiased estimate within a batch: of the same
    expectation as `kernel_distance`, with more noise the smaller the batches
    are. A batch of one example, as the last or a replica's may be, has no
    estimate and is left out.

    In early training `kernel_distance` is anything up to 1e5. Here generated
    examples' features that are more than a quarter longer than the longest of
    the batch's real ones are shortened to that: a generator that has learned
    makes none such, and the distance keeps the scale of the data (at most some
    hundreds for digits). To stop by it, begin where samples have become
    recognisable, with two hundred examples or more in a batch:

        keras.callbacks.EarlyStopping(
            "val_kid", mode="min", patience=5, start_from_epoch=5
        )

    Args:
        extractor: A name, or an `Extractor` with a network, see
            `keras_gans.metrics.get_extractor`.
        name: String, the key in the logs.
        dtype: Of the sums.

    Reference:
        Binkowski et al., "Demystifying MMD GANs", 2018.
    """

    def __init__(self, extractor="mnist_classifier", name="kid", dtype=None):
        super().__init__(extractor, name, dtype)
        self._total = self.add_variable((), "zeros", name="total")
        self._count = self.add_variable((), "zeros", name="count")

    def update_state(self, real, fake):
        """Adds a batch.

        Args:
            real: Images `(batch, height, width, channels)`, see
                `keras_gans.pixels`. Of tensors only the dtype is looked at.
            fake: The same, generated.
        """
        x = self._features("real", real)
        y = _shortened(self._features("fake", fake), x)
        distance = -2 * ops.mean(_kernel(x, y))
        for z in (x, y):
            values = _kernel(z, z)
            n = ops.cast(ops.shape(z)[0], self.dtype)
            outside = ops.sum(values) - ops.sum(ops.diagonal(values))
            distance = distance + outside / ops.maximum(n * (n - 1), 1)
        # A last batch, or a replica's part of it, may have fewer.
        enough = ops.shape(x)[0] > 1
        self._total.assign_add(ops.where(enough, distance, 0.0))
        self._count.assign_add(ops.cast(enough, self.dtype))

    def result(self):
        # Of no batch, or batches of one: nothing, which must not look perfect.
        mean = self._total / ops.maximum(self._count, 1)
        return ops.where(self._count > 0, mean, float("nan"))


def _shortened(fake, real):
    """Features at most a quarter longer than the longest of the real ones."""
    longest = ops.sqrt(ops.max(ops.sum(ops.square(real), axis=1), initial=0.0))
    length = ops.sqrt(ops.sum(ops.square(fake), axis=1, keepdims=True))
    return fake * ops.minimum(1.0, 1.25 * longest / ops.maximum(length, 1e-30))


def _kernel(x, y):
    return (ops.matmul(x, ops.transpose(y)) / x.shape[1] + 1) ** 3
