"""What recipes of several families share: optimizers, and small networks."""

from keras_gans.models.gan import GANDiscriminator, GANGenerator

TRAINED_FROM_ARRAYS = (
    "These weights were made by `fit` from arrays, with the rates set anew "
    "every 200 steps; the command follows the same recipe, and was not run."
)

TRAINED_WITHIN_A_TIME = (
    "They were trained by `python tools/train_presets.py`, within a time; the "
    "command follows the same recipe, and was not run. In the first minutes "
    "the rates fell by earlier guesses of how many steps there would be."
)
MIRRORED = " Half of the images were mirrored, which the command does not do."


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
