"""Mean and covariance of features: what a Frechet distance needs of images.

Published ones are `.npz` files with `mu` and `sigma` (TTUR, pytorch-fid,
clean-fid); ours say of which images they are, too.
"""

import dataclasses
import io
import pathlib

import numpy as np

from keras_gans import writing
from keras_gans.metrics import distances
from keras_gans.presets.files import short

# Beside the numbers, in files of ours: attributes of the same names.
_WORDS = ("extractor", "version", "resize", "dataset", "split")


@dataclasses.dataclass(frozen=True, eq=False)
class Statistics:
    """The mean and the covariance of the features of some images.

    In the place of real images in `evaluate`:

        real = metrics.Statistics.load("fid_stats_cifar10_train.npz")
        metrics.evaluate(gan, real, "inception_2015", ("fid",), 50_000)

    Attributes:
        mean: float64 array `(d,)`.
        covariance: float64 array `(d, d)`.
        n: Integer, the number of images, or `None` where a file does not say.
        extractor: String, the name of the `Extractor`, `""` for unknown; so
            are `version`, `resize`, `dataset` and `split`, of a `Protocol`.
    """

    mean: np.ndarray
    covariance: np.ndarray
    n: int | None = None
    extractor: str = ""
    version: str = ""
    resize: str = ""
    dataset: str = ""
    split: str = ""

    def __post_init__(self):
        for name in ("mean", "covariance"):
            value = np.asarray(getattr(self, name), "float64")
            object.__setattr__(self, name, value)
        mean, covariance = self.mean, self.covariance
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape:
            raise ValueError(
                "mean must have shape (d,) and covariance (d, d). Received: "
                f"shapes {mean.shape} and {covariance.shape}"
            )
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise ValueError(
                "mean and covariance must be finite. Received: NaN or inf"
            )

    @classmethod
    def of(cls, features, **words):
        """Those of features.

        Args:
            features: Array `(n, d)`, two or more.
            **words: Attributes of these statistics.
        """
        features = np.asarray(features)
        if features.ndim != 2 or len(features) < 2:
            raise ValueError(
                "features must have shape (n, d), of 2 examples or more. "
                f"Received: shape {features.shape}"
            )
        mean, covariance = distances.mean_and_covariance(features)
        return cls(mean, covariance, len(features), **words)

    @classmethod
    def load(cls, path):
        """Those of a `.npz` file with `mu` and `sigma`.

        Args:
            path: Path. What the file does not say stays unknown, but that the
                file's name stands for the data set.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it holds none.
        """
        path = pathlib.Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"statistics must be a .npz file. Received: {str(path)!r}"
            )
        try:
            # Nothing in it is run.
            with np.load(path, allow_pickle=False) as file:
                mean, covariance = file["mu"], file["sigma"]
                n = int(file["n"]) if "n" in file else None
                words = {w: str(file[w]) for w in _WORDS if w in file}
            return cls(mean, covariance, n, **{"dataset": path.name, **words})
        except Exception as error:  # Of zip files NumPy has many.
            raise ValueError(
                f"{path} must be a .npz file with mu, the mean of features, "
                f"and sigma, their covariance. Received: {short(error)}"
            ) from error

    def save(self, path):
        """Writes a file that `load`, TTUR and pytorch-fid read.

        Args:
            path: Path, which ends in `.npz`.
        """
        path = pathlib.Path(path)
        if path.suffix != ".npz":
            raise ValueError(
                f"path must end in .npz. Received: path={str(path)!r}"
            )
        words = {name: getattr(self, name) for name in _WORDS}
        if self.n is not None:
            words["n"] = self.n
        memory = io.BytesIO()
        np.savez(memory, mu=self.mean, sigma=self.covariance, **words)
        writing.write(path, memory.getbuffer())

    def check(self, extractor):
        """Raises a `ValueError` if they are known to be another extractor's.

        Args:
            extractor: `Extractor`.
        """
        own = self.extractor, self.version, self.resize
        other = extractor.name, extractor.version, extractor.resize
        if any(a and a != b for a, b in zip(own, other)):
            raise ValueError(
                "Statistics and generated images must have the same extractor, "
                "version and resizing. Received: statistics of "
                f"{_words(own)}, an extractor that is {_words(other)}"
            )
        network = extractor.network
        size = None if network is None else network.output_shape[-1]
        if size not in (None, len(self.mean)):
            raise ValueError(
                f"Statistics must be of the {size} features of "
                f"{extractor.name}. Received: {len(self.mean)}"
            )

    def distance(self, features):
        """The Frechet distance of features from these.

        Args:
            features: Array `(n, d)`.

        Returns:
            Float, see `frechet_distance`.
        """
        other = Statistics.of(features)
        return distances.frechet_distance_from_statistics(
            self.mean, self.covariance, other.mean, other.covariance
        )


def _words(parts):
    return ", ".join(part for part in parts if part)
