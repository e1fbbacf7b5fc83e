"""Real-ESRGAN, x4, with a small RRDBNet: degradations while it trains."""

from family import Family, Row

from families import esrgan, srgan
from families.esrgan import GOALS
from families.srgan import SCALE

ADVERSARIAL_WEIGHT = 0.1


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    _, images = arrays
    return datasets.load_high_res(
        images,
        scale=SCALE,
        crop_size=images.shape[1:3],
        augment=True,
        degradation="real_esrgan",
        **kwargs,
    )


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.RealESRGAN(
        image_shape=settings["image_shape"],
        generator=esrgan.generator(settings),
        discriminator_filters=settings["filters"],
        content_network=srgan.our_content_network(),
        content_layers={"last": 1.0},
        # The other side has no average.
        **{"ema_momentum": None, "seed": 0, **kwargs},
    )


# ---- plain PyTorch --------------------------------------------------------


def u_net(channels, filters):
    """The authors' discriminator: a logit for each pixel."""
    from torch import nn
    from torch.nn import functional as F
    from torch.nn.utils.parametrizations import spectral_norm

    def conv(inputs, outputs, size=3, stride=1):
        return spectral_norm(
            nn.Conv2d(inputs, outputs, size, stride, 1, bias=False)
        )

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [filters * 2**i for i in range(4)]
            pairs = list(zip(widths, widths[1:]))
            self.first = nn.Conv2d(channels, filters, 3, padding=1)
            self.down = nn.ModuleList([conv(a, b, 4, 2) for a, b in pairs])
            self.up = nn.ModuleList([conv(b, a) for a, b in pairs[::-1]])
            self.flat = nn.ModuleList([conv(filters, filters) for _ in "ab"])
            self.last = nn.Conv2d(filters, 1, 3, padding=1)

        def forward(self, x):
            def active(x):
                return F.leaky_relu(x, 0.2, inplace=True)

            seen = [active(self.first(x))]
            for layer in self.down:
                seen.append(active(layer(seen[-1])))
            x = seen.pop()
            for layer in self.up:
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
                x = active(layer(x)) + seen.pop()
            for layer in self.flat:
                x = active(layer(x))
            return self.last(x)

    return Network()


def theirs(settings):
    channels, filters = settings["image_shape"][-1], settings["filters"]
    return {
        **esrgan.theirs(settings),
        "discriminator": u_net(channels, filters),
    }


def step(trainer, low_res, high_res):
    """The generator first, as the authors have it."""
    import torch
    from torch_blocks import cross_entropy, distance

    # 1. The generator, which makes the fakes of both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            with torch.no_grad():
                features = trainer.content(high_res)
            fake = trainer.generator(low_res)
            content_loss = distance(trainer.content(fake), features.float())
            logits = trainer.discriminator(fake)
            g_loss = (
                distance(fake, high_res) / 2
                + content_loss
                + ADVERSARIAL_WEIGHT * cross_entropy(logits, 1.0)
            )
        trainer.update("generator", g_loss)

    # 2. The discriminator, on real images and on those fakes.
    with trainer.autocast():
        d_loss = cross_entropy(trainer.discriminator(high_res), 1.0)
        fake_logits = trainer.discriminator(fake.detach())
        d_loss = d_loss + cross_entropy(fake_logits, 0.0)
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


FAMILIES = (
    Family(
        name="RealESRGAN",
        rows={
            "RealESRGAN": Row(
                image_shape=(96, 96, 3), filters=32, batch_size=16, goals=GOALS
            ),
        },
        arrays=srgan.arrays,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
        learning_rate=1e-4,
        betas=(0.9, 0.99),
    ),
)
