"""The model; the package's docstring says what it is."""

import keras
import numpy as np
from keras import layers, ops

from keras_gans import backend, penalties
from keras_gans.augmentation import DiffAugment
from keras_gans.checks import check_integer, check_weight
from keras_gans.losses import (
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gans.models.inference import forget_compiled
from keras_gans.models.progressive_gan.networks import (
    ProgressiveGANDiscriminator,
    ProgressiveGANGenerator,
    enlarged,
    halved,
)
from keras_gans.models.sampling import SamplingModel
from keras_gans.models.starting import STEPS, widths


@keras.saving.register_keras_serializable("keras_gans")
class ProgressiveGAN(SamplingModel):
    """Networks that grow while they are trained.

    Example:

    ```python
    gan = keras_gans.ProgressiveGAN(
        image_shape=(64, 64, 3), filters=(128, 128, 128, 64, 32),
        fade_images=100_000, stable_images=100_000,
    )
    gan.compile()
    faces = keras_gans.datasets.load("./faces", batch_size=16, ...)
    gan.fit(faces, epochs=None)
    ```

    With `epochs=None` `fit` trains all stages, however many passes that takes;
    with a number as many, and goes on from there when it is called again. A
    stage ends with the pass in which its images have been seen. Small images
    fit into larger batches: with an array, or a function of the batch size
    that returns a dataset, `batch_size` may be a list, one for each stage:

    ```python
    gan.fit(
        lambda batch_size: keras_gans.datasets.load("./faces", batch_size, ...),
        batch_size=[64, 64, 32, 16, 16],
        epochs=None,
    )
    ```

    The logs have `gp` beside the losses, the penalty before its weight, and
    `stage`: 0 is the first resolution, 0.25 the second, a fourth of it faded
    in. Optimizers start anew with every resolution, and so does a schedule of
    their learning rates; their state must be one that starts at zero, as that
    of Adam, RMSprop and SGD does.

    Args:
        generator: A `ProgressiveGANGenerator`, which is the default.
        discriminator: A `ProgressiveGANDiscriminator`, which is the default.
        image_shape: `(height, width, channels)`, for the default networks.
        latent_dim: Integer, the size of a latent vector.
        filters: Integers, the width at each resolution, the smallest first;
            one integer for all; `None` for the paper's, 512 at small sides.
        fade_images: Integer, how many real images fade a resolution in; the
            paper's is 600,000.
        stable_images: Integer, or one for each resolution, how many follow
            before the next one; the paper's is 600,000. The first resolution
            has these alone.
        gp_weight: Float, of the gradient penalty.
        drift_weight: Float, of the mean square of real images' scores.
        augment: `None` or a `DiffAugment`, see `SamplingModel`.
        ema_momentum: Float or `None`, see `SamplingModel`.
        seed: Integer or `None`, of the latents and points of training.
        name: String, the name of the model.

    Reference:
        Karras et al., "Progressive Growing of GANs for Improved Quality,
        Stability, and Variation", 2017.
    """

    loss_names = ("d_loss", "g_loss", "gp", "stage")
    augmentations = (DiffAugment,)

    def __init__(
        self,
        generator=None,
        discriminator=None,
        image_shape=(64, 64, 3),
        latent_dim=512,
        filters=None,
        fade_images=600_000,
        stable_images=600_000,
        gp_weight=10.0,
        drift_weight=0.001,
        ema_momentum=0.999,
        seed=None,
        **kwargs,
    ):
        check_weight("gp_weight", gp_weight)
        check_weight("drift_weight", drift_weight)
        check_integer("fade_images", fade_images, minimum=1)
        generator = generator or ProgressiveGANGenerator(
            image_shape, latent_dim, filters, stage=0
        )
        discriminator = discriminator or ProgressiveGANDiscriminator(
            image_shape, filters, stage=0
        )
        stages = [
            getattr(network, "stage", None)
            for network in (generator, discriminator)
        ]
        if None in stages or stages[0] != stages[1]:
            raise ValueError(
                "generator and discriminator must be a ProgressiveGANGenerator "
                "and a ProgressiveGANDiscriminator of one stage. Received: "
                f"stages {stages[0]} and {stages[1]}"
            )
        super().__init__(
            generator,
            discriminator,
            latent_dim,
            ema_momentum=ema_momentum,
            seed=seed,
            **kwargs,
        )
        self.fade_images = fade_images
        self.stable_images = stable_images
        self._stable = _listed(stable_images, self.last_stage + 1)
        self.gp_weight = gp_weight
        self.drift_weight = drift_weight
        self.progress = _Progress(name="progress")

    @classmethod
    def starting_point(cls, image_shape):
        # Each stage but the first fades in for as long as it is trained.
        batch_size, filters = 16, widths(image_shape, 32, 128)
        images = batch_size * STEPS // (2 * len(filters) - 1)
        arguments = {
            "latent_dim": 128,
            "filters": filters,
            "fade_images": images,
            "stable_images": images,
        }
        return arguments, {"batch_size": batch_size, "steps": STEPS}

    def default_optimizers(self):
        return tuple(
            keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
            for _ in range(2)
        )

    def train_step(self, data):
        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(real)[0]

        # 1. Let the newest resolution in a little more, real images too.
        stage = self.fade_in(n)
        real = self.blurred(real)

        # 2. Sample latents, and descend the discriminator's loss: that of
        #    WGAN-GP, and a little of the scores' squares.
        def discriminator_loss():
            fake = self.generator(self.sample_latents(n), training=True)
            fake = self.augmented(ops.stop_gradient(fake))
            seen = self.augmented(real)
            penalty = penalties.gradient_penalty(
                penalties.float32(self.discriminator),
                seen,
                fake,
                self.draw(keras.random.uniform, (n, 1, 1, 1)),
            )
            real_scores = self.discriminator(seen, training=True)
            fake_scores = self.discriminator(fake, training=True)
            loss = wasserstein_discriminator_loss(real_scores, fake_scores)
            drift = ops.mean(ops.square(ops.cast(real_scores, "float32")))
            loss = ops.cast(loss, "float32") + self.gp_weight * penalty
            return loss + self.drift_weight * drift, penalty

        d_loss, penalty = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )

        # 3. Sample latents anew, and descend -E[D(G(z))].
        def generator_loss():
            fake = self.generator(self.sample_latents(n), training=True)
            return wasserstein_generator_loss(
                self.discriminator(self.augmented(fake), training=True)
            )

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        return self.track(d_loss=d_loss, g_loss=g_loss, gp=penalty, stage=stage)

    # ---- the pieces of the step -------------------------------------------

    def fade_in(self, n):
        """Counts a step's images, and sets alpha; returns how far it is."""
        steps, seen = self.progress.steps, self.progress.images
        steps.assign(steps.value + 1)
        count = seen.value + ops.cast(n * backend.num_replicas(), "float32")
        seen.assign(count)
        if self.stage == 0:
            alpha = ops.ones(())
        else:
            alpha = ops.clip(count / self.fade_images, 0.0, 1.0)
        for network in self._growing():
            network.alpha.assign(alpha)
        return self.stage - 1.0 + alpha

    def blurred(self, images):
        """Real images at the resolution of the stage, faded as the fakes."""
        left = self.last_stage - self.stage
        images = halved(images, left)
        if self.stage > 0:
            before = enlarged(halved(images, 1), 2)
            images = self.discriminator.faded(before, images)
        return enlarged(images, 2**left)

    def test_losses(self, real_logits, fake_logits):
        return {
            "d_loss": wasserstein_discriminator_loss(real_logits, fake_logits),
            "g_loss": wasserstein_generator_loss(fake_logits),
        }

    # ---- growing ----------------------------------------------------------

    @property
    def stage(self):
        """Integer, the resolution that is trained: 0 is the smallest."""
        return self.generator.stage

    @property
    def last_stage(self):
        return self.generator.last_stage

    @property
    def iterations(self):
        # The optimizers' own start anew.
        return self.progress.steps

    def _growing(self):
        networks = (self.generator, self.discriminator, self.ema_generator)
        return [network for network in networks if network is not None]

    def images_left(self):
        """How many real images the stage has yet to see, 0 or less if none."""
        backend.sync(self)
        fading = self.fade_images if self.stage > 0 else 0
        seen = ops.convert_to_numpy(self.progress.images)
        return fading + self._stable[self.stage] - int(seen)

    def passes_left(self, images):
        """How many passes all stages still want.

        Args:
            images: Integer, how many one pass sees.
        """
        later = self._stable[self.stage + 1 :]
        left = [self.images_left(), *(self.fade_images + n for n in later)]
        return sum(max(-(-n // images), 0) for n in left)

    def grow_if_due(self):
        """The next resolution, if this one has been trained for long enough.

        Returns:
            Boolean, whether it is another one now.
        """
        if self.stage == self.last_stage or self.images_left() > 0:
            return False
        for network in self._growing():
            network.grow_to(network.stage + 1)
            network.alpha.assign(0.0)
        self.progress.images.assign(0.0)
        # Of gradients of other layers; and where Adam's counter goes on, the
        # first steps of the new ones are ten times as long as they should be.
        for optimizer in self.optimizers.values():
            inner = getattr(optimizer, "inner_optimizer", optimizer)
            for variable in inner.variables:
                if "learning_rate" not in variable.path:
                    variable.assign(np.zeros(variable.shape, variable.dtype))
        self.compile_anew()
        return True

    def set_weights(self, weights):
        super().set_weights(weights)
        self.read_stage()

    def load_weights(self, filepath, **kwargs):
        """`keras.Model.load_weights`; the stage is that of the file."""
        before = self.stage
        super().load_weights(filepath, **kwargs)
        if self.stage != before:
            self.compile_anew()

    def read_stage(self):
        """Takes the stage from the weights, which others may have set."""
        if any([network.read_stage() for network in self._growing()]):
            self.compile_anew()

    def compile_anew(self):
        """Forgets functions that were compiled for another stage."""
        forget_compiled(self)
        self.predict_function = self.test_function = None
        if self.train_function is not None:
            self.make_train_function(force=True)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """`keras.Model.fit`, which grows the networks between two passes.

        Args:
            x: See `AdversarialModel.fit`; or a function of an integer, the
                batch size, that returns a dataset.
            y: `None`: there are no labels.
            batch_size: Integer, of arrays; with an array or a function, a list
                of them, one for each stage.
            epochs: Integer, or `None` for all that the stages still want.
            **kwargs: See `AdversarialModel.fit`.
        """
        backend.sync(self)
        self.read_stage()
        kwargs["callbacks"] = [
            _Growth(to_the_end=epochs is None),
            *keras.tree.flatten(kwargs.get("callbacks") or []),
        ]
        if epochs is None:
            images = _images_in(x, batch_size, kwargs.get("steps_per_epoch"))
            epochs = kwargs.get("initial_epoch", 0) + self.passes_left(images)
        if not callable(x) and not isinstance(batch_size, (list, tuple)):
            return super().fit(x, y, batch_size, epochs, **kwargs)
        sizes = _listed(batch_size, self.last_stage + 1, "batch_size")
        history, done = None, kwargs.pop("initial_epoch", 0)
        while done < epochs:
            grown = self.grow_if_due()
            if history is not None and not grown:
                break  # Nothing is left to train, or a callback stopped it.
            size = sizes[self.stage]
            made = super().fit(
                x(size) if callable(x) else x,
                y,
                None if callable(x) else size,
                epochs,
                initial_epoch=done,
                **{
                    **kwargs,
                    "callbacks": [*kwargs["callbacks"], _StopAtTheEnd()],
                },
            )
            history = _joined(history, made)
            done = made.epoch[-1] + 1 if made.epoch else epochs
        return history

    def get_config(self):
        return {
            **super().get_config(),
            "fade_images": self.fade_images,
            "stable_images": self.stable_images,
            "gp_weight": self.gp_weight,
            "drift_weight": self.drift_weight,
        }


class _Progress(layers.Layer):
    """Variables, and so parts of a checkpoint.

    Attributes:
        images: How many real ones the stage has seen.
        steps: How many steps all stages have had.
    """

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        # Every replica counts the same: any one's will do.
        self.images, self.steps = (
            self.add_weight(
                (),
                "zeros",
                name=name,
                trainable=False,
                dtype=dtype,
                aggregation="only_first_replica",
            )
            for name, dtype in (("images", "float32"), ("steps", "int32"))
        )
        self.built = True


class _Growth(keras.callbacks.Callback):
    """Grows the networks before a pass; at the end of all stages it stops."""

    def __init__(self, to_the_end):
        super().__init__()
        self.to_the_end = to_the_end

    def on_epoch_begin(self, epoch, logs=None):
        self.model.grow_if_due()

    def on_epoch_end(self, epoch, logs=None):
        model = self.model
        at_the_end = model.stage == model.last_stage
        if self.to_the_end and at_the_end and model.images_left() <= 0:
            model.stop_training = True


class _StopAtTheEnd(keras.callbacks.Callback):
    """Stops at the end of a stage that another one follows."""

    def on_epoch_end(self, epoch, logs=None):
        model = self.model
        if model.stage < model.last_stage and model.images_left() <= 0:
            model.stop_training = True


def _images_in(data, batch_size, steps):
    """How many images a pass sees, for the bar of `fit`; 1 if unknown."""
    if steps and batch_size:
        return steps * min(keras.tree.flatten(batch_size))
    if isinstance(data, np.ndarray):
        return len(data)
    try:
        return (steps or len(data)) * data.element_spec.shape[0]
    except (AttributeError, TypeError):
        return 1


def _joined(history, more):
    if history is None:
        return more
    history.epoch += more.epoch
    for name, values in more.history.items():
        history.history.setdefault(name, []).extend(values)
    return history


def _listed(value, stages, name="stable_images"):
    values = value if isinstance(value, (list, tuple)) else [value] * stages
    if len(values) != stages:
        raise ValueError(
            f"{name} must be one integer, or {stages}: one for each stage. "
            f"Received: {name}={value}"
        )
    for number in values:
        check_integer(name, number, minimum=1)
    return list(values)
