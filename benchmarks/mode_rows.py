"""What `mode_coverage.py` trains: a row for every model.

A row more is an entry of `ROWS`: a model with arguments, made by one of the
builders below or by one of its own, a function of the toy's name, the number
of generator updates and the seed that returns the model and its optimizers.

    "packing of two": Row("packing_2", gan("non_saturating", packing=2)),

Keras is imported within the functions: the command that runs them all does not
need it.
"""

import dataclasses
from collections.abc import Callable

from mode_toys import TOYS


@dataclasses.dataclass(frozen=True)
class Row:
    """A model that is trained on toys.

    Attributes:
        key: String, in the names of its files.
        build: Function of `(toy, steps, seed)`: a model, and its optimizers in
            the order of its players.
        toys: Names of the toys that it is trained on.
        batch_size: Integer, of one discriminator step; `None` for the toy's.
        steps: Integer, generator updates; `None` for the toy's.
    """

    key: str
    build: Callable
    toys: tuple = ("ring", "grid", "stacked_mnist")
    batch_size: int | None = None
    steps: int | None = None


# ---- networks and rates that rows share -----------------------------------


def networks(toy, normalization="batch", packing=1):
    """Generator, discriminator and `latent_dim`, by the names of arguments.

    Args:
        toy: String, the toy's name.
        normalization: Of the discriminator of images.
        packing: Integer, how many examples the discriminator sees at once,
            joined on the last axis.
    """
    from keras_gans.models import dcgan, gan

    if TOYS[toy].images:
        return {
            "generator": dcgan.DCGANGenerator((28, 28, 3), filters=32, crop=2),
            "discriminator": dcgan.DCGANDiscriminator(
                (28, 28, 3 * packing), filters=32, normalization=normalization
            ),
            "latent_dim": 100,
        }
    units = (128, 128, 128)
    return {
        "generator": gan.GANGenerator(
            (2,), 2, units=units, batch_normalization=False
        ),
        "discriminator": gan.GANDiscriminator((2 * packing,), units=units),
        "latent_dim": 2,
    }


def decaying(learning_rate, steps):
    import keras

    return keras.optimizers.schedules.PolynomialDecay(
        learning_rate, steps, end_learning_rate=0.0
    )


def adams(rates, betas, steps):
    """Adam for both players, at rates that fall to 0 in a line."""
    import keras

    return [keras.optimizers.Adam(decaying(lr, steps), *betas) for lr in rates]


# ---- builders -------------------------------------------------------------


def gan(family, **arguments):
    """A GAN with the two losses of a family, and more arguments of `GAN`."""

    def build(toy, steps, seed):
        import keras_gans

        losses = {
            name: getattr(keras_gans.losses, f"{family}_{name}")
            for name in ("generator_loss", "discriminator_loss")
        }
        model = keras_gans.GAN(
            **networks(toy, packing=arguments.get("packing", 1)),
            **losses,
            **arguments,
            ema_momentum=0.999,
            seed=seed,
        )
        if TOYS[toy].images:  # DCGAN's.
            return model, adams((2e-4, 2e-4), (0.5, 0.999), steps)
        return model, adams((1e-3, 1e-3), (0.0, 0.9), steps)

    return build


def of_points(model, **arguments):
    """A model of one's own discriminator of points, and Adam's usual rates.

    Args:
        model: Function of the package that returns the class and the
            discriminator.
        **arguments: Of the class.
    """

    def build(toy, steps, seed):
        import keras_gans

        cls, discriminator = model(keras_gans)
        arguments_of_all = {**networks(toy), "discriminator": discriminator}
        made = cls(
            **arguments_of_all, **arguments, ema_momentum=0.999, seed=seed
        )
        return made, adams((1e-3, 1e-3), (0.0, 0.9), steps)

    return build


def minibatch_discrimination(package):
    """Salimans' layer before the logit."""
    import keras
    from keras import layers

    blocks = []
    for _ in range(3):
        blocks += [layers.Dense(128), layers.LeakyReLU(0.2)]
    return package.GAN, keras.Sequential(
        [
            keras.Input((2,)),
            *blocks,
            package.layers.MinibatchDiscrimination(kernels=50, dims=5),
            layers.Dense(1),
        ]
    )


