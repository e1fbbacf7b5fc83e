"""What latents are good for once a model is trained: the ways between them,
the directions in them, and the latents of given examples.
"""

import numpy as np

from keras_gans.checks import check_integer, check_positive
from keras_gans.models import directions, projection

# ---- ways between latents -------------------------------------------------


def slerp(a, b, t):
    """From `a` to `b` along the great circle, as normal latents want it.

    In many dimensions all normal vectors are about as long, and the middle of
    a straight line is shorter than any of them: `t` is a part of the angle,

        sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b.

    Opposite vectors have no one great circle, and equal ones no angle: between
    them the line is straight.

    Args:
        a: Array `(..., dim)`.
        b: Array of that shape.
        t: Number, or array `(...)`: 0 is `a` and 1 is `b`.

    Returns:
        float64 array `(..., dim)`.

    Reference:
        White, "Sampling Generative Networks", 2016.
    """
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    t = np.asarray(t, "float64")[..., None]
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    cosine = np.sum(a * b, axis=-1) / np.maximum(lengths, 1e-300)
    angle = np.arccos(np.clip(cosine, -1, 1))[..., None]
    straight = np.sin(angle) < 1e-6
    sine = np.where(straight, 1.0, np.sin(angle))
    first = np.where(straight, 1 - t, np.sin((1 - t) * angle) / sine)
    second = np.where(straight, t, np.sin(t * angle) / sine)
    return first * a + second * b


def walk(points, n_steps, closed=False):
    """Evenly many steps from each point to the next one, by `slerp`.

    Args:
        points: Array `(n, dim)`, 2 or more.
        n_steps: Integer, how many latents; the first is the first point.
        closed: Boolean, go on from the last point to the first one, which is
            not made twice. Otherwise the last point is the last one.

    Returns:
        float32 array `(n_steps, dim)`.
    """
    legs = len(points) if closed else len(points) - 1
    t = np.linspace(0, legs, n_steps, endpoint=not closed)
    start = np.minimum(t.astype(int), legs - 1)
    path = slerp(points[start], points[(start + 1) % len(points)], t - start)
    return path.astype("float32")


# ---- what a user hands over -----------------------------------------------


def check_latents(latents, n, latent_dim):
    """Latents as a float32 array `(n, latent_dim)`, or an error.

    Args:
        latents: What the user gave.
        n: Integer, how many there must be; `None` for 1 or more.
        latent_dim: Integer.
    """
    try:
        array = np.asarray(latents)
    except ValueError:
        raise ValueError(
            "latents must be vectors of one length. Received: latents of "
            "several"
        ) from None
    if (
        array.ndim != 2
        or array.shape[1] != latent_dim
        or (len(array) != n if n is not None else len(array) < 1)
    ):
        raise ValueError(
            f"latents must have shape ({'n' if n is None else n}, "
            f"{latent_dim}). Received: latents with shape {array.shape}"
        )
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise ValueError(
            "latents must be finite numbers. Received: latents with dtype "
            f"{array.dtype}{' and NaN or inf' * (array.dtype.kind == 'f')}"
        )
    return array.astype("float32")


class GivenLatents:
    """Stands in a random generator's place: hands out latents in order.

    Args:
        latents: float32 array `(n, latent_dim)`.
    """

    def __init__(self, latents):
        self.latents = latents
        self.start = 0

    def standard_normal(self, shape):
        """The next ones; behind the last of them copies fill a batch."""
        batch = self.latents[self.start : self.start + shape[0]]
        self.start += shape[0]
        return np.resize(batch, shape)


# ---- what models do -------------------------------------------------------


