"""Progressive GAN at its last resolution, half faded in: its longest steps."""

import math

from family import Family, Row, images_alone

from families import dcgan, gan, wgan_gp

DRIFT, ALPHA = 0.001, 0.5


def ours(settings, **kwargs):
    import keras_gans
    from keras_gans.models.progressive_gan import (
        ProgressiveGANDiscriminator,
        ProgressiveGANGenerator,
    )

    shape, filters = settings["image_shape"], settings["filters"]
    model = keras_gans.ProgressiveGAN(
        ProgressiveGANGenerator(shape, gan.LATENT_DIM, filters),
        ProgressiveGANDiscriminator(shape, filters),
        latent_dim=gan.LATENT_DIM,
        # It stays in the middle of the fade, however many steps are timed.
        fade_images=10**9,
        seed=0,
        # The benchmark says itself whether there is one.
        **{"ema_momentum": None, **kwargs},
    )
    model.progress.images.assign(ALPHA * 10**9)
    return model


# ---- plain PyTorch --------------------------------------------------------


def theirs(settings):
    import torch
    from torch import nn
    from torch.nn import functional
    from torch_blocks import GroupDeviation

    shape, filters = settings["image_shape"], settings["filters"]
    height, width, doublings = dcgan.base_shape(shape)
    channels = shape[-1]

    def normalized(x):
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)

    class Scaled(nn.Module):
        """A dense layer or a convolution, scaled as it is called."""

        def __init__(self, shape, bias=True, act=True, pixel_norm=False):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(shape))
            self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None
            self.scale = math.prod(shape[1:]) ** -0.5
            self.act, self.pixel_norm = act, pixel_norm

        def forward(self, x):
            weight = self.weight * self.scale
            if weight.dim() == 2:
                x = functional.linear(x, weight, self.bias)
            else:
                side = weight.shape[-1]
                x = functional.conv2d(x, weight, self.bias, 1, side // 2)
            if self.act:
                x = functional.leaky_relu(x, 0.2) * math.sqrt(2)
            return normalized(x) if self.pixel_norm else x

    def conv(inputs, outputs, side=3, **kwargs):
        return Scaled((outputs, inputs, side, side), **kwargs)

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = Scaled(
                (height * width * filters, gan.LATENT_DIM), False, act=False
            )
            self.first = conv(filters, filters, pixel_norm=True)
            self.blocks = nn.ModuleList(
                nn.Sequential(
                    nn.Upsample(scale_factor=2),
                    conv(filters, filters, pixel_norm=True),
                    conv(filters, filters, pixel_norm=True),
                )
                for _ in range(doublings)
            )
            self.images = nn.ModuleList(
                conv(filters, channels, 1, act=False)
                for _ in range(doublings + 1)
            )

        def forward(self, z):
            x = self.dense(normalized(z)) * math.sqrt(2) / 4
            x = x.reshape(-1, filters, height, width)
            x = self.first(normalized(functional.leaky_relu(x, 0.2)))
            for block in self.blocks[:-1]:
                x = block(x)
            before = functional.interpolate(self.images[-2](x), scale_factor=2)
            now = self.images[-1](self.blocks[-1](x))
            return torch.lerp(before, now, ALPHA)

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.images = nn.ModuleList(
                conv(channels, filters, 1) for _ in range(doublings + 1)
            )
            self.blocks = nn.ModuleList(
                nn.Sequential(
                    conv(filters, filters),
                    conv(filters, filters),
                    nn.AvgPool2d(2),
                )
                for _ in range(doublings)
            )
            self.last = nn.Sequential(
                GroupDeviation(),
                conv(filters + 1, filters),
                nn.Flatten(),
                Scaled((filters, filters * height * width)),
                Scaled((1, filters), act=False),
            )

        def forward(self, images):
            x = self.blocks[-1](self.images[-1](images))
            before = self.images[-2](functional.avg_pool2d(images, 2))
            x = torch.lerp(before, x, ALPHA)
            for block in reversed(self.blocks[:-1]):
                x = block(x)
            return self.last(x)

    return {"generator": Generator(), "discriminator": Discriminator()}


def step(trainer, real):
    import torch
    from torch.nn import functional

    # 1. The discriminator, on real images that are faded as well.
    low = functional.interpolate(functional.avg_pool2d(real, 2), scale_factor=2)
    real = torch.lerp(low, real, ALPHA)
    with trainer.autocast():
        with torch.no_grad():
            fake = gan.fakes(trainer, len(real))
        scores = trainer.discriminator(real)
        gap = trainer.discriminator(fake) - scores
    d_loss = gap.float().mean() + DRIFT * scores.float().square().mean()
    penalty = wgan_gp.GP_WEIGHT * wgan_gp.penalty(trainer, real, fake)
    trainer.update("discriminator", d_loss + penalty)

    # 2. The generator.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake = gan.fakes(trainer, len(real))
            g_loss = -trainer.discriminator(fake).float().mean()
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="ProgressiveGAN",
        rows={"ProgressiveGAN": Row((32, 32, 3), 64, batch_size=16)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=step,
        generate=gan.generate,
        learning_rate=1e-3,
        betas=(0.0, 0.99),
    ),
)
