"""Inpainting by search: "Semantic Image Inpainting with Deep Generative Models"
(Yeh et al., 2017).

https://arxiv.org/abs/1607.07539

A generator that was trained to draw knows no holes. Of all that it can draw,
the image is looked for that fits what is known: latents z descend

    sum_i W_i |G(z)_i - y_i| + 0.003 log(1 - D(G(z))),

the first term over known pixels. W_i is how much of the 7x7 pixels around i is
hole, so that those count which are next to it. What is found fills the hole,
blended by Poisson's equation, which takes its differences and not its level.

(This paper is about holes in images. A popular text about GANs names it as the
source for speech synthesis, which it has nothing to do with.)

Deviations from the paper: each image is searched for from several latents at
once, and the one with the least loss is kept; latents are those of a normal
distribution, which is not cut off (the paper's are uniform, in [-1, 1]). Where
a discriminator does not give one logit for an example, the second term is left
out.
"""

import math

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.blending import poisson_blend
from keras_gans.checks import check_integer, check_positive, check_weight
from keras_gans.models.inference import compiled
from keras_gans.models.inpainting import checked
from keras_gans.pixels import from_uint8, to_uint8

WINDOW = 7
BATCH_SIZE = 64  # latents that descend together
BETAS, EPSILON = (0.9, 0.999), 1e-8  # Adam's


