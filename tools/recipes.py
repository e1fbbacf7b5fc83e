"""What recipes of several families share: optimizers, and small networks."""

from keras_gans.models.dcgan import DCGANDiscriminator, DCGANGenerator
from keras_gans.models.gan import GANDiscriminator, GANGenerator

TRAINED_FROM_ARRAYS = (
    "These weights were made by `fit` from arrays, with the rates set anew "
    "every 200 steps; the command follows the same recipe, and was not run."
)


def decaying(optimizer, learning_rate, steps, **config):
    """An optimizer of a recipe whose rate falls to zero in a line."""
    schedule = {
        "class_name": "PolynomialDecay",
        "config": {
            "initial_learning_rate": learning_rate,
            "end_learning_rate": 0.0,
            "decay_steps": steps,
        },
    }
    return {
        "class_name": optimizer,
        "config": {"learning_rate": schedule, **config},
    }


def rates(steps, generator, discriminator, discriminator_steps=1):
    """Adam for both players, at rates that fall to zero with the run.

    Args:
        steps: Integer, the run's.
        generator: Float, the rate that the generator begins with.
        discriminator: Float, the discriminator's.
        discriminator_steps: Integer, its updates in each step.
    """
    updates = steps * discriminator_steps
    return {
        "steps": steps,
        "generator_optimizer": decaying(
            "Adam", generator, steps, beta_1=0.0, beta_2=0.9
        ),
        "discriminator_optimizer": decaying(
            "Adam", discriminator, updates, beta_1=0.0, beta_2=0.9
        ),
    }


def falling(learning_rate, steps, beta_1=0.5):
    """Adam whose rate falls in the second half, as in CycleGAN."""
    return {
        "class_name": "Adam",
        "config": {
            "learning_rate": {
                "class_name": "LinearDecay",
                "config": {
                    "initial_learning_rate": learning_rate,
                    "decay_steps": steps,
                },
            },
            "beta_1": beta_1,
        },
    }


def two_time_scales(dataset, steps):
    """One discriminator step at a higher rate for the papers' five.

    Heusel et al., 2017.
    """
    return {
        "dataset": dataset,
        "batch_size": 64,
        **rates(steps, 2e-4, 5e-4),
    }


def toy_networks():
    """Perceptrons for points in the plane, of the toys' usual width."""
    units = (128, 128, 128)
    return {
        "generator": GANGenerator(
            (2,), 2, units=units, batch_normalization=False
        ),
        "discriminator": GANDiscriminator((2,), units=units),
        "latent_dim": 2,
        "ema_momentum": 0.999,
    }


def small_cifar10_networks():
    """DCGAN's kind for a CPU: 2.5 times as fast as ResNets of 32 filters."""
    return {
        "generator": DCGANGenerator((32, 32, 3), 128, filters=32),
        "discriminator": DCGANDiscriminator(
            (32, 32, 3), filters=32, normalization=None
        ),
        "latent_dim": 128,
        "ema_momentum": 0.999,
    }
