"""The Inception network of 2015, on which the scores of papers are measured.

`inception-2015-12-05` is a frozen graph of TensorFlow's from before Inception
v3 was released as code. FID (TTUR), the metrics of StyleGAN and inception
scores are measured with it, and no other network gives their numbers. It is
Inception v3 as keras.applications and torchvision have it, but for

- its weights, and 1,008 classes, of which 8 are empty;
- averages over 3x3 that count no padding (torchvision's do);
- the last block, whose pooling branch takes the maximum, where the block
  before it and the paper take the average;
- images, which are resized by TensorFlow 1's rule (`Resize`) and scaled by
  `(x - 128) / 128`.

Inception scores leave the biases of the last layer out and keep all 1,008
classes: the authors' code multiplies the features with the weights alone, and
so does torch-fidelity (`logits_unbiased`).

Reference:
    Szegedy et al., "Rethinking the Inception Architecture for Computer
    Vision", 2015; Heusel et al., "GANs Trained by a Two Time-Scale Update Rule
    Converge to a Local Nash Equilibrium", 2017 (the graph); Seitzer,
    pytorch-fid, 2020 (what is different in it).
"""

import typing

import keras
from keras import layers, ops

SIDE = 299  # of the images that the network was trained on
FEATURES, CLASSES = 2048, 1008
# How images become 299x299, as a protocol names it.
RESIZES = {
    "legacy": "299x299 bilinear of TensorFlow 1",
    "clean": "299x299 bicubic, antialiased",
}


class Unit(typing.NamedTuple):
    """A convolution, its normalization and a ReLU.

    Attributes:
        name: String, what pytorch-fid's weights call it, as
            `"Mixed_5b.branch1x1"`.
        scope: String, what TensorFlow's graph calls it, as `"mixed/conv"`.
        conv: `keras.layers.Conv2D`.
        norm: `keras.layers.BatchNormalization`.
    """

    name: str
    scope: str
    conv: layers.Layer
    norm: layers.Layer


class Weight(typing.NamedTuple):
    """A variable of the network, and where others keep its value.

    Attributes:
        variable: `keras.Variable`.
        torch_name: String, in pytorch-fid's weights.
        graph_name: String, in TensorFlow's graph, whose axes are Keras's.
        axes: Tuple, the order that PyTorch's axes must be put into.
    """

    variable: keras.Variable
    torch_name: str
    graph_name: str
    axes: tuple

    @property
    def torch_shape(self):
        sizes = dict(zip(self.axes, self.variable.shape))
        return tuple(sizes[axis] for axis in range(len(sizes)))


# ---- the network ----------------------------------------------------------


def build_inception():
    """The network, untrained.

    Fully convolutional: images of 75x75 and more will do, but scores are of
    299x299.

    Returns:
        `(network, units)`: a `keras.Model` of images `(batch, height, width,
        3)` from 0 to 255 that ends in the layers `"features"`, `(batch,
        2048)`, and `"logits"`, `(batch, 1008)`; and a list of `Unit`.
    """
    units = []

    def unit(x, name, scope, filters, size, strides=1, padding="same"):
        prefix = name.replace(".", "_")  # No name of a PyTorch parameter.
        conv = layers.Conv2D(
            filters, size, strides, padding, use_bias=False, name=prefix
        )
        norm = layers.BatchNormalization(epsilon=1e-3, name=f"{prefix}_norm")
        units.append(Unit(name, scope, conv, norm))
        return layers.ReLU(name=f"{prefix}_relu")(norm(conv(x)))

    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 128, -1.0)(images)
    x = unit(x, "Conv2d_1a_3x3", "conv", 32, 3, 2, "valid")
    x = unit(x, "Conv2d_2a_3x3", "conv_1", 32, 3, padding="valid")
    x = unit(x, "Conv2d_2b_3x3", "conv_2", 64, 3)
    x = layers.MaxPooling2D(3, 2, name="pool_1")(x)
    x = unit(x, "Conv2d_3b_1x1", "conv_3", 80, 1)
    x = unit(x, "Conv2d_4a_3x3", "conv_4", 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, 2, name="pool_2")(x)
    x = _block_35(unit, x, "Mixed_5b", "mixed", 32)
    x = _block_35(unit, x, "Mixed_5c", "mixed_1", 64)
    x = _block_35(unit, x, "Mixed_5d", "mixed_2", 64)
    x = _reduction_17(unit, x, "Mixed_6a", "mixed_3")
    x = _block_17(unit, x, "Mixed_6b", "mixed_4", 128)
    x = _block_17(unit, x, "Mixed_6c", "mixed_5", 160)
    x = _block_17(unit, x, "Mixed_6d", "mixed_6", 160)
    x = _block_17(unit, x, "Mixed_6e", "mixed_7", 192)
    x = _reduction_8(unit, x, "Mixed_7a", "mixed_8")
    x = _block_8(unit, x, "Mixed_7b", "mixed_9", layers.AveragePooling2D)
    # The graph's own mistake, which every published score has in it.
    x = _block_8(unit, x, "Mixed_7c", "mixed_10", layers.MaxPooling2D)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    logits = layers.Dense(CLASSES, name="logits")(x)
    return keras.Model(images, logits, name="inception_2015"), units


