"""CycleGAN: the paper's networks and batch."""

import random

from family import Family, Row, two_kinds_of_images

from families.pix2pix import patch_discriminator

CYCLE_WEIGHT = 10.0
IDENTITY_WEIGHT = 5.0
POOL_SIZE = 50


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.CycleGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    return datasets.load_unpaired(*arrays, augment=True, **kwargs)


# ---- plain PyTorch --------------------------------------------------------


def generator(image_shape, filters):
    from torch import nn
    from torch_blocks import Residual, initialize

    channels = image_shape[-1]
    layers = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(channels, filters, 7, bias=False),
        nn.InstanceNorm2d(filters),
        nn.ReLU(inplace=True),
    ]
    for width in (2 * filters, 4 * filters):
        layers += [
            nn.Conv2d(width // 2, width, 3, 2, 1, bias=False),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
        ]
    for _ in range(6 if min(image_shape[:2]) < 256 else 9):
        block = Residual(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=False),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=False),
            nn.InstanceNorm2d(width),
        )
        layers.append(block)
    for width in (2 * filters, filters):
        layers += [
            nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, bias=False),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
        ]
    layers += [
        nn.ReflectionPad2d(3),
        nn.Conv2d(filters, channels, 7),
        nn.Tanh(),
    ]
    return nn.Sequential(*layers).apply(initialize)


def theirs(settings):
    """Generators of a to b and b to a, discriminators of b and of a."""
    from torch import nn
    from torch_blocks import Both

    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": Both(generator(shape, filters) for _ in range(2)),
        "discriminator": Both(
            patch_discriminator(shape[-1], filters, nn.InstanceNorm2d)
            for _ in "ba"
        ),
    }


def step(trainer, real_a, real_b):
    """Generators first, as in keras_gans: see Pix2Pix's."""
    from torch_blocks import distance, least_squares

    # 1. Both generators: there, back, and what should stay as it is.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            fake_b, fake_a = trainer.generator(real_a, real_b)
            back_b, back_a = trainer.generator(fake_a, fake_b)
            same_b, same_a = trainer.generator(real_b, real_a)
            logits_b, logits_a = trainer.discriminator(fake_b, fake_a)
            cycle = distance(back_a, real_a) + distance(back_b, real_b)
            identity = distance(same_a, real_a) + distance(same_b, real_b)
            g_loss = (
                least_squares(logits_a, 1.0)
                + least_squares(logits_b, 1.0)
                + CYCLE_WEIGHT * cycle
                + IDENTITY_WEIGHT * identity
            )
        trainer.update("generator", g_loss)

    # 2. Both discriminators, on images of the histories.
    pool_a = trainer.kept.setdefault("pool_a", ImagePool())
    pool_b = trainer.kept.setdefault("pool_b", ImagePool())
    fake_a = pool_a(fake_a.detach())
    fake_b = pool_b(fake_b.detach())
    with trainer.autocast():
        real_logits = trainer.discriminator(real_b, real_a)
        fake_logits = trainer.discriminator(fake_b, fake_a)
        d_loss = 0.5 * (
            sum(least_squares(logits, 1.0) for logits in real_logits)
            + sum(least_squares(logits, 0.0) for logits in fake_logits)
        )
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


class ImagePool:
    """The history of generated images that the discriminators see."""

    def __init__(self):
        self.images = []

    def __call__(self, batch):
        import torch

        result = []
        for image in batch.split(1):
            if len(self.images) < POOL_SIZE:
                self.images.append(image)
            elif random.random() < 0.5:
                place = random.randrange(POOL_SIZE)
                self.images[place], image = image, self.images[place]
            result.append(image)
        return torch.cat(result)


GOALS = (
    ("step", "pytorch eager", 1.2),
    ("step", "pytorch compiled", 1.0),
    ("fit", "step", 0.9),
)
FAMILIES = (
    Family(
        name="CycleGAN",
        rows={
            "CycleGAN 64x64": Row(
                image_shape=(64, 64, 3),
                filters=64,
                batch_size=1,
                goals=GOALS,
            ),
            "CycleGAN 128x128": Row(
                image_shape=(128, 128, 3),
                filters=64,
                batch_size=1,
                goals=GOALS,
            ),
            # A few steps: 9 residual blocks, half a minute each.
            "CycleGAN 256x256": Row(
                image_shape=(256, 256, 3),
                filters=64,
                batch_size=1,
                memory_goal=8.0,
            ),
        },
        arrays=two_kinds_of_images,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
    ),
)
