"""SRResNet and SRGAN, x4: the paper's networks, batch and crops."""

import numpy as np
from family import Family, Row, random_images

SCALE = 4
CONTENT_WEIGHT = 0.006
ADVERSARIAL_WEIGHT = 1e-3


def arrays(settings, n):
    """Small images, and what they should become."""
    rng = np.random.default_rng(0)
    height, width, channels = settings["image_shape"]
    high_res = random_images(rng, n, (height, width, channels))
    low_res = random_images(rng, n, (height // SCALE, width // SCALE, channels))
    return low_res, high_res


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    _, images = arrays
    return datasets.load_high_res(
        images,
        scale=SCALE,
        crop_size=images.shape[1:3],
        augment=True,
        **kwargs,
    )


def ours_srresnet(settings, **kwargs):
    import keras_gans

    # It takes images of any size, and its steps draw nothing: no seed.
    return keras_gans.SRResNet(filters=settings["filters"], **kwargs)


def our_content_network():
    """VGG19's first four convolutions, with random weights.

    They take as long as trained ones, and nobody has to download those.
    """
    import keras

    def conv(filters):
        return keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )

    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            conv(64),
            conv(64),
            keras.layers.MaxPooling2D(),
            conv(128),
            conv(128),
        ]
    )


def ours_srgan(settings, **kwargs):
    import keras_gans
    from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator

    shape, filters = settings["image_shape"], settings["filters"]
    return keras_gans.SRGAN(
        image_shape=shape,
        generator=SRResNetGenerator(SCALE, filters=filters),
        discriminator=SRGANDiscriminator(shape, filters),
        content_network=our_content_network(),
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch: networks ----------------------------------------------


def same_conv(inputs, outputs, size, stride=1, bias=True):
    from torch import nn

    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=bias)


def srresnet(channels, filters, blocks=16):
    """The paper's generator: images four times as large."""
    from torch import nn
    from torch_blocks import Residual, initialize_he

    def conv():
        conv = same_conv(filters, filters, 3, bias=False)
        return [conv, nn.BatchNorm2d(filters)]

    body = [
        Residual(*conv(), nn.PReLU(filters), *conv()) for _ in range(blocks)
    ]
    layers = [
        same_conv(channels, filters, 9),
        nn.PReLU(filters),
        Residual(*body, *conv()),
    ]
    for _ in range(2):
        layers += [
            same_conv(filters, 4 * filters, 3),
            nn.PixelShuffle(2),
            nn.PReLU(filters),
        ]
    layers.append(same_conv(filters, channels, 9))
    return nn.Sequential(*layers).apply(initialize_he)


def msrresnet(channels, filters, blocks=16):
    """The SRResNet of BasicSR and MMagic: images four times as large.

    `upscale.py` has it; no row here does.
    """
    from torch import nn
    from torch_blocks import Residual, initialize_he

    class Enlarged(nn.Sequential):
        """Adds the image of [-1, 1], enlarged; inside it is [0, 1]."""

        def forward(self, x):
            x = x / 2 + 0.5
            large = nn.functional.interpolate(
                x, scale_factor=4, mode="bilinear"
            )
            return (super().forward(x) + large) * 2 - 1

    def conv(outputs=filters, inputs=filters):
        return same_conv(inputs, outputs, 3)

    def activation():
        return nn.LeakyReLU(0.1, inplace=True)

    layers = [conv(inputs=channels), activation()]
    for _ in range(blocks):
        layers.append(Residual(conv(), nn.ReLU(inplace=True), conv()))
    for _ in range(2):
        layers += [conv(4 * filters), nn.PixelShuffle(2), activation()]
    layers += [conv(), activation(), conv(channels)]
    return Enlarged(*layers).apply(initialize_he)


def discriminator(image_shape, filters):
    # Strides of 2 pad both ends, as PyTorch's users have it; ours, by Keras's
    # "same", the end alone: the same work, one pixel further on.
    from torch import nn
    from torch_blocks import initialize_he

    height, width, channels = image_shape
    layers = [
        same_conv(channels, filters, 3),
        nn.LeakyReLU(0.2, inplace=True),
    ]
    before = filters
    for i in range(1, 8):
        depth = filters * 2 ** (i // 2)
        layers += [
            same_conv(before, depth, 3, stride=1 + i % 2, bias=False),
            nn.BatchNorm2d(depth),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        before = depth
    layers += [
        nn.Flatten(),
        nn.Linear(height // 16 * (width // 16) * depth, 16 * filters),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(16 * filters, 1),
    ]
    return nn.Sequential(*layers).apply(initialize_he)


def content_network():
    """VGG19's first four convolutions, as ours has them."""
    from torch import nn
    from torch_blocks import initialize_he

    return nn.Sequential(
        same_conv(3, 64, 3),
        nn.ReLU(inplace=True),
        same_conv(64, 64, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        same_conv(64, 128, 3),
        nn.ReLU(inplace=True),
        same_conv(128, 128, 3),
        nn.ReLU(inplace=True),
    ).apply(initialize_he)


def their_srresnet(settings):
    shape, filters = settings["image_shape"], settings["filters"]
    return {"generator": srresnet(shape[-1], filters)}


def their_srgan(settings):
    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": srresnet(shape[-1], filters),
        "discriminator": discriminator(shape, filters),
        "content": content_network().requires_grad_(False),
    }


# ---- plain PyTorch: steps -------------------------------------------------


def srresnet_step(trainer, low_res, high_res):
    from torch_blocks import squared_distance

    with trainer.autocast():
        error = squared_distance(trainer.generator(low_res), high_res)
    trainer.update("generator", error)
    return (error.detach(),)


def srgan_step(trainer, low_res, high_res):
    """The generator first, as in keras_gans: see Pix2Pix's."""
    import torch
    from torch_blocks import cross_entropy, squared_distance

    # 1. The generator, which makes the fakes of both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            with torch.no_grad():
                features = trainer.content(high_res)
            fake = trainer.generator(low_res)
            content_loss = squared_distance(trainer.content(fake), features)
            adversarial_loss = cross_entropy(trainer.discriminator(fake), 1.0)
            g_loss = (
                CONTENT_WEIGHT * content_loss
                + ADVERSARIAL_WEIGHT * adversarial_loss
            )
        trainer.update("generator", g_loss)

    # 2. The discriminator, on real images and on those fakes.
    with trainer.autocast():
        real_logits = trainer.discriminator(high_res)
        fake_logits = trainer.discriminator(fake.detach())
        d_loss = cross_entropy(real_logits, 1.0)
        d_loss = d_loss + cross_entropy(fake_logits, 0.0)
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


ROW = Row(
    image_shape=(96, 96, 3),
    filters=64,
    batch_size=16,
    goals=(
        ("step", "pytorch eager", 1.2),
        ("step", "pytorch compiled", 1.0),
        ("fit", "step", 0.9),
    ),
)
BOTH = {
    "arrays": arrays,
    "dataset": dataset,
    "learning_rate": 1e-4,
    "betas": (0.9, 0.999),
}
FAMILIES = (
    Family(
        name="SRResNet",
        rows={"SRResNet": ROW},
        ours=ours_srresnet,
        theirs=their_srresnet,
        step=srresnet_step,
        **BOTH,
    ),
    Family(
        name="SRGAN",
        rows={"SRGAN": ROW},
        ours=ours_srgan,
        theirs=their_srgan,
        step=srgan_step,
        **BOTH,
    ),
)
