"""The model; the package's docstring says what it is."""

import keras
import numpy as np
from keras import layers, ops

from keras_gans import backend
from keras_gans.checks import check_weight
from keras_gans.models.gan import GAN, packed_shape
from keras_gans.models.starting import STEPS, widths
from keras_gans.models.stylegan2.networks import (
    StyleGAN2Discriminator,
    StyleGAN2Generator,
)
from keras_gans.models.styles import Styles


@keras.saving.register_keras_serializable("keras_gans")
class StyleGAN2(Styles, GAN):
    """Styles in place of latents; the step is that of `GAN`.

    Example:

    ```python
    gan = keras_gans.StyleGAN2(
        image_shape=(64, 64, 3),
        filters=(128, 128, 128, 64, 32),
        augment=keras_gans.augmentation.DiffAugment("color,translation"),
    )
    gan.compile()
    gan.fit(keras_gans.datasets.load("./faces", batch_size=16, ...), epochs=50)
    faces = gan.generate(64, truncation=0.7, seed=0)
    ```

    Images vary less, and look better, with a `truncation` below 1 in
    `generate`: styles are moved towards their mean. `directions`, `edit` and
    `project` are of styles, and `generate_from_styles` makes images of them.

    Args:
        generator: `keras.Model` as `StyleGAN2Generator`, which is the default.
        discriminator: `keras.Model`, images to logits; `None` for a
            `StyleGAN2Discriminator`.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        style_dim: Integer, the size of a style; `None` for `latent_dim`.
        filters: Integers, the width at each resolution, the smallest first;
            one integer for all; `None` for the paper's, 512 at small sides.
        num_mapping_layers: Integer, see `StyleGAN2Generator`.
        style_mixing: Float in [0, 1], see `StyleGAN2Generator`.
        path_length_weight: Float, of the path length regularization; 2 in the
            paper, and 0, which saves a third of a step, for none. It is of
            the same part of a batch as R1.
        r1_weight: Float, gamma of R1; `None` for the later paper's "auto"
            value, `0.0002 * height * width / 16` for a batch of 16. It falls
            with the batch.
        penalty_fraction: Float, 1 divided by an integer: the part of a batch
            that penalties are of, see `RegularizedModel`. On replicas the
            groups of four, whose standard deviation the discriminator sees,
            are those of one device where a replica's part divides by four.
        ema_momentum: Float or `None`, see `SamplingModel`; the authors' halves
            what is older than 10,000 images: `0.5 ** (batch_size / 10_000)`.
        num_classes: Integer for a conditional model, or `None`.
        **kwargs: Those of `GAN`.

    References:
        Karras et al., "Analyzing and Improving the Image Quality of StyleGAN",
        2019.
        Karras et al., "Training Generative Adversarial Networks with Limited
        Data", 2020.
    """

    knows_classes = True

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(64, 64, 3),
        latent_dim=512,
        style_dim=None,
        filters=None,
        num_mapping_layers=2,
        style_mixing=0.9,
        path_length_weight=0.0,
        r1_weight=None,
        penalty_fraction=0.25,
        ema_momentum=0.998,
        num_classes=None,
        **kwargs,
    ):
        check_weight("path_length_weight", path_length_weight)
        if generator is None:
            generator = StyleGAN2Generator(
                image_shape,
                latent_dim,
                style_dim or latent_dim,
                filters,
                num_mapping_layers,
                style_mixing,
                num_classes,
                kwargs.get("seed"),
            )
        for name in ("mapping", "synthesis", "num_styles", "average_style"):
            if getattr(generator, name, None) is None:
                raise ValueError(
                    "generator must have a network `mapping` of latents to "
                    "styles and one `synthesis` of styles to images, and know "
                    "its `num_styles` and `average_style`, as "
                    "StyleGAN2Generator. Received: a "
                    f"{type(generator).__name__} without {name}"
                )
        if r1_weight is None:
            height, width = generator.output_shape[1:3]
            r1_weight = 2e-4 * height * width / 16
        super().__init__(
            generator,
            discriminator
            or StyleGAN2Discriminator(
                packed_shape(image_shape, **kwargs),
                filters,
                num_classes=num_classes,
            ),
            latent_dim=latent_dim,
            r1_weight=r1_weight,
            penalty_fraction=penalty_fraction,
            ema_momentum=ema_momentum,
            num_classes=num_classes,
            **kwargs,
        )
        self.path_length_weight = path_length_weight
        if path_length_weight:
            self.path_length = PathLength(name="path_length")

    @classmethod
    def starting_point(cls, image_shape):
        # Without the length of paths: it costs a third of a step.
        arguments = {
            "latent_dim": 256,
            "filters": widths(image_shape, 32, 128),
        }
        return arguments, {"batch_size": 16, "steps": STEPS}

    def default_optimizers(self):
        return tuple(
            keras.optimizers.Adam(2.5e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
            for _ in range(2)
        )

    # ---- the pieces of the step -------------------------------------------

    def regularize_generator(self, fake, inputs):
        total = super().regularize_generator(fake, inputs)
        if not self.path_length_weight:
            return total
        inputs = keras.tree.map_structure(
            lambda x: x[:: self._penalty_stride], inputs
        )
        penalty = self.path_length.penalty(
            lambda styles: self.generator.synthesis(styles, training=True),
            self.all_styles(self.generator.mapping(inputs)),
            self.draw,
        )
        return total + self.path_length_weight * penalty

    # ---- styles -----------------------------------------------------------

    def all_styles(self, styles):
        """Styles `(batch, size)` as those of all layers."""
        return ops.repeat(
            ops.expand_dims(styles, 1), self.generator.num_styles, axis=1
        )

    def truncated_styles(self, inputs, truncation):
        """Styles that are moved towards their mean, `(batch, num, size)`.

        Args:
            inputs: The generator's, latents and labels.
            truncation: Scalar, the paper's psi: 0 is the mean, 1 moves
                nothing.
        """
        network = self.inference_network
        mean = ops.convert_to_tensor(network.average_style)
        styles = network.mapping(inputs)
        return self.all_styles(mean + truncation * (styles - mean))

    def _batches_of_inputs(self, n, labels, rng, batch_size, truncation):
        psi = np.float32(1.0 if truncation is None else truncation)
        batches = super()._batches_of_inputs(n, labels, rng, batch_size, None)
        for inputs in batches:
            yield inputs, psi

    def _generate(self, inputs):
        return self._samples_of_styles(self.truncated_styles(*inputs))

    def get_config(self):
        return {
            **super().get_config(),
            "path_length_weight": self.path_length_weight,
            # Also where it is what other models have by default.
            "penalty_fraction": self.penalty_fraction,
        }


class PathLength(layers.Layer):
    """How far a step in the styles moves an image, and its moving average.

    `E[(||J^T y|| - a)^2]`, with J the derivative of an image by its styles, y
    noise of the image's shape whose length is the root of the channels, and a
    the average of the norm so far. It is a layer for the sake of its variable,
    and is not called.

    Args:
        decay: Float in (0, 1), how far the average moves at once.

    Reference:
        Karras et al., 2019, equation 4.
    """

    def __init__(self, decay=0.01, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.decay = decay
        self.average = self.add_weight(
            (), "zeros", trainable=False, name="average"
        )
        self.built = True

    def penalty(self, synthesis, styles, draw):
        """Moves the average, and returns the penalty, in float32.

        Args:
            synthesis: Function of styles that returns images.
            styles: `(batch, num_styles, size)`.
            draw: `AdversarialModel.draw`.

        Returns:
            Scalar tensor, not weighted (the paper's weight is 2).
        """

        def projected(styles):
            images = ops.cast(synthesis(styles), "float32")
            n, height, width, channels = ops.shape(images)
            noise = draw(keras.random.normal, (n, height, width, channels))
            noise = noise / (height * width) ** 0.5
            return ops.sum(images * ops.cast(noise, "float32"), (1, 2, 3))

        _, slopes = backend.input_gradients(projected, styles)
        squares = ops.mean(ops.sum(ops.square(slopes), axis=2), axis=1)
        lengths = ops.sqrt(squares + 1e-12)
        mean = ops.mean(backend.all_gather(ops.stop_gradient(lengths)))
        average = self.average.value + self.decay * (mean - self.average.value)
        self.average.assign(average)
        return ops.mean(ops.square(lengths - average))
