"""The data sets of `mode_coverage.py`, and what other people found on them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Toy:
    """A data set, and how long models train on it.

    Attributes:
        modes: Integer, how many there are.
        samples: Integer, how many are scored, as the papers do.
        steps: Integer, generator updates.
        seeds: Integer, the number of runs.
        batch_size: Integer, of one discriminator step.
        gp_weight: Float, of WGAN-GP; the toys' is smaller, as in the paper.
        clip_value: Float, of WGAN.
        published: Rows of other people's tables: name, modes, high quality.
        images: Boolean, whether it is stacked MNIST: else a mixture's points.
        by_default: Boolean, whether it is trained unasked.
    """

    modes: int
    samples: int
    steps: int
    seeds: int
    batch_size: int
    gp_weight: float = 10.0
    clip_value: float = 0.01
    published: tuple = ()
    images: bool = False
    by_default: bool = True


TOYS = {
    "ring": Toy(
        modes=8,
        samples=2500,
        steps=10_000,
        seeds=5,
        batch_size=256,
        gp_weight=0.1,
        clip_value=0.1,
        published=(
            ("GAN, in PacGAN's table (10 runs)", "6.3", "98.2%"),
            ("PacGAN2, in PacGAN's table (10 runs)", "7.9", "95.6%"),
        ),
    ),
    "grid": Toy(
        modes=25,
        samples=2500,
        steps=20_000,
        seeds=5,
        batch_size=256,
        gp_weight=0.4,
        clip_value=0.1,
        published=(
            ("GAN, in PacGAN's table (10 runs)", "17.3", "94.8%"),
            ("PacGAN4, in PacGAN's table (10 runs)", "24.8", "93.6%"),
        ),
    ),
    "stacked_mnist": Toy(
        modes=1000,
        samples=26_000,
        steps=2500,
        seeds=1,
        batch_size=64,
        published=(
            ("DCGAN, in PacGAN's table", "99", ""),
            ("Unrolled GAN, in PacGAN's table", "48.7", ""),
            ("VEEGAN, in PacGAN's table", "150", ""),
            ("PacDCGAN2, in PacGAN's table", "1000", ""),
        ),
        images=True,
    ),
    # Table 1 of Unrolled GAN: small discriminators, which lose modes.
    "stacked_mnist_metz": Toy(
        modes=1000,
        samples=25_600,
        steps=20_000,
        seeds=1,
        batch_size=128,
        published=tuple(
            (f"Metz et al.: D a {size} of G, k = {k}", modes, "")
            for size, row in (
                ("quarter", ("30.6", "65.4", "236.4", "327.2")),
                ("half", ("628.0", "523.6", "732.0", "817.4")),
            )
            for k, modes in zip((0, 1, 5, 10), row)
        ),
        images=True,
        by_default=False,
    ),
}


# R3GAN's four columns; the paper's networks are larger and train for longer.
TOYS["stacked_mnist_r3gan"] = Toy(
    modes=1000,
    samples=25_600,
    steps=5000,
    seeds=1,
    batch_size=64,
    published=(
        ("Huang et al.: without pairs, R1 and R2", "693", ""),
        ("Huang et al.: pairs, R1 and R2", "1000", ""),
    ),
    images=True,
    by_default=False,
)
