"""What a discriminator is shown, and what its loss is regularized by.

Every option is off by default, and costs nothing then.
"""

import keras
from keras import ops

from keras_gans import penalties
from keras_gans.augmentation import Augmentation, DiffAugment
from keras_gans.checks import (
    check_integer,
    check_weight,
    check_weight_or_schedule,
)
from keras_gans.models.sampling import SamplingModel

# How far zCR's second latents are from the first, and how much of the
# discriminator's weight the generator's term has: the paper's 0.5 of 5.
_LATENT_NOISE, _GENERATORS_PART = 0.03, 0.1


class RegularizedModel(SamplingModel):
    """Base class of models whose discriminator is regularized by options.

    A `train_step` asks `judge_both` for logits and penalties in the
    discriminator's step, and adds `regularize_generator` to the generator's
    loss.

    Args:
        *args: See `SamplingModel`.
        instance_noise: Float, standard deviation of Gaussian noise added to
            all that the discriminator sees (Sonderby et al., 2016).
        r1_weight: Float, gamma of the R1 penalty `gamma / 2 * E[||grad
            D(x)||^2]` at real examples, as the discriminator sees them
            (Mescheder et al., 2018), which `d_loss` then includes. The
            discriminator must not have BatchNormalization. A schedule, as
            `keras_gans.schedules.CosineFall(1.0, 0.1, 10_000)`, is called with
            the number of the generator's updates.
        r2_weight: The same at generated examples.
        penalty_fraction: Float, 1 divided by an integer: the part of the
            batch that R1 and R2 are taken at. Where others take them at every
            sixteenth step alone, this does at each step, for a sixteenth of
            the batch: the same expectation, and no branch.
        lecam_weight: Float, of the LeCam penalty, see `penalties.LeCam`.
        consistency_weight: Float, of bCR: what moving an image by up to an
            eighth of its sides may not change of its logit, for real and for
            generated ones (Zhao et al., 2020; their weight is 10).
        latent_consistency_weight: Float, of zCR: the logits of examples from
            latents nearby are to be the same, and the examples, with a tenth
            of this weight in the generator's loss, are not (Zhao et al., 2020;
            their weight is 5).
        packing: Integer m. The discriminator sees m examples at once, joined
            along the last axis, and says of all together whether they are
            real (PacGAN, Lin et al., 2018). A batch must divide by m.
        **kwargs: See `SamplingModel`.
    """

    augmentations = (Augmentation,)
    takes_labels = True
    # Whether the discriminator may see several examples at once.
    packs = True

    def __init__(
        self,
        *args,
        instance_noise=0.0,
        r1_weight=0.0,
        r2_weight=0.0,
        penalty_fraction=1.0,
        lecam_weight=0.0,
        consistency_weight=0.0,
        latent_consistency_weight=0.0,
        packing=1,
        **kwargs,
    ):
        if instance_noise < 0:
            raise ValueError(
                "instance_noise must be a standard deviation, 0 or more. "
                f"Received: instance_noise={instance_noise}"
            )
        weights = {"r1_weight": r1_weight, "r2_weight": r2_weight}
        for name, weight in weights.items():
            check_weight_or_schedule(name, weight)
        check_weight("lecam_weight", lecam_weight)
        check_weight("consistency_weight", consistency_weight)
        check_weight("latent_consistency_weight", latent_consistency_weight)
        check_integer("packing", packing, minimum=1)
        is_alone = kwargs.get("num_classes") is not None or not self.packs
        if packing > 1 and is_alone:
            raise ValueError(
                "packing must be 1 in a conditional model, and in one that "
                f"finds codes in its examples. Received: packing={packing}"
            )
        self.packing = packing
        super().__init__(*args, **kwargs)
        for name, weight in weights.items():
            if weight:
                penalties.check_no_batch_normalization(self.discriminator, name)
        self.instance_noise = instance_noise
        self.r1_weight = r1_weight
        self.r2_weight = r2_weight
        self.penalty_fraction = penalty_fraction
        self._penalty_stride = _stride(penalty_fraction)
        self.lecam_weight = lecam_weight
        self.consistency_weight = consistency_weight
        self.latent_consistency_weight = latent_consistency_weight
        if lecam_weight:
            self.lecam = penalties.LeCam(name="lecam")
        if consistency_weight:
            self.check_augmented("consistency_weight", consistency_weight)
            self._moved = DiffAugment("translation", name="moved")

    @property
    def examples_together(self):
        """By how many a discriminator step's examples must divide."""
        return self.packing * self._penalty_stride

    def discriminator_inputs(self, examples, inputs):
        """`packing` neighbours at a time, along the last axis."""
        m = self.packing
        if m == 1:
            return super().discriminator_inputs(examples, inputs)
        *rest, channels = examples.shape[1:]
        if isinstance(examples, keras.KerasTensor):
            return keras.KerasTensor((None, *rest, m * channels))
        packs = ops.shape(examples)[0] // m
        x = ops.reshape(examples[: packs * m], (packs, m, *rest, channels))
        x = ops.moveaxis(x, 1, -2)
        return ops.reshape(x, (packs, *rest, m * channels))

    # ---- the pieces of the step -------------------------------------------

    def seen(self, examples):
        """What the discriminator sees of examples in training."""
        examples = self.augmented(examples)
        if not self.instance_noise:
            return examples
        noise = self.draw(keras.random.normal, ops.shape(examples))
        return examples + self.instance_noise * ops.cast(noise, examples.dtype)

    def judge(self, examples, inputs):
        """Logits (or all outputs) in training, of examples as they are seen."""
        return self.discriminator(
            self.discriminator_inputs(self.seen(examples), inputs),
            training=True,
        )

    def judge_both(self, real, fake, inputs):
        """What the discriminator makes of examples in its own step.

        Returns:
            Its outputs for real and for fake examples, which are logits by
            default, and the sum of all penalties, weighted.
        """
        real_outputs, r1 = self.judge_penalized(real, inputs, self.r1_weight)
        fake_outputs, r2 = self.judge_penalized(fake, inputs, self.r2_weight)
        more = self.regularize(
            real,
            fake,
            inputs,
            self.logits_of(real_outputs, real),
            self.logits_of(fake_outputs, fake),
        )
        return real_outputs, fake_outputs, r1 + r2 + more

    def judge_penalized(self, examples, inputs, weight):
        """The discriminator's outputs, and `weight / 2 * E[||grad D(x)||^2]`.

        Both come from one pass of the discriminator, unless the penalty is of
        a part of the batch, or there are other outputs than logits.
        """
        if not weight:
            return self.judge(examples, inputs), 0.0
        if callable(weight):
            weight = weight(ops.cast(self.iterations, "float32"))
        network = penalties.float32(self.discriminator)
        seen = self.seen(examples)
        part, part_inputs = seen, inputs
        if self._penalty_stride > 1:
            # Not the first ones: so it is the same set on many replicas.
            part, part_inputs = keras.tree.map_structure(
                lambda x: None if x is None else x[:: self._penalty_stride],
                (seen, inputs),
            )
        penalty, outputs = penalties.r1_penalty(
            lambda x: self.logits_of(
                network(
                    self.discriminator_inputs(x, part_inputs), training=True
                ),
                x,
            ),
            part,
        )
        if self._penalty_stride > 1 or len(self.discriminator_outputs) > 1:
            # Last: what layers add to the loss is of their last call.
            outputs = self.discriminator(
                self.discriminator_inputs(seen, inputs), training=True
            )
        else:
            # As the other ones are: own networks may end in half precision.
            outputs = ops.cast(outputs, self.logits_dtype)
        return outputs, 0.5 * weight * penalty

    def judge_logits(self, examples, inputs):
        """The logits alone of what `judge` makes."""
        return self.logits_of(self.judge(examples, inputs), examples)

    def regularize(self, real, fake, inputs, real_logits, fake_logits):
        """What options add to the discriminator's loss, weighted."""
        total = 0.0
        if self.augment is not None:
            self.augment.observe(real_logits)
        if self.lecam_weight:
            penalty = self.lecam.penalty(real_logits, fake_logits)
            total = total + self.lecam_weight * penalty
        if self.consistency_weight:
            for examples, logits in ((real, real_logits), (fake, fake_logits)):
                moved = self._moved.augment(examples, self.draw)
                total = total + self.consistency_weight * (
                    penalties.consistency_penalty(
                        logits, self.judge_logits(moved, inputs)
                    )
                )
        if self.latent_consistency_weight:
            near = ops.stop_gradient(self.generate_near(inputs))
            total = total + self.latent_consistency_weight * (
                penalties.consistency_penalty(
                    fake_logits, self.judge_logits(near, inputs)
                )
            )
        return total

    def regularize_generator(self, fake, inputs):
        """What options add to the generator's loss, weighted."""
        if not self.latent_consistency_weight:
            return 0.0
        # Not squared sums: the weight is then for images of every size.
        distance = penalties.consistency_penalty(
            fake, self.generate_near(inputs)
        )
        weight = _GENERATORS_PART * self.latent_consistency_weight
        return -weight * distance

    def generate_near(self, inputs):
        """Examples from latents nearby, in training."""
        latents, *rest = keras.tree.flatten(inputs)
        noise = self.draw(keras.random.normal, ops.shape(latents))
        latents = latents + _LATENT_NOISE * ops.cast(noise, latents.dtype)
        inputs = keras.tree.pack_sequence_as(inputs, [latents, *rest])
        return self.generator(inputs, training=True)

    def get_config(self):
        options = {
            "r2_weight": (self.r2_weight, 0.0),
            "penalty_fraction": (self.penalty_fraction, 1.0),
            "lecam_weight": (self.lecam_weight, 0.0),
            "consistency_weight": (self.consistency_weight, 0.0),
            "latent_consistency_weight": (self.latent_consistency_weight, 0.0),
            "packing": (self.packing, 1),
        }
        return {
            **super().get_config(),
            "instance_noise": self.instance_noise,
            "r1_weight": _serialized(self.r1_weight),
            **{
                name: _serialized(value)
                for name, (value, default) in options.items()
                if value != default
            },
        }


def _serialized(weight):
    if callable(weight):
        return keras.saving.serialize_keras_object(weight)
    return weight


def _stride(fraction):
    is_number = isinstance(fraction, (int, float)) and 0 < fraction <= 1
    if not is_number or abs(1 / fraction - round(1 / fraction)) > 1e-6:
        raise ValueError(
            "penalty_fraction must be 1 divided by an integer, as 0.25. "
            f"Received: penalty_fraction={fraction!r}"
        )
    return round(1 / fraction)
