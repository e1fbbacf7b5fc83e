"""StyleGAN2: modulated convolutions, in groups as users write them."""

import math

from family import Family, Row, images_alone

from families import dcgan, gan

WEIGHT, PART, MIXING = 1.0, 4, 0.9


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.StyleGAN2(
        image_shape=settings["image_shape"],
        latent_dim=gan.LATENT_DIM,
        filters=settings["filters"],
        r1_weight=WEIGHT,
        penalty_fraction=1 / PART,
        style_mixing=MIXING,
        seed=0,
        # The benchmark says itself whether there is one.
        **{"ema_momentum": None, **kwargs},
    )


# ---- plain PyTorch --------------------------------------------------------


def networks(settings):
    """The classes' networks; PyTorch must not be imported before."""
    import torch
    from torch import nn
    from torch.nn import functional
    from torch_blocks import GroupDeviation

    shape, filters = settings["image_shape"], settings["filters"]
    channels, size = shape[-1], gan.LATENT_DIM
    height, width, doublings = dcgan.base_shape(shape)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8

    def activated(x):
        return functional.leaky_relu(x, 0.2) * math.sqrt(2)

    class Smooth(nn.Module):
        """[1, 3, 3, 1] along both sides, a depthwise convolution."""

        def __init__(self, pad, gain=1.0, stride=1):
            super().__init__()
            self.register_buffer("kernel", gain * taps[None] * taps[:, None])
            self.pad, self.stride = (*pad, *pad), stride

        def forward(self, x):
            c = x.shape[1]
            return functional.conv2d(
                functional.pad(x, self.pad),
                self.kernel.to(x.dtype).expand(c, 1, 4, 4),
                stride=self.stride,
                groups=c,
            )

    class Dense(nn.Module):
        def __init__(self, inputs, outputs, bias=0.0, rate=1.0, act=False):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
            self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
            self.scale, self.rate, self.act = rate * inputs**-0.5, rate, act

        def forward(self, x):
            weight, bias = self.weight * self.scale, self.bias * self.rate
            x = functional.linear(x, weight, bias)
            return activated(x) if self.act else x

    class Conv(nn.Module):
        def __init__(self, inputs, outputs, side=3, stride=1, act=True):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
            self.bias = nn.Parameter(torch.zeros(outputs)) if act else None
            self.scale = (inputs * side**2) ** -0.5
            self.stride, self.act = stride, act
            self.padding = side // 2 if stride == 1 else 0

        def forward(self, x):
            weight = self.weight * self.scale
            x = functional.conv2d(
                x, weight, self.bias, self.stride, self.padding
            )
            return activated(x) if self.act else x

    class Modulated(nn.Module):
        def __init__(self, inputs, outputs, sides, up=False, rgb=False):
            super().__init__()
            side = 1 if rgb else 3
            self.affine = Dense(size, inputs, bias=1.0)
            self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
            self.bias = nn.Parameter(torch.zeros(outputs))
            self.scale = (inputs * side**2) ** -0.5
            self.up, self.rgb = up, rgb
            if not rgb:
                self.strength = nn.Parameter(torch.zeros(()))
                self.register_buffer("noise", torch.randn(1, 1, *sides))
            self.smooth = Smooth((1, 1), 4.0)

        def forward(self, x, style):
            n, inputs, h, w = x.shape
            weight = self.scale * self.weight[None]
            weight = weight * self.affine(style)[:, None, :, None, None]
            if not self.rgb:
                squares = weight.square().sum((2, 3, 4), keepdim=True)
                weight = weight * torch.rsqrt(squares + 1e-8)
            outputs, side = weight.shape[1], weight.shape[-1]
            # All images as one, each with its group.
            x = x.reshape(1, n * inputs, h, w)
            if self.up:
                weight = weight.transpose(1, 2)
                weight = weight.reshape(n * inputs, outputs, side, side)
                x = functional.conv_transpose2d(
                    x, weight.to(x.dtype), stride=2, groups=n
                )
                x = self.smooth(x.reshape(n, outputs, *x.shape[2:]))
            else:
                weight = weight.reshape(n * outputs, inputs, side, side)
                x = functional.conv2d(
                    x, weight.to(x.dtype), padding=side // 2, groups=n
                )
                x = x.reshape(n, outputs, h, w)
            if not self.rgb:
                noise = self.noise
                if self.training:
                    noise = torch.randn_like(x[:, :1])
                x = x + self.strength * noise
            x = x + self.bias[:, None, None]
            return x if self.rgb else activated(x)

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.mapping = nn.Sequential(
                *(Dense(size, size, rate=0.01, act=True) for _ in range(2))
            )
            self.constant = nn.Parameter(torch.randn(filters, height, width))
            self.first = Modulated(filters, filters, (height, width))
            self.ups, self.convs = nn.ModuleList(), nn.ModuleList()
            self.rgbs = nn.ModuleList([Modulated(filters, channels, 0, rgb=1)])
            for i in range(1, doublings + 1):
                sides = (height * 2**i, width * 2**i)
                self.ups.append(Modulated(filters, filters, sides, up=True))
                self.convs.append(Modulated(filters, filters, sides))
                self.rgbs.append(Modulated(filters, channels, sides, rgb=True))
            self.enlarge = Smooth((2, 1), 4.0)
            self.num_styles = 2 * doublings + 2

        def style(self, z):
            z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
            return self.mapping(z)

        def forward(self, z):
            styles = self.style(z)[:, None].repeat(1, self.num_styles, 1)
            if self.training:
                other = self.style(torch.randn_like(z))[:, None]
                number = torch.arange(self.num_styles, device=z.device)
                cut = torch.randint(
                    1, self.num_styles, (len(z), 1), device=z.device
                )
                single = torch.rand(len(z), 1, device=z.device) >= MIXING
                second = (number >= cut) & ~single
                styles = torch.where(second[..., None], other, styles)
            x = self.constant[None].expand(len(z), -1, -1, -1)
            x = self.first(x, styles[:, 0])
            image = self.rgbs[0](x, styles[:, 1])
            blocks = zip(self.ups, self.convs, self.rgbs[1:])
            for i, (up, conv, rgb) in enumerate(blocks):
                x = conv(up(x, styles[:, 2 * i + 1]), styles[:, 2 * i + 2])
                n, c, h, w = image.shape
                spread = image.new_zeros(n, c, h, 2, w, 2)
                spread[:, :, :, 0, :, 0] = image
                image = self.enlarge(spread.reshape(n, c, 2 * h, 2 * w))
                image = image + rgb(x, styles[:, 2 * i + 3])
            return image

    class Halve(nn.Module):
        def __init__(self):
            super().__init__()
            self.short = nn.Sequential(
                Smooth((1, 1), stride=2), Conv(filters, filters, 1, act=False)
            )
            self.long = nn.Sequential(
                Conv(filters, filters),
                Smooth((2, 2)),
                Conv(filters, filters, stride=2),
            )

        def forward(self, x):
            return (self.long(x) + self.short(x)) * math.sqrt(0.5)

    discriminator = nn.Sequential(
        Conv(channels, filters, 1),
        *(Halve() for _ in range(doublings)),
        GroupDeviation(),
        Conv(filters + 1, filters),
        nn.Flatten(),
        Dense(filters * height * width, filters, act=True),
        Dense(filters, 1),
    )
    return {"generator": Generator(), "discriminator": discriminator}


def step(trainer, real):
    import torch
    from torch.nn.functional import softplus

    # 1. The discriminator, with R1 on a part of the real images.
    with torch.no_grad():
        fake = gan.fakes(trainer, len(real))
    # PyTorch cannot differentiate a compiled network twice.
    plain = trainer.plain["discriminator"]
    part = real[::PART].detach().requires_grad_(True)
    (slopes,) = torch.autograd.grad(plain(part).sum(), part, create_graph=True)
    penalty = slopes.square().flatten(1).sum(1).mean()
    with trainer.autocast():
        d_loss = softplus(-trainer.discriminator(real)).mean()
        d_loss = d_loss + softplus(trainer.discriminator(fake)).mean()
    trainer.update("discriminator", d_loss + 0.5 * WEIGHT * penalty)

    # 2. The generator.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            logits = trainer.discriminator(gan.fakes(trainer, len(real)))
            g_loss = softplus(-logits).mean()
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="StyleGAN2",
        rows={"StyleGAN2": Row((32, 32, 3), 64, batch_size=16)},
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=networks,
        step=step,
        generate=gan.generate,
        learning_rate=2.5e-3,
        betas=(0.0, 0.99),
    ),
)