class Latents:
    """What stands before `Labels` in the bases of a `SamplingModel`.

    Where a sample is, its position, is its latent; of a model with styles it
    is a style. The last methods say what the others do with positions.
    """

    def interpolate(
        self,
        n_steps,
        latents=None,
        labels=None,
        seed=None,
        n_points=None,
        closed=False,
        batch_size=None,
        truncation=None,
    ):
        """Samples on the way from one latent to the next, see `slerp`.

        Args:
            n_steps: Integer, how many samples all in all.
            latents: Array `(n, latent_dim)` of 2 or more that the way leads
                through, evenly; `None` to draw `n_points`.
            labels: Of models that take labels in `generate`: an integer for
                the whole way, by default 0, or `n_steps` integers.
            seed: Integer, of the latents: those of `generate` with it.
                `None` for others in every call.
            n_points: Integer, 2 or more, how many latents to draw; 2 by
                default.
            closed: Boolean, end one step before the first sample: in a loop,
                a film without a jump.
            batch_size: See `generate`.
            truncation: See `generate`.

        Returns:
            As of `generate`, `n_steps` of them.
        """
        check_integer("n_steps", n_steps, minimum=2)
        if latents is None:
            n_points = 2 if n_points is None else n_points
            check_integer("n_points", n_points, minimum=2)
        else:
            if n_points is not None:
                raise ValueError(
                    "n_points must be None with latents, which are the "
                    f"points. Received: n_points={n_points!r}"
                )
        points = self._latents_of(latents, n_points, seed)
        if len(points) < 2:
            raise ValueError(
                "latents must be 2 or more to go from one to the next. "
                f"Received: latents with shape {points.shape}"
            )
        if labels is None and self.num_labels:
            labels = 0
        return self.generate(
            n_steps,
            labels,
            batch_size=batch_size,
            truncation=truncation,
            latents=walk(points, n_steps, closed),
        )

    def directions(self, n, method="sefa", seed=0):
        """Directions in the latents that change samples the most.

        What one of them changes nobody says: `edit` shows it.

        Args:
            n: Integer, how many.
            method: `"sefa"`, the eigenvectors of A^T A, with A the first
                dense layers that take the latents (more than one where a part
                of the latents goes to each block): the directions in which
                what these layers make moves the furthest. `"ganspace"`, the
                principal components of what the first layers, with their
                activation, make of 2,048 samples' latents, as directions in
                the latents by linear regression.
            seed: Integer, of the samples of `"ganspace"`.

        Returns:
            float32 array `(n, latent_dim)`, of length 1, the strongest first;
            of signs such that each one's largest value is positive.

        Raises:
            ValueError: If the generator has no such layer, or there are not
                that many directions.

        References:
            Shen and Zhou, "Closed-Form Factorization of Latent Semantics in
            GANs", 2020 (SeFa).
            Harkonen et al., "GANSpace: Discovering Interpretable GAN
            Controls", 2020.
        """
        check_integer("n", n, minimum=1)
        if method == "sefa":
            return directions.sefa(self._first_maps(), n)
        if method == "ganspace":
            positions, features = self._first_features(
                np.random.default_rng(seed)
            )
            return directions.ganspace(positions, features, n)
        raise ValueError(
            f"method must be 'sefa' or 'ganspace'. Received: method={method!r}"
        )

    def edit(
        self,
        direction,
        strengths,
        n=None,
        latents=None,
        labels=None,
        seed=None,
        truncation=None,
    ):
        """Samples that are moved along a direction.

        Args:
            direction: Array `(latent_dim,)`, as one of `directions`.
            strengths: Numbers, how far to move; 0 moves nothing. A latent is
                about as long as the root of `latent_dim`.
            n: Integer, how many samples; by default 8, or as many as latents.
            latents: Array `(n, latent_dim)`, or `None` to draw them.
            labels: See `generate`.
            seed: See `generate`.
            truncation: See `generate`; of the samples before they are moved.

        Returns:
            As of `generate`, but `(n, len(strengths), ...)`:
            `pictures.image_grid` takes them.
        """
        if latents is None and n is None:
            n = 8
        if n is not None:
            check_integer("n", n, minimum=1)
        if truncation is not None:
            check_positive("truncation", truncation)
        latents = self._latents_of(latents, n, seed)
        labels = self.check_labels(labels, len(latents))
        positions = self._positions(latents, labels, truncation)
        return self._edited(positions, labels, direction, strengths)

    def _edited(self, positions, labels, direction, strengths):
        size = positions.shape[-1]
        if np.shape(direction) != (size,):
            raise ValueError(
                f"direction must have shape ({size},). Received: direction "
                f"with shape {np.shape(direction)}"
            )
        strengths = np.asarray(strengths)
        if strengths.ndim != 1 or not len(strengths):
            raise ValueError(
                "strengths must be one or more numbers. Received: strengths "
                f"with shape {strengths.shape}"
            )
        for name, values in (
            ("strengths", strengths),
            ("direction", np.asarray(direction)),
        ):
            if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
                raise ValueError(
                    f"{name} must be finite numbers. Received: {name}={values}"
                )
        strengths = strengths.astype("float32")
        step = strengths[:, None] * np.asarray(direction, "float32")
        # A StyleGAN's positions may have a style for each layer.
        step = step.reshape(-1, *(1,) * (positions.ndim - 2), size)
        moved = (positions[:, None] + step).reshape(-1, *positions.shape[1:])
        if labels is not None:
            labels = np.repeat(labels, len(strengths))
        samples = self._samples_at(moved, labels)
        return samples.reshape(-1, len(strengths), *samples.shape[1:])

    def project(
        self,
        images,
        labels=None,
        n_steps=300,
        n_restarts=10,
        features=None,
        feature_weight=0.1,
        norm_weight=0.01,
        learning_rate=0.1,
        seed=None,
    ):
        """Searches the latents whose samples are nearest to given examples.

        From several latents that are drawn, Adam descends the mean squared
        error of the pixels (in [-1, 1]), plus, with `features`, the squared
        distance of the features as a part of their square, plus a prior on
        the length of latents,

            norm_weight (|z|^2 / latent_dim - 1)^2,

        without which they leave the places that the generator knows. The best
        of all steps and starts is kept.

        Args:
            images: Examples as those of the model, `(n, ...)`; images of
                uint8, or floats in [-1, 1].
            labels: Of models that take labels in `generate`: an integer, or
                `n` integers; by default the starts of each example have all
                labels in turn, and the best start's is found with its latent.
            n_steps: Integer, the updates from each start.
            n_restarts: Integer, the starts for each example, all at once.
            features: `None`; the name of a `metrics.Extractor` that has a
                network, or one; or a `keras.Model` of images in [-1, 1].
            feature_weight: Float, of the features' distance.
            norm_weight: Float, of the prior.
            learning_rate: Float, of the first step; the last ones are near 0.
            seed: Integer or `None`, of the starts.

        Returns:
            A `Projection`: `latents`, `images`, `distances`, `labels`.
        """
        return projection.project(
            self,
            self._starts,
            images,
            labels,
            n_steps=n_steps,
            n_restarts=n_restarts,
            features=features,
            feature_weight=feature_weight,
            norm_weight=norm_weight,
            learning_rate=learning_rate,
            seed=seed,
        )

    def _latents_of(self, latents, n, seed):
        """Latents that were given, or those that `generate` has by a seed."""
        if latents is None:
            rng = np.random.default_rng(seed)
            drawn = rng.standard_normal((n, self.latent_dim))
            return drawn.astype("float32")
        if seed is not None:
            raise ValueError(
                "seed must be None with latents, of which nothing is drawn. "
                f"Received: seed={seed!r}"
            )
        return check_latents(latents, n, self.latent_dim)

    # ---- positions, here latents ------------------------------------------

    def _positions(self, latents, labels, truncation):
        """Where the samples of latents are, an array `(n, dim)`."""
        return self.truncated_latents(latents, truncation)

    def _samples_at(self, positions, labels):
        """Samples as of `generate`."""
        return self.generate(len(positions), labels, latents=positions)

    def _outputs_at(self, positions, labels):
        """What the inference network makes, of tensors and in a graph."""
        return self(self.generator_inputs(positions, labels), training=False)

    def _starts(self, rng, n, labels):
        """`(starts, center, scale)`: positions are about `center + scale z`,
        with `z` of the length that a normal vector has."""
        return rng.standard_normal((n, self.latent_dim)), 0.0, 1.0

    def _first_maps(self):
        """Array `(units, dim)`, what takes positions linearly."""
        return directions.first_maps(self.inference_network, self.latent_dim)

    def _first_features(self, rng):
        """Positions, and features of them `(n, d)`, as arrays."""
        return directions.first_features(self, rng)