def autoencoder(package):
    from keras_gans.models.ebgan import EBGANDiscriminator

    return package.EBGAN, EBGANDiscriminator((2,), units=(128, 128, 16))


def infogan(toy, steps, seed):
    """A categorical code of as many values as there are modes."""
    import keras
    from keras import layers

    import keras_gans
    from keras_gans.models.gan import GANGenerator

    modes, units = TOYS[toy].modes, (128, 128, 128)
    examples = keras.Input((2,))
    x = examples
    for width in units:
        x = layers.LeakyReLU(0.2)(layers.Dense(width)(x))
    heads = [layers.Dense(size)(x) for size in (1, modes)]
    model = keras_gans.InfoGAN(
        GANGenerator((2,), 2 + modes, units=units, batch_normalization=False),
        keras.Model(examples, heads),
        latent_dim=2 + modes,
        categorical_codes=(modes,),
        continuous_codes=0,
        ema_momentum=0.999,
        seed=seed,
    )
    return model, adams((1e-3, 1e-3), (0.0, 0.9), steps)


def r3gan(family, r2_weight):
    """R3GAN's networks and penalties, with the losses of a family."""

    def build(toy, steps, seed):
        import keras

        import keras_gans
        from keras_gans.models.r3gan import R3GANDiscriminator, R3GANGenerator

        def falling(start, end):
            return keras.optimizers.schedules.CosineDecay(
                start, steps, alpha=end / start
            )

        losses = {
            name: getattr(keras_gans.losses, f"{family}_{name}")
            for name in ("generator_loss", "discriminator_loss")
        }
        # As in the preset `r3gan_stacked_mnist`.
        widths = {"filters": (64, 32, 16), "group_size": 1}
        model = keras_gans.R3GAN(
            R3GANGenerator((28, 28, 3), 64, **widths),
            R3GANDiscriminator((28, 28, 3), **widths),
            latent_dim=64,
            r1_weight=falling(1.0, 0.1),
            r2_weight=falling(1.0, 0.1) if r2_weight else 0.0,
            penalty_fraction=0.25,
            ema_momentum=0.999,
            seed=seed,
            **losses,
        )
        return model, [
            keras.optimizers.Adam(falling(4e-4, 1e-4), 0.0, 0.99)
            for _ in range(2)
        ]

    return build


def wgan(toy, steps, seed):
    """WGAN with its RMSprop and its five discriminator steps."""
    import keras

    import keras_gans

    model = keras_gans.WGAN(
        **networks(toy),
        clip_value=TOYS[toy].clip_value,
        ema_momentum=0.999,
        seed=seed,
    )
    rate = 2e-4 if TOYS[toy].images else 1e-3
    return model, [
        keras.optimizers.RMSprop(decaying(rate, n * steps), rho=0.99)
        for n in (1, model.discriminator_steps)
    ]


def wgan_gp(toy, steps, seed):
    """WGAN-GP, on images at two time scales (Heusel et al., 2017)."""
    import keras_gans

    model = keras_gans.WGANGP(
        **networks(toy, normalization=None),
        gp_weight=TOYS[toy].gp_weight,
        discriminator_steps=1,
        ema_momentum=0.999,
        seed=seed,
    )
    rates = (5e-4, 1e-3) if TOYS[toy].images else (1e-3, 1e-3)
    return model, adams(rates, (0.0, 0.9), steps)


def unrolled_demo(k):
    """The authors' demo: networks, rates and batches of its own, no average."""

    def build(toy, steps, seed):
        import keras_gans

        model = keras_gans.UnrolledGAN(unrolled_steps=k, seed=seed)
        return model, model.default_optimizers()

    return build


