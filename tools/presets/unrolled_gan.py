"""The presets of UnrolledGAN."""

from data_sets import RING
from recipes import decaying

import keras_gans
from keras_gans.models.gan import GANDiscriminator, GANGenerator

UNROLLED_GAN_PAPER = (
    'Metz et al., "Unrolled Generative Adversarial Networks", 2016, '
    "https://arxiv.org/abs/1611.02163"
)
STEPS = 10_000


def of_points():
    # Two latents, and layers that are piecewise linear: the authors' demo has
    # 256 and tanh, and needs its 25,000 steps of 512 points.
    return keras_gans.UnrolledGAN(
        GANGenerator((2,), 2, units=(128, 128), batch_normalization=False),
        GANDiscriminator((2,), units=(128, 128)),
        latent_dim=2,
        unrolled_steps=5,
        generator_loss=keras_gans.losses.non_saturating_generator_loss,
        ema_momentum=0.999,
    )


PRESETS = {
    "unrolled_gan_ring": {
        "model": of_points,
        "recipe": {
            "dataset": "ring",
            "batch_size": 256,
            "steps": STEPS,
            # The demo's ratio: the discriminator lags, which is what unrolled
            # steps are for.
            "generator_optimizer": decaying("Adam", 1e-3, STEPS, beta_1=0.5),
            "discriminator_optimizer": decaying(
                "Adam", 1e-4, STEPS, beta_1=0.5
            ),
        },
        "ablations": {"no unrolled steps": {"unrolled_steps": 0}},
        "description": "Unrolled GAN, five steps, on the ring",
        "paper": f"{UNROLLED_GAN_PAPER}. Here with smaller networks and the "
        "non-saturating loss.",
        "compared": "The paper has pictures of such a ring, and no numbers.",
        "failures": (
            "Modes are not hit in their middle, and one sample in twenty or so "
            "lies between two of them. At rates at which the discriminator "
            "keeps up, no unrolled steps are needed on this ring."
        ),
        "data": RING,
    },
}
