"""R3GAN: pairs of logits, and slope penalties at both."""

import math

from family import Family, Row, images_alone

from families import dcgan, gan

WEIGHT = 1.0
EXPANSION = 2


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.R3GAN(
        image_shape=settings["image_shape"],
        latent_dim=gan.LATENT_DIM,
        filters=settings["filters"],
        r1_weight=WEIGHT,
        r2_weight=WEIGHT,
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    import torch
    from torch import nn
    from torch.nn import functional

    shape, filters = settings["image_shape"], settings["filters"]
    height, width, doublings = dcgan.base_shape(shape)
    gain = math.sqrt(2.0 / 1.04) * (doublings + 1) ** -0.25

    def layer(module, fan_in, gain=1.0):
        nn.init.normal_(module.weight, 0.0, gain / math.sqrt(fan_in))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
        return module

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            wide = EXPANSION * filters
            last = nn.Conv2d(wide, filters, 1, bias=False)
            nn.init.zeros_(last.weight)
            self.inside = nn.Sequential(
                layer(nn.Conv2d(filters, wide, 1), filters, gain),
                nn.LeakyReLU(0.2),
                layer(
                    nn.Conv2d(wide, wide, 3, padding=1, groups=wide), 9, gain
                ),
                nn.LeakyReLU(0.2),
                last,
            )

        def forward(self, x):
            return x + self.inside(x)

    class Mean(nn.Module):
        """Each pixel and the next."""

        def forward(self, x):
            x = functional.pad(x, (0, 1, 0, 1), mode="replicate")
            return functional.avg_pool2d(x, 2, 1)

    class Basis(nn.Module):
        def __init__(self):
            super().__init__()
            self.basis = nn.Parameter(torch.randn(filters, height, width))

        def forward(self, x):
            return x[:, :, None, None] * self.basis

    generator = [
        layer(nn.Linear(gan.LATENT_DIM, filters, bias=False), gan.LATENT_DIM),
        Basis(),
        Block(),
    ]
    discriminator = [
        layer(nn.Conv2d(shape[-1], filters, 1, bias=False), shape[-1]),
        Block(),
    ]
    for _ in range(doublings):
        generator += [nn.Upsample(scale_factor=2), Mean(), Block()]
        discriminator += [Mean(), nn.AvgPool2d(2), Block()]
    generator.append(
        layer(nn.Conv2d(filters, shape[-1], 1, bias=False), filters)
    )
    last = nn.Conv2d(
        filters, filters, (height, width), groups=filters, bias=False
    )
    discriminator += [
        layer(last, height * width),
        nn.Flatten(),
        layer(nn.Linear(filters, 1, bias=False), filters),
    ]
    return {
        "generator": nn.Sequential(*generator),
        "discriminator": nn.Sequential(*discriminator),
    }


def slopes(logits, x):
    import torch

    (gradients,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gradients.square().flatten(1).sum(1).mean()


def step(trainer, real):
    import torch
    from torch.nn.functional import softplus

    # 1. The discriminator.
    with torch.no_grad():
        fake = gan.fakes(trainer, len(real))
    x, y = (t.detach().requires_grad_(True) for t in (real, fake))
    # PyTorch cannot differentiate a compiled network twice.
    discriminator = trainer.plain["discriminator"]
    real_logits, fake_logits = discriminator(x), discriminator(y)
    d_loss = softplus(fake_logits - real_logits).mean()
    penalty = slopes(real_logits, x) + slopes(fake_logits, y)
    trainer.update("discriminator", d_loss + 0.5 * WEIGHT * penalty)

    # 2. The generator.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            with torch.no_grad():
                real_logits = trainer.discriminator(real)
            fake_logits = trainer.discriminator(gan.fakes(trainer, len(real)))
            g_loss = softplus(real_logits - fake_logits).float().mean()
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="R3GAN",
        rows={"R3GAN": Row((32, 32, 3), 64)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=gan.generate,
        learning_rate=2e-4,
        betas=(0.0, 0.99),
    ),
)
