"""ESRGAN, x4, with a small RRDBNet, the paper's crops and batch."""

from family import Family, Row

from families import srgan
from families.srgan import SCALE

BLOCKS = 3
CONTENT_WEIGHT = 1.0
ADVERSARIAL_WEIGHT = 5e-3
L1_WEIGHT = 1e-2


def generator(settings):
    from keras_gans.models.rrdbnet import RRDBNetGenerator

    filters = settings["filters"]
    return RRDBNetGenerator(
        SCALE, num_blocks=BLOCKS, filters=filters, growth=filters // 2
    )


def ours(settings, **kwargs):
    import keras_gans
    from keras_gans.models.srgan import SRGANDiscriminator

    shape = settings["image_shape"]
    return keras_gans.ESRGAN(
        image_shape=shape,
        generator=generator(settings),
        discriminator=SRGANDiscriminator(shape, settings["filters"]),
        content_network=srgan.our_content_network(),
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def rrdbnet(channels, filters, growth, blocks):
    """The paper's generator: images four times as large."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    def conv(inputs, outputs=filters):
        return nn.Conv2d(inputs, outputs, 3, padding=1)

    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            inputs = [filters + i * growth for i in range(5)]
            outputs = 4 * [growth] + [filters]
            self.layers = nn.ModuleList(map(conv, inputs, outputs))

        def forward(self, x):
            *layers, last = self.layers
            seen = [x]
            for layer in layers:
                y = layer(torch.cat(seen, 1))
                seen.append(F.leaky_relu(y, 0.2, inplace=True))
            return x + 0.2 * last(torch.cat(seen, 1))

    class RRDB(nn.Sequential):
        def forward(self, x):
            return x + 0.2 * super().forward(x)

    class Network(nn.Module):
        """Images of [-1, 1]; inside they are of [0, 1]."""

        def __init__(self):
            super().__init__()
            self.first = conv(channels)
            body = [RRDB(*(Dense() for _ in range(3))) for _ in range(blocks)]
            self.body = nn.Sequential(*body, conv(filters))
            self.enlarging = nn.ModuleList([conv(filters) for _ in range(2)])
            self.ending = nn.ModuleList(
                [conv(filters), conv(filters, channels)]
            )

        def forward(self, x):
            x = self.first(x / 2 + 0.5)
            x = x + self.body(x)
            for layer in self.enlarging:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
                x = F.leaky_relu(layer(x), 0.2, inplace=True)
            x = F.leaky_relu(self.ending[0](x), 0.2, inplace=True)
            return self.ending[1](x) * 2 - 1

    return Network()


def theirs(settings):
    filters = settings["filters"]
    return {
        **srgan.their_srgan(settings),
        "generator": rrdbnet(
            settings["image_shape"][-1], filters, filters // 2, BLOCKS
        ),
    }


def relativistic(real, fake):
    """Those are to look more real than these do on average."""
    from torch_blocks import cross_entropy

    real, fake = real.float(), fake.float()
    return cross_entropy(real - fake.mean(), 1.0) + cross_entropy(
        fake - real.mean(), 0.0
    )


def step(trainer, low_res, high_res):
    """The generator first, as in keras_gans: see Pix2Pix's."""
    import torch
    from torch_blocks import distance

    # 1. The generator, which makes the fakes of both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            with torch.no_grad():
                features = trainer.content(high_res)
                real_logits = trainer.discriminator(high_res)
            fake = trainer.generator(low_res)
            content_loss = distance(trainer.content(fake), features.float())
            g_loss = (
                CONTENT_WEIGHT * content_loss
                + ADVERSARIAL_WEIGHT
                * relativistic(trainer.discriminator(fake), real_logits)
                + L1_WEIGHT / 2 * distance(fake, high_res)
            )
        trainer.update("generator", g_loss)

    # 2. The discriminator, on real images and on those fakes.
    with trainer.autocast():
        d_loss = relativistic(
            trainer.discriminator(high_res),
            trainer.discriminator(fake.detach()),
        )
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


GOALS = (
    ("step", "pytorch eager", 1.0),
    ("fit", "step", 0.9),
)
FAMILIES = (
    Family(
        name="ESRGAN",
        rows={
            "ESRGAN": Row(
                image_shape=(96, 96, 3), filters=32, batch_size=16, goals=GOALS
            ),
        },
        arrays=srgan.arrays,
        ours=ours,
        dataset=srgan.dataset,
        theirs=theirs,
        step=step,
        learning_rate=1e-4,
        betas=(0.9, 0.999),
    ),
)