def weights(network, units):
    """The `Weight`s of what `build_inception` returned, as a list."""
    found = []
    for unit in units:
        found.append(
            Weight(
                unit.conv.kernel,
                f"{unit.name}.conv.weight",
                f"{unit.scope}/conv2d_params",
                (2, 3, 1, 0),
            )
        )
        for variable, torch_name, graph_name in (
            (unit.norm.gamma, "weight", "gamma"),
            (unit.norm.beta, "bias", "beta"),
            (unit.norm.moving_mean, "running_mean", "moving_mean"),
            (unit.norm.moving_variance, "running_var", "moving_variance"),
        ):
            found.append(
                Weight(
                    variable,
                    f"{unit.name}.bn.{torch_name}",
                    f"{unit.scope}/batchnorm/{graph_name}",
                    (0,),
                )
            )
    head = network.get_layer("logits")
    return [
        *found,
        Weight(head.kernel, "fc.weight", "softmax/weights", (1, 0)),
        Weight(head.bias, "fc.bias", "softmax/biases", (0,)),
    ]


# Of the sizes that images of 299x299 have there. A convolution over 5x5 or
# 7x7 is made of smaller ones where the paper makes it so.


def _block_35(unit, x, name, scope, pooled):
    a = unit(x, f"{name}.branch1x1", f"{scope}/conv", 64, 1)
    b = unit(x, f"{name}.branch5x5_1", f"{scope}/tower/conv", 48, 1)
    b = unit(b, f"{name}.branch5x5_2", f"{scope}/tower/conv_1", 64, 5)
    c = unit(x, f"{name}.branch3x3dbl_1", f"{scope}/tower_1/conv", 64, 1)
    c = unit(c, f"{name}.branch3x3dbl_2", f"{scope}/tower_1/conv_1", 96, 3)
    c = unit(c, f"{name}.branch3x3dbl_3", f"{scope}/tower_1/conv_2", 96, 3)
    d = layers.AveragePooling2D(3, 1, "same", name=f"{name}_pool")(x)
    d = unit(d, f"{name}.branch_pool", f"{scope}/tower_2/conv", pooled, 1)
    return layers.Concatenate(name=name)([a, b, c, d])


def _reduction_17(unit, x, name, scope):
    a = unit(x, f"{name}.branch3x3", f"{scope}/conv", 384, 3, 2, "valid")
    b = unit(x, f"{name}.branch3x3dbl_1", f"{scope}/tower/conv", 64, 1)
    b = unit(b, f"{name}.branch3x3dbl_2", f"{scope}/tower/conv_1", 96, 3)
    b = unit(
        b, f"{name}.branch3x3dbl_3", f"{scope}/tower/conv_2", 96, 3, 2, "valid"
    )
    c = layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x)
    return layers.Concatenate(name=name)([a, b, c])


def _block_17(unit, x, name, scope, f):
    tower, long = f"{scope}/tower", f"{scope}/tower_1"
    a = unit(x, f"{name}.branch1x1", f"{scope}/conv", 192, 1)
    b = unit(x, f"{name}.branch7x7_1", f"{tower}/conv", f, 1)
    b = unit(b, f"{name}.branch7x7_2", f"{tower}/conv_1", f, (1, 7))
    b = unit(b, f"{name}.branch7x7_3", f"{tower}/conv_2", 192, (7, 1))
    c = unit(x, f"{name}.branch7x7dbl_1", f"{long}/conv", f, 1)
    c = unit(c, f"{name}.branch7x7dbl_2", f"{long}/conv_1", f, (7, 1))
    c = unit(c, f"{name}.branch7x7dbl_3", f"{long}/conv_2", f, (1, 7))
    c = unit(c, f"{name}.branch7x7dbl_4", f"{long}/conv_3", f, (7, 1))
    c = unit(c, f"{name}.branch7x7dbl_5", f"{long}/conv_4", 192, (1, 7))
    d = layers.AveragePooling2D(3, 1, "same", name=f"{name}_pool")(x)
    d = unit(d, f"{name}.branch_pool", f"{scope}/tower_2/conv", 192, 1)
    return layers.Concatenate(name=name)([a, b, c, d])


