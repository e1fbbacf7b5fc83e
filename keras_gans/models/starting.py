"""Where training on one's own pictures begins, when no preset says it:
`keras-gans train dcgan --data pictures/ --image-size 64`.
"""

from keras_gans.layers import dcgan_base_shape

# The updates of the generator: an hour or two of two CPU cores.
STEPS = 10_000


class Starting:
    """What stands before `PresetModel` in the bases of a model."""

    # What may be its argument `augment`: classes of `augmentation`.
    augmentations = ()
    # Whether its own networks take labels where `num_classes` is given, and
    # whether there must be some.
    knows_classes = False
    needs_classes = False

    @classmethod
    def starting_point(cls, image_shape):
        """What a new model of this class is to be like, and how it is trained.

        Another choice than the constructor's defaults, which are the paper's:
        good pictures of a few thousand images, from two CPU cores.

        Args:
            image_shape: `(height, width, channels)`.

        Returns:
            `(arguments, recipe)`, two dicts: the constructor's arguments
            beside those of `shape_arguments`, and what a recipe says beside
            its data, see `runs.check_recipe`.
        """
        return {}, {"batch_size": 64, "steps": STEPS}

    @classmethod
    def arguments_from(cls, source):
        """What it takes of a model of another class, to go on from there.

        Args:
            source: A model of the package.

        Returns:
            Dict of arguments of the constructor, networks with their weights;
            `None` if it can take nothing of such a model.
        """
        return None


def decaying(optimizer, learning_rate, steps=STEPS, **config):
    """An optimizer of a recipe whose rate falls to zero in a line.

    Args:
        optimizer: String, the name of one of Keras's.
        learning_rate: Float, the first.
        steps: Integer, its updates.
        **config: Numbers, its other arguments.
    """
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


def falling(learning_rate, steps=STEPS, beta_1=0.5):
    """Adam of a recipe whose rate falls in the second half, as CycleGAN's."""
    schedule = {
        "class_name": "LinearDecay",
        "config": {
            "initial_learning_rate": learning_rate,
            "decay_steps": steps,
        },
    }
    return {
        "class_name": "Adam",
        "config": {"learning_rate": schedule, "beta_1": beta_1},
    }


def for_both(optimizer, steps=STEPS):
    """The part of a recipe that says how long and by which optimizers."""
    return {
        "steps": steps,
        "generator_optimizer": optimizer,
        "discriminator_optimizer": optimizer,
    }


def rates(steps, generator, discriminator, discriminator_steps=1):
    """Adam for both players, at rates that fall to zero with the run.

    Args:
        steps: Integer, the run's.
        generator: Float, the rate that the generator begins with.
        discriminator: Float, the discriminator's.
        discriminator_steps: Integer, the discriminator's updates in each.
    """
    adam = {"beta_1": 0.0, "beta_2": 0.9}
    return {
        "steps": steps,
        "generator_optimizer": decaying("Adam", generator, steps, **adam),
        "discriminator_optimizer": decaying(
            "Adam", discriminator, steps * discriminator_steps, **adam
        ),
    }


def widths(image_shape, smallest, largest):
    """Filters for each resolution, which halve towards the image.

    Args:
        image_shape: `(height, width, channels)`.
        smallest: Integer, those of the image's own resolution.
        largest: Integer, the most.

    Returns:
        Tuple of integers, of the smallest resolution first.
    """
    _, doublings = dcgan_base_shape(image_shape)
    return tuple(
        min(smallest * 2**i, largest) for i in reversed(range(doublings + 1))
    )
