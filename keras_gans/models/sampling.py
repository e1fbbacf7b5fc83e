"""Models that draw samples: latents in, examples out."""

import math
import warnings

import keras
import numpy as np
from keras import ops

from keras_gans import backend, example_kinds
from keras_gans.checks import (
    UnitWarning,
    check_ema_momentum,
    check_integer,
    check_positive,
)
from keras_gans.models.adversarial_model import AdversarialModel
from keras_gans.models.exporting import export
from keras_gans.models.inference import batch_size_for, compiled
from keras_gans.models.labels import Labels
from keras_gans.models.latents import GivenLatents, Latents
from keras_gans.models.players import ends_in
from keras_gans.pixels import to_uint8_tensor
from keras_gans.presets.uninitialized import uninitialized


def truncated(normal, threshold):
    """Standard normal numbers as those of a normal cut off at +-`threshold`.

    By the share of numbers that are less, so that one number becomes one: no
    second draw (the paper's way) that would move all draws after it.
    """
    share = ops.erf(ops.cast(normal, "float32") / math.sqrt(2.0))
    cut = ops.erfinv(share * math.erf(threshold / math.sqrt(2.0)))
    cut = ops.convert_to_numpy(cut) * math.sqrt(2.0)
    return np.clip(cut, -threshold, threshold)