def _reduction_8(unit, x, name, scope):
    tower, long = f"{scope}/tower", f"{scope}/tower_1"
    a = unit(x, f"{name}.branch3x3_1", f"{tower}/conv", 192, 1)
    a = unit(a, f"{name}.branch3x3_2", f"{tower}/conv_1", 320, 3, 2, "valid")
    b = unit(x, f"{name}.branch7x7x3_1", f"{long}/conv", 192, 1)
    b = unit(b, f"{name}.branch7x7x3_2", f"{long}/conv_1", 192, (1, 7))
    b = unit(b, f"{name}.branch7x7x3_3", f"{long}/conv_2", 192, (7, 1))
    b = unit(b, f"{name}.branch7x7x3_4", f"{long}/conv_3", 192, 3, 2, "valid")
    c = layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x)
    return layers.Concatenate(name=name)([a, b, c])


def _block_8(unit, x, name, scope, pooling):
    tower, long = f"{scope}/tower", f"{scope}/tower_1"
    a = unit(x, f"{name}.branch1x1", f"{scope}/conv", 320, 1)
    b = unit(x, f"{name}.branch3x3_1", f"{tower}/conv", 384, 1)
    b = [
        unit(b, f"{name}.branch3x3_2a", f"{tower}/mixed/conv", 384, (1, 3)),
        unit(b, f"{name}.branch3x3_2b", f"{tower}/mixed/conv_1", 384, (3, 1)),
    ]
    c = unit(x, f"{name}.branch3x3dbl_1", f"{long}/conv", 448, 1)
    c = unit(c, f"{name}.branch3x3dbl_2", f"{long}/conv_1", 384, 3)
    c = [
        unit(c, f"{name}.branch3x3dbl_3a", f"{long}/mixed/conv", 384, (1, 3)),
        unit(c, f"{name}.branch3x3dbl_3b", f"{long}/mixed/conv_1", 384, (3, 1)),
    ]
    d = pooling(3, 1, "same", name=f"{name}_pool")(x)
    d = unit(d, f"{name}.branch_pool", f"{scope}/tower_2/conv", 192, 1)
    return layers.Concatenate(name=name)([a, *b, *c, d])


# ---- images of 299x299 ----------------------------------------------------


class Resize(layers.Layer):
    """Images of any size to 299x299.

    Args:
        method: `"legacy"`, TensorFlow 1's bilinear rule (neither
            `align_corners` nor `half_pixel_centers`): pixel `i` of the new
            image lies at `i * size / 299` of the old one, so that the image is
            shifted to the lower right, and of those between the pixels that
            are looked at nothing is seen. It is within the graph, and part of
            all published FIDs. Or `"clean"`: bicubic, antialiased, not
            rounded, as Pillow has it for images of floats, but for rounding
            (by 0.01 of 255 at most on TensorFlow).

    Input shape: `(batch, height, width, 3)`, floats.

    Reference:
        Parmar et al., "On Aliased Resizing and Surprising Subtleties in GAN
        Evaluation", 2022 (`"clean"`).
    """

    def __init__(self, method="legacy", side=SIDE, **kwargs):
        # Of pixels from 0 to 255 other dtypes keep the integers at best.
        super().__init__(dtype="float32", **kwargs)
        if method not in RESIZES:
            raise ValueError(
                f"resize must be one of {', '.join(RESIZES)}. "
                f"Received: resize={method!r}"
            )
        self.method = method
        self.side = side

    def call(self, images):
        if self.method == "clean":
            return ops.image.resize(
                images,
                (self.side, self.side),
                "bicubic",
                antialias=True,
                data_format="channels_last",
            )
        # Columns first, as the graph does.
        return self._interpolate(self._interpolate(images, 2), 1)

    def _interpolate(self, x, axis):
        size = ops.shape(x)[axis]
        scale = ops.cast(size, "float32") / self.side
        position = ops.arange(self.side, dtype="float32") * scale
        below = ops.cast(position, "int32")
        above = ops.minimum(below + 1, size - 1)
        part = position - ops.cast(below, "float32")
        part = ops.reshape(part, (-1, *[1] * (3 - axis)))
        low, high = ops.take(x, below, axis), ops.take(x, above, axis)
        return low + (high - low) * part

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.side, self.side, input_shape[3])
