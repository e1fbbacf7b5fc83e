"""GANs that fail beside one that does not, and what is said of them.

    python benchmarks/collapse.py

All learn the ring of eight Gaussians with the same networks, data, batches and
learning rates; five discriminator steps make the discriminator the stronger
one. With the minimax loss that ends the training: where the discriminator is
right, the loss is flat. With the non-saturating loss the generator goes to
where the discriminator errs, one mode, and stays there. WGAN-GP wants a good
discriminator. `callbacks.TrainingHealth` watches, after every 50 steps; the
picture has the samples at the end, and what it measured on the way there.
"""

import argparse
import json
import pathlib
import sys

import keras

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import keras_gans  # noqa: E402
from keras_gans import datasets, losses, metrics  # noqa: E402
from keras_gans.callbacks import TrainingHealth  # noqa: E402
from keras_gans.models.gan import GANDiscriminator, GANGenerator  # noqa: E402

STEPS_PER_EPOCH = 50
DISCRIMINATOR_STEPS, BATCH = 5, 256
SAMPLES = 2500  # as VEEGAN and PacGAN score


def minimax(**networks):
    return non_saturating(
        **networks, generator_loss=losses.minimax_generator_loss
    )


def non_saturating(**arguments):
    gan = keras_gans.GAN(**arguments)
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-3, beta_1=0.5),
    )
    return gan


def wgan_gp(**networks):
    gan = keras_gans.WGANGP(**networks, gp_weight=0.1)
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
        keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
    )
    return gan


MODELS = {
    "minimax GAN": minimax,
    "non-saturating GAN": non_saturating,
    "WGAN-GP": wgan_gp,
}


def train(make, epochs, seed=0):
    """`(model, health)` after a training on the ring."""
    keras.utils.set_random_seed(seed)
    gan = make(
        generator=GANGenerator(
            (2,), 16, units=(128, 128), batch_normalization=False
        ),
        discriminator=GANDiscriminator((2,), units=(128, 128, 128)),
        latent_dim=16,
        discriminator_steps=DISCRIMINATOR_STEPS,
        ema_momentum=0.999,
        seed=seed,
    )
    health = TrainingHealth(datasets.ring(256, seed=1))
    health.max_cost = float("inf")  # After every epoch, whatever it costs.
    batch = DISCRIMINATOR_STEPS * BATCH
    points = datasets.ring(STEPS_PER_EPOCH * batch, seed=seed)
    gan.fit(
        points, batch_size=batch, epochs=epochs, verbose=0, callbacks=[health]
    )
    return gan, health


def draw(results, path):
    from matplotlib import figure

    picture = figure.Figure(figsize=(13, 9), layout="constrained")
    axes = picture.subplots(3, 3, height_ratios=(2, 1, 1))
    real = datasets.ring(SAMPLES, seed=1)
    for column, (name, (samples, health)) in zip(axes.T, results.items()):
        column[0].plot(*real.T, ".", color="lightgrey", markersize=3)
        column[0].plot(*samples.T, ".", markersize=2)
        column[0].set(title=name, aspect="equal")
        steps = [look["step"] for look in health.history]
        for axis, keys in (
            (column[1], ("separation", "gradient")),
            (column[2], ("spread", "variety", "moved")),
        ):
            for key in keys:
                values = [look[key] for look in health.history]
                axis.plot(steps, values, label=key)
            axis.legend(loc="lower left", fontsize="small")
        column[1].set(yscale="log", ylim=(1e-4, 1e2))
        column[2].set(ylim=(0, 3), xlabel="step")
        found = ", ".join(health.findings) or "nothing"
        column[2].set(title=f"reported: {found}")
    picture.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100, help="of 50 steps")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    results, report = {}, {}
    for name, make in MODELS.items():
        print(name)
        gan, health = train(make, options.epochs)
        samples = gan.generate(SAMPLES, seed=0)
        covered, good = metrics.mode_coverage(samples, *datasets.ring_modes())
        print(f"{covered} of 8 modes, {good:.1%} of high quality")
        results[name] = samples, health
        report[name] = {
            "modes": covered,
            "high_quality": good,
            "findings": health.findings,
            "history": health.history,
        }
    path = options.output / "collapse.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    draw(results, options.output / "collapse.png")


if __name__ == "__main__":
    main()