class SemanticInpainting:
    """Fills holes with what a model that draws images can draw.

    Nothing is trained. It takes long, a few seconds for a small image, and is
    only as good as the generator: what that cannot draw, it does not find.

    Example:

    ```python
    gan = keras_gans.from_preset("dcgan_mnist")
    search = keras_gans.SemanticInpainting(gan)
    whole = search.inpaint(digits, masks, seed=0)  # uint8, masks: 0 is known
    ```

    Args:
        model: A `SamplingModel` of images.
        steps: Integer, the paper's is 1,500.
        learning_rate: Float, Adam's.
        restarts: Integer, from how many latents an image is searched for.
        prior_weight: Float, of what the discriminator says.
        blend: Boolean, whether the filling is blended; without, it is pasted.

    Reference:
        Yeh et al., "Semantic Image Inpainting with Deep Generative Models",
        2017.
    """

    def __init__(
        self,
        model,
        steps=300,
        learning_rate=0.03,
        restarts=4,
        prior_weight=0.003,
        blend=True,
    ):
        if model.task_name != "sampling" or model.example_kind != "image":
            raise ValueError(
                "model must be one that draws images of latents. Received: a "
                f"{type(model).__name__} of {model.example_kind}"
            )
        check_integer("steps", steps, minimum=1)
        check_positive("learning_rate", learning_rate)
        check_integer("restarts", restarts, minimum=1)
        check_weight("prior_weight", prior_weight)
        self.model = model
        self.steps = steps
        self.learning_rate = learning_rate
        self.restarts = restarts
        self.prior_weight = prior_weight
        self.blend = blend
        self.has_prior = prior_weight > 0 and gives_one_logit(model)

    def inpaint(self, images, masks, labels=None, seed=None):
        """Fills the holes of images, as NumPy arrays.

        Args:
            images: uint8, `(n, *example_shape)` or one image; others are
                rounded to it (see `keras_gans.pixels`).
            masks: bool or uint8, all but 0 is the hole: `(height, width)` of
                one image or for all, or `(n, height, width)`.
            labels: For conditional models: an integer for all images, or `n`
                integers. By default the search begins with the classes in
                turn, and the best is kept: with as many `restarts` as classes
                it finds out. Otherwise `None`.
            seed: Integer or `None`, of the latents that it starts from.

        Returns:
            `numpy.uint8` of the inputs' shape. Known pixels are as they were.

        Raises:
            ValueError: For images that are not of the model's shape, and for
                what are no masks of them.
        """
        shape = tuple(self.model.example_shape)
        images, masks, single = checked(images, masks, shape[-1])
        if images.shape[1:] != shape:
            raise ValueError(
                f"images must be of the model's shape, {shape}. Received: "
                f"images with shape {images.shape}"
            )
        if labels is not None:
            labels = self.model.check_labels(labels, len(images))
        rng = np.random.default_rng(seed)
        backend.sync(self.model)
        size = max(BATCH_SIZE // self.restarts, 1)
        made = [
            self._search(
                images[i : i + size],
                masks[i : i + size],
                None if labels is None else labels[i : i + size],
                rng,
            )
            for i in range(0, len(images), size)
        ]
        made = to_uint8(np.concatenate(made))
        if self.blend:
            made = poisson_blend(images, made, masks)
            made = np.clip(np.rint(made), 0, 255).astype("uint8")
        result = np.where(masks[..., None], made, images)
        return result[0] if single else result

    def _search(self, images, masks, labels, rng):
        """The best that the generator draws, `(n, ...)` in [-1, 1]."""
        n, restarts, model = len(images), self.restarts, self.model
        # As `generate`: a latent after the other.
        latents = rng.standard_normal((n * restarts, model.latent_dim))
        state = np.zeros((n * restarts, 3, model.latent_dim), "float32")
        state[:, 0] = latents
        # All starts of one image lie together.
        fixed = [
            np.repeat(from_uint8(images), restarts, axis=0),
            np.repeat(context_weights(masks), restarts, axis=0),
        ]
        starts = model.check_labels(None, restarts)
        if labels is not None:
            fixed.append(np.repeat(labels, restarts))
        elif starts is not None:
            fixed.append(np.tile(starts, n))
        network = model.inference_network
        key = self.learning_rate, self.has_prior and self.prior_weight
        step = compiled(
            model, ("descend", *key), network, lambda x: self._descend(*x)
        )
        look = compiled(
            model, ("search_losses", *key), network, lambda x: self._losses(*x)
        )
        draw = compiled(
            model, "search_draws", network, lambda x: self._draw(*x)[0]
        )
        for i in range(self.steps):
            state = step([np.array(i + 1, "float32"), state, *fixed])
        latents = ops.convert_to_numpy(state)[:, 0]
        losses = ops.convert_to_numpy(look([latents, *fixed]))
        best = losses.reshape(n, restarts).argmin(axis=1)
        best = best + restarts * np.arange(n)
        chosen = [latents[best], *(x[best] for x in fixed[2:])]
        return ops.convert_to_numpy(draw(chosen))

    # ---- what is compiled -------------------------------------------------

    def _draw(self, latents, labels=None):
        inputs = self.model.generator_inputs(latents, labels)
        network = self.model.inference_network
        return ops.cast(network(inputs, training=False), "float32"), inputs

    def _losses(self, latents, images, weights, *labels):
        """The loss of each latent, `(n,)`."""
        made, inputs = self._draw(latents, *labels)
        difference = weights * ops.abs(made - images)
        loss = ops.sum(difference, axis=(1, 2, 3))
        if self.has_prior:
            logits = logits_of(self.model, made, inputs)
            logits = ops.cast(ops.reshape(logits, (-1,)), "float32")
            # log(1 - sigmoid(l)) is -softplus(l).
            loss = loss - self.prior_weight * ops.softplus(logits)
        return loss

    def _descend(self, step, state, *fixed):
        """A step of Adam: `(n, 3, latent_dim)`, latents and two moments."""
        latents, mean, square = (state[:, i] for i in range(3))
        (gradients,) = backend.functional_gradients(
            lambda values: ops.sum(self._losses(values[0], *fixed)), [latents]
        )
        mean = BETAS[0] * mean + (1 - BETAS[0]) * gradients
        square = BETAS[1] * square + (1 - BETAS[1]) * ops.square(gradients)
        direction = mean / (1 - BETAS[0] ** step)
        root = ops.sqrt(square / (1 - BETAS[1] ** step))
        latents = latents - self.learning_rate * direction / (root + EPSILON)
        return ops.stack([latents, mean, square], axis=1)


def logits_of(model, examples, inputs):
    """What a model's one discriminator says of examples."""
    outputs = model.discriminator(
        model.discriminator_inputs(examples, inputs), training=False
    )
    return model.logits_of(outputs, examples)


def gives_one_logit(model):
    """Whether a model has a discriminator with one logit for an example."""
    if "discriminator" not in model.network_names():
        return False
    # Not of a batch of any size: some see several examples as one, of which
    # no size is known, or a smaller one.
    n = 12
    inputs = keras.tree.map_structure(
        lambda x: keras.KerasTensor((n, *x.shape[1:]), x.dtype),
        model.symbolic_inputs(),
    )
    examples = keras.KerasTensor((n, *model.example_shape))
    shape = logits_of(model, examples, inputs).shape
    return None not in shape and math.prod(shape) == n == shape[0]


def context_weights(masks):
    """How much each known pixel counts: the paper's W (its equation 3).

    Args:
        masks: bool `(n, height, width)`, true in the holes.

    Returns:
        float32 `(n, height, width, 1)`: at known pixels the share of hole
        among the 7x7 pixels around them that are in the image, and 0 in holes.
    """
    holes = _window_sums(masks.astype("float64"))
    counts = _window_sums(np.ones((1, *masks.shape[1:])))
    weights = np.where(masks, 0.0, holes / counts)
    return weights[..., None].astype("float32")


def _window_sums(x):
    half = WINDOW // 2
    x = np.pad(x, ((0, 0), (half, half), (half, half)))
    for axis in (1, 2):
        windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW, axis)
        x = windows.sum(axis=-1)
    return x
