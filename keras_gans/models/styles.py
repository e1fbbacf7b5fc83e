"""What stands before a `SamplingModel` whose generator has styles."""

import dataclasses
import functools

import numpy as np
from keras import ops

from keras_gans import backend, example_kinds
from keras_gans.models import directions, projection
from keras_gans.models.inference import batch_size_for, compiled
from keras_gans.models.latents import Latents
from keras_gans.pixels import to_uint8_tensor


class Styles(Latents):
    """Directions are of styles, and `project` finds styles.

    The generator has `mapping`, `synthesis`, `average_style` and `num_styles`,
    as `StyleGAN2Generator`; the model `all_styles` and `truncated_styles`.
    """

    def generate_from_styles(self, styles):
        """Images of styles.

        Args:
            styles: Array `(n, style_dim)`, or `(n, num_styles, style_dim)`
                with one for each layer.

        Returns:
            As of `generate`.
        """
        return self._samples_at(self._check_styles(styles), None)

    def edit(
        self,
        direction,
        strengths,
        n=None,
        latents=None,
        labels=None,
        seed=None,
        truncation=None,
        styles=None,
    ):
        """`SamplingModel.edit`, with directions of styles.

        Args:
            direction: Array `(style_dim,)`.
            strengths: See `SamplingModel.edit`.
            n: See `SamplingModel.edit`.
            latents: See `SamplingModel.edit`.
            labels: See `SamplingModel.edit`.
            seed: See `SamplingModel.edit`.
            truncation: See `SamplingModel.edit`.
            styles: In place of all of these, styles to move, as those that
                `project` finds; see `generate_from_styles`.
        """
        if styles is None:
            return super().edit(
                direction, strengths, n, latents, labels, seed, truncation
            )
        others = (n, latents, labels, seed, truncation)
        if any(other is not None for other in others):
            raise ValueError(
                "styles stand in the place of n, latents, labels, seed and "
                f"truncation, which must be None. Received: n={n!r}, "
                f"latents={latents!r:.100}, labels={labels!r:.100}, "
                f"seed={seed!r}, truncation={truncation!r}"
            )
        styles = self._check_styles(styles)
        return self._edited(styles, None, direction, strengths)

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
        space="w",
    ):
        """`SamplingModel.project`, which searches styles.

        The first start of each image is the mean of all styles, the others
        are styles of latents. The prior is on how far a style is from the
        mean, next to how far styles are. Noise stays what it is.

        Args:
            images: See `SamplingModel.project`.
            labels: See `SamplingModel.project`; of the starts alone.
            n_steps: See `SamplingModel.project`.
            n_restarts: See `SamplingModel.project`.
            features: See `SamplingModel.project`.
            feature_weight: See `SamplingModel.project`.
            norm_weight: See `SamplingModel.project`.
            learning_rate: See `SamplingModel.project`.
            seed: See `SamplingModel.project`.
            space: `"w"` for one style an image, or `"w+"` for one for each
                layer: nearer, and further from what the generator knows.

        Returns:
            A `Projection`, whose `latents` are styles, `(n, style_dim)` or
            `(n, num_styles, style_dim)`.

        References:
            Karras et al., 2019, section 5 (W); Abdal, Qin, Wonka,
            "Image2StyleGAN", 2019 (W+).
        """
        if space not in ("w", "w+"):
            raise ValueError(
                f"space must be 'w' or 'w+'. Received: space={space!r}"
            )
        found = projection.project(
            self,
            functools.partial(
                self._style_starts, n_restarts, each_layer=space == "w+"
            ),
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
        # Whatever label a start had: a style needs none.
        return dataclasses.replace(found, labels=None)

    def _check_styles(self, styles):
        network = self.inference_network
        size = network.synthesis.inputs[0].shape[-1]
        styles = np.asarray(styles, "float32")
        known = styles.shape[1:] in ((size,), (network.num_styles, size))
        if not known or not len(styles):
            raise ValueError(
                f"styles must have shape (n, {size}) or (n, "
                f"{network.num_styles}, {size}). Received: styles with shape "
                f"{styles.shape}"
            )
        if not np.isfinite(styles).all():
            raise ValueError(
                "styles must be finite numbers. Received: styles with NaN or "
                "inf"
            )
        return styles

    # ---- positions, here styles -------------------------------------------

    def _positions(self, latents, labels, truncation):
        psi = np.float32(1.0 if truncation is None else truncation)
        inputs = self.generator_inputs(latents, labels)
        styles = self.truncated_styles(inputs, psi)
        return ops.convert_to_numpy(styles)[:, 0]

    def _samples_at(self, positions, labels):
        n = len(positions)
        # All of one rank: one compilation serves W and W+.
        if positions.ndim == 2:
            layers = self.inference_network.num_styles
            positions = np.repeat(positions[:, None], layers, axis=1)
        size = batch_size_for(self, self.example_shape)
        size = min(size, 1 << (n - 1).bit_length())
        backend.sync(self)
        # All of one shape: copies fill the last batch.
        batches = (
            np.resize(positions[i : i + size], (size, *positions.shape[1:]))
            for i in range(0, n, size)
        )
        images = backend.map_batches(
            compiled(
                self, "styles", self.inference_network, self._samples_of_styles
            ),
            batches,
        )
        return np.concatenate(list(images))[:n]

    def _samples_of_styles(self, styles):
        images = self._outputs_at(styles, None)
        if example_kinds.get(self.example_kind).eight_bits:
            return to_uint8_tensor(images)
        return ops.cast(images, "float32")

    def _outputs_at(self, positions, labels):
        if len(positions.shape) == 2:
            positions = self.all_styles(positions)
        return self.inference_network.synthesis(positions, training=False)

    def _style_starts(self, n_restarts, rng, n, labels, each_layer):
        mean = ops.convert_to_numpy(self.inference_network.average_style)
        latents = rng.standard_normal((n, self.latent_dim)).astype("float32")
        styles = self._positions(latents, labels, None)
        scale = float(np.sqrt(np.square(styles - mean).mean()))
        styles[::n_restarts] = mean
        if each_layer:
            layers = self.inference_network.num_styles
            styles = np.repeat(styles[:, None], layers, axis=1)
        return styles, mean, max(scale, 1e-6)

    def _first_maps(self):
        network = self.inference_network.synthesis
        return directions.style_maps(network)

    def _first_features(self, rng):
        n = directions.SAMPLES
        latents = rng.standard_normal((n, self.latent_dim)).astype("float32")
        styles = self._positions(latents, self.check_labels(None, n), None)
        return styles, styles
