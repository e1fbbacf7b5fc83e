"""Improved GAN, the model: see the package's docstring for the paper."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend, losses, pixels
from keras_gans.checks import check_integer, check_weight
from keras_gans.models.data_checks import Part
from keras_gans.models.improved_gan.features import with_features
from keras_gans.models.improved_gan.history import WeightHistory
from keras_gans.models.improved_gan.losses import (
    feature_matching_generator_loss,
    realness,
    semi_supervised_discriminator_loss,
)
from keras_gans.models.improved_gan.networks import (
    ImprovedGANDiscriminator,
    ImprovedGANGenerator,
)
from keras_gans.models.inference import batch_size_for, compiled
from keras_gans.models.sampling import SamplingModel, copy_of, move_average


@keras.saving.register_keras_serializable("keras_gans")
class ImprovedGAN(SamplingModel):
    """Semi-supervised GAN, a classifier that learns from few labels.

    Example:

    ```python
    gan = keras_gans.ImprovedGAN(
        num_classes=10, discriminator_ema_momentum=0.999
    )
    gan.compile()
    data = keras_gans.datasets.load_semi_supervised(
        "mnist", batch_size=100, labels_per_class=10
    )
    gan.fit(data, epochs=100)
    classes = gan.classify(images)  # integers, (n,)
    ```

    `fit` takes images and integers: the class, or -1 where it is not known. An
    image with a class counts in the loss of classes, and one without in that of
    real images, which it stands for (in a batch without any, all do). Both are
    means over the global batch, however replicas share it.

    The logs have `error` beside the losses: the share of wrong classes among
    the labelled examples, in training as the noisy network has them, in
    `evaluate` as `classify` does.

    Without `num_classes` the discriminator has one logit, and `fit` takes
    examples alone. The discriminator should have no BatchNormalization, as it
    sees real and generated examples in two batches; see
    `layers.VirtualBatchNormalization`.

    Args:
        generator: `keras.Model`, latents `(batch, latent_dim)` to examples;
            `None` for an `ImprovedGANGenerator`.
        discriminator: `keras.Model`, examples to `num_classes` logits, or to
            one; `None` for an `ImprovedGANDiscriminator`. To match features
            it must be functional or `Sequential`.
        example_shape: Shape of one example without the batch, for the default
            networks.
        num_classes: Integer K, or `None` for training without labels.
        latent_dim: Integer, the size of a latent vector.
        feature_matching: `"l2"` or `"l1"`, the mean over features of squared
            or absolute differences, for the generator's loss; `None` for the
            non-saturating loss. Features are what the last layer with weights
            is given, before any noise or dropout.
        label_smoothing: Float in [0, 0.5], taken from the discriminator's
            target for real examples.
        historical_averaging_weight: Float, of the squared distance of each
            player's weights from their mean over all steps so far, which its
            loss then includes.
        ema_momentum: Float or `None`, see `SamplingModel`.
        discriminator_ema_momentum: The same of the discriminator:
            `ema_discriminator` is what `classify` uses. (In the authors' code
            0.9999, of 180,000 steps.)
        seed: Integer or `None`, of the latents of training.
        example_kind: What examples are, see `SamplingModel`.
        name: String, the name of the model.

    Reference:
        Salimans et al., "Improved Techniques for Training GANs", 2016.
    """

    trains_on = (
        "(images, labels), integers that are -1 where the class is not known: "
        "pass y, or a dataset of pairs (datasets.load_semi_supervised)"
    )

    knows_classes = True

    def __init__(
        self,
        generator=None,
        discriminator=None,
        example_shape=(28, 28, 1),
        num_classes=None,
        latent_dim=100,
        feature_matching="l2",
        label_smoothing=0.0,
        historical_averaging_weight=0.0,
        ema_momentum=None,
        discriminator_ema_momentum=None,
        seed=None,
        example_kind=None,
        **kwargs,
    ):
        if num_classes is not None:
            check_integer("num_classes", num_classes, minimum=2)
        _check_arguments(
            feature_matching, label_smoothing, discriminator_ema_momentum
        )
        check_weight("historical_averaging_weight", historical_averaging_weight)
        self.num_classes = num_classes
        super().__init__(
            generator
            or ImprovedGANGenerator(
                example_shape, latent_dim, example_kind=example_kind
            ),
            discriminator
            or ImprovedGANDiscriminator(
                example_shape, num_classes, example_kind=example_kind
            ),
            latent_dim,
            ema_momentum=ema_momentum,
            example_kind=example_kind,
            seed=seed,
            **kwargs,
        )
        self.feature_matching = feature_matching
        self.label_smoothing = label_smoothing
        self.historical_averaging_weight = historical_averaging_weight
        self.discriminator_ema_momentum = discriminator_ema_momentum
        examples = keras.KerasTensor((None, *self.example_shape))
        _check_logits(self.discriminator(examples), num_classes)
        # Past Keras, which would save the discriminator's layers once more.
        self.__dict__["_judge"] = None
        if feature_matching is not None:
            self.__dict__["_judge"] = with_features(self.discriminator)
        self.ema_discriminator = None
        if discriminator_ema_momentum is not None:
            self.ema_discriminator = copy_of(self.discriminator, examples)
        self.generator_history = self.discriminator_history = None
        if historical_averaging_weight:
            self.generator_history, self.discriminator_history = (
                WeightHistory(self.variables_of(p)) for p in self.players
            )

    @property
    def loss_names(self):
        names = ("d_loss", "g_loss")
        return names if self.num_classes is None else (*names, "error")

    def default_optimizers(self):
        # The code's epsilon, 1e-8 within the root, is 1e-4 beside it.
        return (
            keras.optimizers.Adam(3e-3, beta_1=0.5, epsilon=1e-4),
            keras.optimizers.Adam(3e-3, beta_1=0.5, epsilon=1e-4),
        )

    def train_step(self, data):
        real, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        n = ops.shape(real)[0]

        # 1. Sample latents, and update the discriminator: it is to find the
        #    classes that are known, and to tell real from generated examples.
        def discriminator_loss():
            fake = self.generator(self.draw_inputs(n), training=True)
            loss, real_logits = self.loss_of_discriminator(
                real, ops.stop_gradient(fake), labels
            )
            loss = loss + self.distance_from_history("discriminator")
            return loss, real_logits

        d_loss, real_logits = self.minimize(
            discriminator_loss, self.discriminator_optimizer, self.discriminator
        )

        # 2. Sample latents anew, and update the generator: the mean features
        #    of what it makes are to be those of real examples.
        def generator_loss():
            fake = self.generator(self.draw_inputs(n), training=True)
            loss = self.loss_of_generator(real, fake, labels)
            return loss + self.distance_from_history("generator")

        g_loss = self.minimize(
            generator_loss, self.generator_optimizer, self.generator
        )
        self.update_ema_generator()
        self.update_ema_discriminator()
        logs = self.track(d_loss=d_loss, g_loss=g_loss)
        return {**logs, **self.track_error(real_logits, labels)}

    def test_step(self, data):
        real, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self(
            self.draw_inputs(ops.shape(real)[0], seed=self.test_seed_generator)
        )
        d_loss, logits = self.loss_of_discriminator(
            real, fake, labels, training=False
        )
        g_loss = self.loss_of_generator(real, fake, labels, training=False)
        logs = self.track(d_loss=d_loss, g_loss=g_loss)
        if self.ema_discriminator is not None:
            logits = self.ema_discriminator(real, training=False)
        return {
            **logs,
            **self.track_error(logits, labels),
            **self.track_metrics(real, fake),
        }

    # ---- the pieces of the step -------------------------------------------

    def judge(self, examples, training=True):
        """Features and logits in float32; without matching, no features."""
        network = self.__dict__["_judge"]
        if network is None:
            logits = self.discriminator(examples, training=training)
            return None, ops.cast(logits, "float32")
        return [
            ops.cast(x, "float32") for x in network(examples, training=training)
        ]

    def loss_of_discriminator(self, real, fake, labels, training=True):
        """The loss without history, and the logits of real examples."""
        _, real_logits = self.judge(real, training)
        _, fake_logits = self.judge(fake, training)
        if self.num_classes is None:
            loss = losses.non_saturating_discriminator_loss(
                real_logits, fake_logits, self.label_smoothing
            )
        else:
            loss = semi_supervised_discriminator_loss(
                real_logits, fake_logits, labels, self.label_smoothing
            )
        return loss, real_logits

    def loss_of_generator(self, real, fake, labels, training=True):
        """The loss without history."""
        fake_features, fake_logits = self.judge(fake, training)
        if self.feature_matching is None:
            return losses.non_saturating_generator_loss(realness(fake_logits))
        real_features, _ = self.judge(real, training)
        if self.num_classes is None:
            labels = None
        return feature_matching_generator_loss(
            real_features, fake_features, labels, self.feature_matching
        )

    def distance_from_history(self, player):
        """The weighted squared distance from a mean that includes now."""
        history = getattr(self, f"{player}_history")
        if history is None:
            return 0.0
        variables = self.variables_of(player)
        history.take_in(variables)
        distance = history.squared_distance(variables)
        return self.historical_averaging_weight * distance

    def update_ema_discriminator(self):
        """Moves `ema_discriminator` towards the discriminator, if there."""
        if self.ema_discriminator is not None:
            move_average(
                self.ema_discriminator,
                self.discriminator,
                self.discriminator_ema_momentum,
                self.iterations,
            )

    def track_error(self, logits, labels):
        """Updates the share of wrong classes, of labelled examples alone."""
        if self.num_classes is None:
            return {}
        found = ops.cast(ops.argmax(logits, axis=-1), labels.dtype)
        tracker = self._trackers["error"]
        tracker.update_state(
            ops.cast(found != labels, "float32"),
            sample_weight=ops.cast(labels >= 0, "float32"),
        )
        return {"error": tracker.result()}

    # ---- classes ----------------------------------------------------------

    @property
    def classifier(self):
        """The network behind `classify`: the average if there is one."""
        return self.ema_discriminator or self.discriminator

    def classify(self, images, probabilities=False, batch_size=None):
        """Says which class each image is of.

        Args:
            images: Array of images, uint8 or floats in [-1, 1], or of what
                else the model is of.
            probabilities: Boolean, whether to return those of all classes.
            batch_size: Integer, the number of images at once. By default what
                suits the device.

        Returns:
            `numpy.int64` classes `(n,)`, or `numpy.float32` probabilities
            `(n, num_classes)`.

        Raises:
            ValueError: If the model has no classes, or for images of another
                shape or unit.
        """
        if self.num_classes is None:
            raise ValueError(
                "num_classes must be given to a model that classifies. "
                "Received: num_classes=None"
            )
        images = np.asarray(images)
        part = Part("images", self.example_shape, self.example_kind)
        part.check_shape(images.shape)
        if part.bounded:
            images = pixels.read_floats("images", images)
        if batch_size is None:
            batch_size = batch_size_for(self, self.example_shape)
        check_integer("batch_size", batch_size, minimum=1)
        backend.sync(self)
        n = len(images)
        size = max(1, min(int(batch_size), 1 << (n - 1).bit_length()))
        # All batches are of one shape: the last one is filled up.
        batches = (
            np.resize(images[i : i + size], (size, *images.shape[1:]))
            for i in range(0, n, size)
        )
        function = compiled(self, "classify", self.classifier, self._classify)
        found = np.concatenate(
            [
                np.zeros((0, self.num_classes), "float32"),
                *backend.map_batches(
                    function, (x.astype("float32") for x in batches)
                ),
            ]
        )[:n]
        return found if probabilities else found.argmax(axis=-1)

    def _classify(self, images):
        logits = self.classifier(images, training=False)
        return ops.softmax(ops.cast(logits, "float32"), axis=-1)

    def batch_parts(self):
        examples, _ = super().batch_parts()
        if self.num_classes is None:
            return examples, None
        labels = Part(
            "y",
            kind="label",
            num_classes=self.num_classes,
            may_be_unknown=True,
        )
        return examples, labels

    def check_classes(self, names):
        if None not in (names, self.num_classes) and (
            len(names) != self.num_classes
        ):
            raise ValueError(
                "num_classes must be the number of the data's classes, "
                f"{len(names)} ({', '.join(names[:10])}). Received: "
                f"num_classes={self.num_classes}"
            )

    def get_config(self):
        config = {
            **super().get_config(),
            "feature_matching": self.feature_matching,
            "label_smoothing": self.label_smoothing,
            "historical_averaging_weight": self.historical_averaging_weight,
            "discriminator_ema_momentum": self.discriminator_ema_momentum,
        }
        if self.num_classes is not None:
            config["num_classes"] = self.num_classes
        return config


def _check_arguments(feature_matching, label_smoothing, ema_momentum):
    if feature_matching not in ("l2", "l1", None):
        raise ValueError(
            'feature_matching must be "l2", "l1" or None. '
            f"Received: feature_matching={feature_matching!r}"
        )
    if not 0.0 <= label_smoothing <= 0.5:
        raise ValueError(
            "label_smoothing must be between 0 and 0.5. "
            f"Received: label_smoothing={label_smoothing}"
        )
    if ema_momentum is not None and not 0.0 < ema_momentum < 1.0:
        raise ValueError(
            "discriminator_ema_momentum must be a float between 0 and 1, or "
            f"None. Received: discriminator_ema_momentum={ema_momentum}"
        )


def _check_logits(logits, num_classes):
    if logits.shape[-1] != (num_classes or 1):
        raise ValueError(
            "discriminator must end in num_classes logits, or in one without "
            f"classes. Received: a discriminator whose output has shape "
            f"{tuple(logits.shape)}, num_classes={num_classes}"
        )
