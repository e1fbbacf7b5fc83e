"""Unrolled GAN: perceptrons, and five steps of the discriminator ahead."""

import functools

from family import Family, Row, images_alone

from families import gan

UNROLLED_STEPS = 5
LEARNING_RATE, BETAS, EPSILON = 1e-4, (0.5, 0.999), 1e-8


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.UnrolledGAN(
        example_shape=settings["image_shape"],
        latent_dim=gan.LATENT_DIM,
        unrolled_steps=UNROLLED_STEPS,
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def perceptron(*sizes):
    """The layers of tanh, and a linear one."""
    from torch import nn

    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layer = nn.Linear(before, after)
        nn.init.orthogonal_(layer.weight, 1.4)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.Tanh()]
    return layers[:-1]


def theirs(settings):
    from torch import nn

    height, width, channels = settings["image_shape"]
    size = height * width * channels
    return {
        "generator": nn.Sequential(
            *perceptron(gan.LATENT_DIM, 128, 128, size),
            nn.Tanh(),
            nn.Unflatten(1, (channels, height, width)),
        ),
        "discriminator": nn.Sequential(
            nn.Flatten(), *perceptron(size, 128, 128, 1)
        ),
    }


def value(discriminator, real, fake):
    """What the discriminator descends, and the generator ascends."""
    from torch_blocks import cross_entropy

    real_loss = cross_entropy(discriminator(real), 1.0)
    return real_loss + cross_entropy(discriminator(fake), 0.0)


def step(trainer, real):
    import torch

    n = len(real)

    # 1. One step of the discriminator.
    with trainer.autocast():
        with torch.no_grad():
            fake = gan.fakes(trainer, n)
        d_loss = value(trainer.discriminator, real, fake)
    trainer.update("discriminator", d_loss)

    # 2. The generator, through its next five.
    with trainer.autocast():
        fake = gan.fakes(trainer, n)
    g_loss = -value(unrolled(trainer, real, fake.float()), real, fake.float())
    trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


def unrolled(trainer, real, fake):
    """The discriminator that Adam would make of it, on tensors."""
    import torch

    # PyTorch cannot differentiate a compiled network twice.
    network = trainer.plain["discriminator"]
    names = [name for name, _ in network.named_parameters()]
    slots = [
        trainer.optimizers["discriminator"].state[p]
        for p in network.parameters()
    ]
    weights = [p.detach().requires_grad_(True) for p in network.parameters()]
    means = [s["exp_avg"] for s in slots]
    squares = [s["exp_avg_sq"] for s in slots]
    done = float(slots[0]["step"])

    def judge(weights):
        return functools.partial(
            torch.func.functional_call, network, dict(zip(names, weights))
        )

    for t in range(1, UNROLLED_STEPS + 1):
        gradients = torch.autograd.grad(
            value(judge(weights), real, fake), weights, create_graph=True
        )
        means = [m.lerp(g, 1 - BETAS[0]) for m, g in zip(means, gradients)]
        squares = [
            v.lerp(g.square(), 1 - BETAS[1]) for v, g in zip(squares, gradients)
        ]
        one, two = (1 - beta ** (done + t) for beta in BETAS)
        rate = LEARNING_RATE * two**0.5 / one
        weights = [
            w - rate * m / (v + EPSILON**2).sqrt()
            for w, m, v in zip(weights, means, squares)
        ]
    return judge(weights)


FAMILIES = (
    Family(
        name="UnrolledGAN",
        rows={"UnrolledGAN": Row(image_shape=(28, 28, 1), filters=0)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=gan.generate,
        learning_rate=LEARNING_RATE,
        betas=BETAS,
        convolutional=False,
    ),
)
