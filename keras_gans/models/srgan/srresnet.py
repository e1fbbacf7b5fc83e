"""SRResNet, SRGAN's first phase: super-resolution by the error of pixels."""

import keras

from keras_gans.models.pixel_loss import PixelLossModel
from keras_gans.models.srgan.networks import SRResNetGenerator


@keras.saving.register_keras_serializable("keras_gans")
class SRResNet(PixelLossModel):
    """Super-resolution by the error of the pixels: SRGAN's first phase.

    A model as any other of Keras: it is compiled with a loss and an
    optimizer, and trained on pairs of a low-resolution image and the image
    that it was made of, both in [-1, 1].

    Example:

    ```python
    data = keras_gans.datasets.load_high_res("div2k/bicubic_x4", batch_size=16)
    model = keras_gans.SRResNet()
    model.compile()
    model.fit(data, epochs=1000)
    large = model.upscale(image)  # uint8 to uint8, of any size
    ```

    Args:
        generator: `keras.Model`, images to larger images; `None` for an
            `SRResNetGenerator`.
        scale: Integer, 2, 4 or 8, of the default generator.
        channels: Integer, of the default generator's images.
        filters: Integer, of the default generator.
        num_residual_blocks: Integer, of the default generator.
        normalization: `"batch"` or `None`, of the default generator.
        name: String, the name of the model.

    Reference:
        Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a
        Generative Adversarial Network", 2017.
    """

    paper_loss = "mean_squared_error"
    paper_rate = 1e-4

    def __init__(
        self,
        generator=None,
        scale=4,
        channels=3,
        filters=64,
        num_residual_blocks=16,
        normalization="batch",
        **kwargs,
    ):
        if generator is None:
            generator = SRResNetGenerator(
                scale, channels, filters, num_residual_blocks, normalization
            )
        super().__init__(generator, **kwargs)

    @classmethod
    def starting_point(cls, image_shape):
        _, recipe = super().starting_point(image_shape)
        return {"filters": 32, "num_residual_blocks": 8}, recipe