class SamplingModel(Latents, Labels, AdversarialModel):
    """Base class of the GANs whose generator takes latents.

    A `train_step` draws with `draw_inputs`, and ends with
    `update_ema_generator()` and `return self.track(...)`.

    Args:
        generator: `keras.Model`: latents `(batch, latent_dim)` in, examples
            out. Images are `(batch, height, width, channels)` in [-1, 1].
        discriminator: `keras.Model`: examples in, logits out (no sigmoid),
            one per example or one per patch.
        latent_dim: Integer, the size of a latent vector.
        ema_momentum: Float in (0, 1) or `None`. With a float, `ema_generator`
            is an exponential moving average of the generator's weights, and
            the network that `predict`, `generate` and presets use. It warms
            up as `min(ema_momentum, (1 + step) / (10 + step))`. (A copy of
            its own: an optimizer's `use_ema` would overwrite the generator
            at the end of `fit`, and training could not go on from there.)
        example_kind: What the generator makes: `"image"` (floats in [-1, 1],
            of which users get 8 bits), `"points"`, `"sequence"` or `"field"`
            (floats as they are). `None` for what the generator's attribute
            `example_kind` says; without one, three axes are an image.
        seed: Integer or `None`, of the latents and all noise of training.
        augment: `None` or one of the class attribute `augmentations`, which
            models have whose step asks for `augmented` examples: of all
            images that the discriminator sees in training.
        num_classes: Integer for a conditional model, or `None`. The generator
            then takes `[latents, labels]`, and the discriminator
            `[examples, labels]`, with labels from 0 to `num_classes - 1`.
        **kwargs: Networks of other players, and `name`.
    """

    task_name = "sampling"
    # Set by name, by the base class: for editors.
    generator: keras.Model
    discriminator: keras.Model

    def __init__(
        self,
        generator=None,
        discriminator=None,
        latent_dim=100,
        ema_momentum=None,
        example_kind=None,
        seed=None,
        augment=None,
        num_classes=None,
        **kwargs,
    ):
        check_integer("latent_dim", latent_dim, minimum=1)
        self.check_num_classes(
            num_classes,
            {"generator": generator, "discriminator": discriminator},
        )
        check_ema_momentum(ema_momentum)
        if self.players.get("generator") != ("generator",):
            raise TypeError(
                "players of a SamplingModel must have one that draws, "
                '{"generator": ("generator",)}. Received: players='
                f"{self.players}"
            )
        kwargs["generator"] = generator
        if discriminator is not None or self._has_one_discriminator:
            kwargs["discriminator"] = discriminator
        self.latent_dim = latent_dim
        super().__init__(seed=seed, **kwargs)
        self.ema_momentum = ema_momentum
        self._declared_kind = example_kind
        self.example_kind = example_kinds.resolve(
            self.example_shape,
            example_kind,
            getattr(self.generator, "example_kind", None),
        )
        if (
            self.example_kind == "image"
            and ends_in(self.generator) == "sigmoid"
        ):
            warnings.warn(
                "generator ends in sigmoid, so that it makes no value below "
                "0, where images are in [-1, 1]: end it in tanh, or say "
                "example_kind='field' if the data are in [0, 1] and meant to "
                "be.",
                UnitWarning,
                stacklevel=2,
            )
        self.augment = augment
        if augment is not None:
            if not isinstance(augment, self.augmentations):
                allowed = [cls.__name__ for cls in self.augmentations]
                raise ValueError(
                    f"{type(self).__name__} takes as augment None"
                    f"{' or an ' * bool(allowed)}{', '.join(allowed)} of "
                    f"keras_gans.augmentation. Received: augment={augment!r}"
                )
            self.check_augmented("augment", augment)
        self.ema_generator = None
        if ema_momentum is not None:
            self.ema_generator = copy_of(self.generator, self.symbolic_inputs())

    @classmethod
    def starting_point(cls, image_shape):
        arguments, recipe = super().starting_point(image_shape)
        return {**arguments, "ema_momentum": 0.999}, recipe

    # ---- networks ---------------------------------------------------------

    @property
    def _has_one_discriminator(self):
        """Not a list or dict of them, nor a network of another name."""
        return "discriminator" in self.network_names()

    @property
    def inference_network(self):
        """The network behind `gan(x)`: the EMA generator if there is one."""
        return self.ema_generator or self.generator

    # ---- the pieces of a train_step ---------------------------------------

    def sample_latents(self, batch_size, seed=None):
        """Standard normal latents, `(batch_size, latent_dim)`.

        Args:
            batch_size: This replica's number of examples.
            seed: A `SeedGenerator`; the model's own by default.
        """
        return self.draw(
            keras.random.normal, (batch_size, self.latent_dim), seed=seed
        )

    def draw_inputs(self, batch_size, labels=None, seed=None):
        """Fresh latents, and the labels where the model takes them.

        Args:
            batch_size: This replica's number of examples.
            labels: Tensor `(batch_size,)` or `None`.
            seed: As of `sample_latents`.

        Returns:
            The generator's inputs.
        """
        return self.generator_inputs(
            self.sample_latents(batch_size, seed), labels
        )

    def augmented(self, examples):
        """Examples as `augment` shows them to the discriminator."""
        if self.augment is None:
            return examples
        return self.augment.augment(examples, self.draw)

    def check_augmented(self, name, value):
        """Raises a `ValueError` where examples are not `(h, w, channels)`."""
        if len(self.example_shape) != 3:
            raise ValueError(
                f"{name} is for examples (height, width, channels), and these "
                f"are {self.example_shape}. Received: {name}={value!r}"
            )

    def update_ema_generator(self):
        """Moves `ema_generator` towards the generator, if there is one."""
        if self.ema_generator is not None:
            move_average(
                self.ema_generator,
                self.generator,
                self.ema_momentum,
                self.iterations,
            )

    def test_step(self, data):
        real, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        inputs = self.draw_inputs(
            ops.shape(real)[0], labels, seed=self.test_seed_generator
        )
        fake = self(inputs)
        logs = {}
        if self._has_one_discriminator:
            logs = self.track(**self.losses_in_test(real, fake, inputs))
        logs = {**logs, **self.track_metrics(real, fake)}
        if not logs:
            raise ValueError(
                f"{type(self).__name__} has nothing to evaluate: pass metrics "
                "to compile(), or write a test_step. Received: no "
                "discriminator of that name, and metrics=[]"
            )
        return logs

    def losses_in_test(self, real, fake, inputs):
        """Dict of the losses for `evaluate`, by default `test_losses`.

        Args:
            real: Real examples.
            fake: Generated ones.
            inputs: What those were made of.
        """
        logits = [
            self.discriminator(
                self.discriminator_inputs(examples, inputs), training=False
            )
            for examples in (real, fake)
        ]
        return self.test_losses(*logits)

    def test_losses(self, real_logits, fake_logits):
        """Dict of the losses without penalties, for `evaluate`.

        A model with other discriminators than one `discriminator` has a
        `test_step` of its own, or metrics alone.
        """
        return {}

    # ---- sampling ---------------------------------------------------------

    def generate(
        self,
        n,
        labels=None,
        seed=None,
        batch_size=None,
        truncation=None,
        latents=None,
    ):
        """Samples from the generator, as NumPy arrays.

        Two batches at a time are on the device, so `n` is bounded by the
        memory for the result alone. The first `m` of `generate(n, seed=s)`
        have the latents of `generate(m, seed=s)`, on every backend.

        Args:
            n: Integer, the number of samples.
            labels: For conditional models: an integer, or `n` integers, or
                names of classes where they have some (`class_names`); by
                default the classes in turn. Otherwise `None`.
            seed: Integer or `None` for other samples in every call.
            batch_size: Integer, the number of samples made at once. By default
                what suits the device and the size of an example.
            truncation: Float above 0, or `None`: latents are of a normal
                distribution cut off there on both sides. Less than 1 makes
                samples more typical and less various (Brock et al., 2018,
                https://arxiv.org/abs/1809.11096). A seed draws the same
                sample, nearer to the middle.
            latents: Array `(n, latent_dim)` in place of what a seed draws,
                `numpy.random.default_rng(seed).standard_normal((n,
                latent_dim))`; or `None`.

        Returns:
            For images `numpy.uint8` of shape `(n, height, width, channels)`;
            `numpy.float32` of the generator's shape for everything else.
        """
        check_integer("n", n, minimum=1)
        if batch_size is None:
            batch_size = batch_size_for(
                self, self.example_shape, self.inference_network
            )
        check_integer("batch_size", batch_size, minimum=1)
        n, batch_size = int(n), int(batch_size)
        if truncation is not None:
            check_positive("truncation", truncation)
        labels = self.check_labels(labels, n)
        if latents is not None:
            rng = GivenLatents(self._latents_of(latents, n, seed))
        else:
            if seed is None:
                seed = np.random.randint(2**31)
            rng = np.random.default_rng(seed)
        backend.sync(self)
        # One shape for all batches, a power of two: one compilation serves.
        batch_size = min(batch_size, 1 << (n - 1).bit_length())
        samples, start = None, 0
        for outputs in backend.map_batches(
            compiled(self, "generate", self.inference_network, self._generate),
            self._batches_of_inputs(n, labels, rng, batch_size, truncation),
        ):
            if samples is None:
                samples = np.empty((n, *outputs.shape[1:]), outputs.dtype)
            stop = min(start + batch_size, n)
            samples[start:stop] = outputs[: stop - start]
            start = stop
        return samples

    def _batches_of_inputs(self, n, labels, rng, batch_size, truncation):
        for start in range(0, n, batch_size):
            latents = rng.standard_normal((batch_size, self.latent_dim))
            latents = self.truncated_latents(latents, truncation)
            chunk = None
            if labels is not None:
                chunk = np.resize(
                    labels[start : start + batch_size], batch_size
                )
            yield self.generator_inputs(latents, chunk)

    def truncated_latents(self, latents, truncation):
        """Latents as float32, cut off as `generate` does it."""
        if truncation is not None:
            latents = truncated(latents, truncation)
        return latents.astype("float32")

    def _generate(self, inputs):
        outputs = self(inputs, training=False)
        if example_kinds.get(self.example_kind).eight_bits:
            return to_uint8_tensor(outputs)
        return ops.cast(outputs, "float32")

    # ---- saving -----------------------------------------------------------

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports the inference network for serving, `keras.Model.export`.

        The artifact takes the inference network's inputs as float32 (and
        int32 labels) and returns what `generate` does: uint8 images.

        Args:
            filepath: Path of the artifact.
            format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
            **kwargs: More arguments of `keras.Model.export`.
        """
        inputs = keras.tree.map_structure(
            lambda x: keras.Input(x.shape[1:], dtype=x.dtype, name=x.name),
            self.symbolic_inputs(),
        )
        outputs = self.inference_network(inputs, training=False)
        if example_kinds.get(self.example_kind).eight_bits:
            outputs = to_uint8_tensor(outputs)
        export(keras.Model(inputs, outputs), filepath, format, **kwargs)

    def get_config(self):
        config = {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "ema_momentum": self.ema_momentum,
        }
        if self._declared_kind is not None:
            config["example_kind"] = self._declared_kind
        if self.is_conditional:
            config["num_classes"] = self.num_classes
        if self.augment is not None:
            config["augment"] = keras.saving.serialize_keras_object(
                self.augment
            )
        return config


# ---- averages of weights --------------------------------------------------


def copy_of(network, inputs):
    """A network of the same weights, which no optimizer trains.

    Args:
        network: `keras.Model`.
        inputs: Symbolic inputs to build it by.
    """
    # A class need not be registered to be copied within one process.
    classes = {
        type(layer).__name__: type(layer) for layer in network._flatten_layers()
    }
    with keras.saving.custom_object_scope(classes), uninitialized():
        copy = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(network)
        )
        copy(inputs)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def move_average(average, network, momentum, step):
    """Moves a `copy_of` a network towards it.

    Args:
        average: The copy.
        network: `keras.Model`.
        momentum: Float, see `SamplingModel`; it warms up.
        step: The number of updates so far.
    """
    step = ops.cast(step, "float32")
    momentum = ops.minimum(momentum, (1 + step) / (10 + step))
    for mean, raw in zip(average.weights, network.weights):
        value = ops.stop_gradient(raw.value)
        if raw.trainable:
            value = value + momentum * (mean.value - value)
        mean.assign(value)  # BatchNorm's statistics as they are.