def unrolled_metz(share, k):
    """Metz's stacked MNIST: a discriminator of a share of the generator.

    Layers and rates are those of PacGAN's code for the same table, whose
    discriminators have batch normalization; these have none.
    """

    def build(toy, steps, seed):
        import keras

        import keras_gans

        model = keras_gans.UnrolledGAN(
            metz_generator(),
            metz_discriminator(share),
            latent_dim=256,
            unrolled_steps=k,
            seed=seed,
        )
        return model, [
            keras.optimizers.Adam(lr, beta_1=0.5, beta_2=0.99)
            for lr in (1e-4, 2e-4)
        ]

    return build


def metz_generator():
    """4x4x64, 7x7x32, 14x14x16 and 28x28x8 to an image of three channels."""
    import keras
    from keras import layers

    blocks = [
        layers.Dense(4 * 4 * 64, use_bias=False),
        layers.Reshape((4, 4, 64)),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]
    for filters in (32, 16, 8):
        blocks.append(
            layers.Conv2DTranspose(
                filters, 3, strides=2, padding="same", use_bias=False
            )
        )
        if filters == 32:
            blocks.append(layers.Cropping2D(((0, 1), (0, 1))))
        blocks += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    image = layers.Conv2D(3, 3, padding="same", activation="tanh")
    return keras.Sequential([keras.Input((256,)), *blocks, image])


def metz_discriminator(share):
    """Three convolutions of 8, 16 and 32 filters, times the share."""
    import keras
    from keras import layers

    blocks = []
    for filters in (8, 16, 32):
        blocks += [
            layers.Conv2D(round(share * filters), 3, strides=2, padding="same"),
            layers.LeakyReLU(0.3),
        ]
    return keras.Sequential(
        [keras.Input((28, 28, 3)), *blocks, layers.Flatten(), layers.Dense(1)]
    )


# ---- the rows -------------------------------------------------------------

ROWS = {
    "minimax": Row("minimax", gan("minimax")),
    "non-saturating": Row("non_saturating", gan("non_saturating")),
    "least squares": Row("least_squares", gan("least_squares")),
    "hinge": Row("hinge", gan("hinge")),
    "WGAN (clipping)": Row("wgan", wgan),
    "WGAN-GP": Row("wgan_gp", wgan_gp),
    "packing of two": Row(
        "packing_2", gan("non_saturating", packing=2), toys=("ring", "grid")
    ),
    "pairs, R1 and R2": Row(
        "pairs",
        gan("relativistic_pairing", r1_weight=0.1, r2_weight=0.1),
        toys=("ring", "grid"),
    ),
    "minibatch discrimination": Row(
        "minibatch", of_points(minibatch_discrimination), toys=("ring", "grid")
    ),
    "EBGAN": Row(
        "ebgan",
        of_points(autoencoder, margin=0.5, pulling_away_weight=0.0),
        toys=("ring", "grid"),
    ),
    "EBGAN, pulling away": Row(
        "ebgan_pt", of_points(autoencoder, margin=0.5), toys=("ring", "grid")
    ),
    "InfoGAN, a code of the modes": Row(
        "infogan", infogan, toys=("ring", "grid")
    ),
    **{
        f"R3GAN: {name}, {penalties}": Row(
            f"{family}_{penalties.replace(' ', '_').lower()}",
            r3gan(family, "R2" in penalties),
            toys=("stacked_mnist_r3gan",),
        )
        for name, family in (
            ("non-saturating", "non_saturating"),
            ("pairs", "relativistic_pairing"),
        )
        for penalties in ("R1 alone", "R1 and R2")
    },
    **{
        f"unrolled GAN, k = {k}": Row(
            f"unrolled_{k}",
            unrolled_demo(k),
            toys=("ring",),
            batch_size=512,
            steps=6000,  # The demo's are 25,000, four times the time.
        )
        for k in (0, 5)
    },
    **{
        f"D a {name} of G, k = {k}": Row(
            f"{name}_{k}", unrolled_metz(share, k), toys=("stacked_mnist_metz",)
        )
        for name, share in (("quarter", 0.25), ("half", 0.5))
        for k in (0, 1, 5, 10)
    },
}


def steps_of(toy, row):
    """Generator updates of a run."""
    return ROWS[row].steps or TOYS[toy].steps
