"""Pix2Pix: the paper's networks; a smaller image in larger batches as well."""

from family import Family, Row, two_kinds_of_images

L1_WEIGHT = 100.0


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.Pix2Pix(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    return datasets.load_pairs(arrays, augment=True, **kwargs)


# ---- plain PyTorch --------------------------------------------------------


def u_net(image_shape, filters):
    """The generator: halves its images until nothing is left of them."""
    import torch
    from torch import nn
    from torch_blocks import initialize

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            side, channels = min(image_shape[:2]), image_shape[-1]
            depth = side.bit_length() - 1  # Sides are powers of two.
            widths = [filters * min(2**i, 8) for i in range(depth)]
            self.down, self.up = nn.ModuleList(), nn.ModuleList()
            before = channels
            for i, width in enumerate(widths):
                # The last one's only value would be normalized to zero.
                norm = 0 < i < depth - 1
                layers = [nn.LeakyReLU(0.2, inplace=True)] if i else []
                layers.append(nn.Conv2d(before, width, 4, 2, 1, bias=not norm))
                if norm:
                    layers.append(nn.BatchNorm2d(width))
                self.down.append(nn.Sequential(*layers))
                before = width
            for i, width in enumerate(reversed(widths[:-1])):
                layers = [
                    nn.ReLU(inplace=True),
                    nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False),
                    nn.BatchNorm2d(width),
                ]
                if i < 3:
                    layers.append(nn.Dropout(0.5))
                self.up.append(nn.Sequential(*layers))
                before = 2 * width  # What came down joins what comes up.
            self.last = nn.Sequential(
                nn.ReLU(inplace=True),
                nn.ConvTranspose2d(before, channels, 4, 2, 1),
                nn.Tanh(),
            )

        def forward(self, x):
            features = []
            for layer in self.down:
                x = layer(x)
                features.append(x)
            features.pop()
            for layer in self.up:
                x = torch.cat([features.pop(), layer(x)], 1)
            return self.last(x)

    return UNet().apply(initialize)


def patch_discriminator(channels, filters, norm):
    """The PatchGAN of 70x70; `norm` makes a normalization of n channels."""
    from torch import nn
    from torch_blocks import initialize

    layers = [
        nn.Conv2d(channels, filters, 4, 2, 1),
        nn.LeakyReLU(0.2, inplace=True),
    ]
    for stride in (2, 2, 1):
        layers += [
            nn.Conv2d(filters, 2 * filters, 4, stride, 1, bias=False),
            norm(2 * filters),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        filters *= 2
    layers.append(nn.Conv2d(filters, 1, 4, 1, 1))
    return nn.Sequential(*layers).apply(initialize)


def theirs(settings):
    from torch import nn

    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": u_net(shape, filters),
        "discriminator": patch_discriminator(
            2 * shape[-1], filters, nn.BatchNorm2d
        ),
    }


def step(trainer, inputs, targets):
    """The fakes are made first, as keras_gans does, and the discriminator then
    sees the same images: PyTorch's users write that in either order."""
    import torch
    from torch_blocks import cross_entropy, distance

    # 1. The generator, which makes the fakes of both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake = trainer.generator(inputs)
            logits = trainer.discriminator(torch.cat([inputs, fake], 1))
            l1_loss = distance(fake, targets)
            g_loss = cross_entropy(logits, 1.0) + L1_WEIGHT * l1_loss
        trainer.update("generator", g_loss)

    # 2. The discriminator, on real pairs and on those fakes.
    with trainer.autocast():
        real_pairs = torch.cat([inputs, targets], 1)
        real_logits = trainer.discriminator(real_pairs)
        fake_pairs = torch.cat([inputs, fake.detach()], 1)
        fake_logits = trainer.discriminator(fake_pairs)
        d_loss = 0.5 * (
            cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)
        )
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


GOALS = (
    ("step", "pytorch eager", 1.2),
    ("step", "pytorch compiled", 1.0),
    ("fit", "step", 0.9),
)
FAMILIES = (
    Family(
        name="Pix2Pix",
        rows={
            "Pix2Pix 64x64": Row(
                image_shape=(64, 64, 3),
                filters=64,
                batch_size=16,
                goals=GOALS,
            ),
            "Pix2Pix 256x256": Row(
                image_shape=(256, 256, 3),
                filters=64,
                batch_size=1,
                goals=GOALS,
            ),
        },
        arrays=two_kinds_of_images,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
    ),
)
