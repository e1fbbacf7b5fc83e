"""GAN: perceptrons."""

import functools

import numpy as np
from family import Family, Row, images_alone

LATENT_DIM = 100


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.GAN(
        example_shape=settings["image_shape"], seed=0, **kwargs
    )


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    (images,) = arrays
    return datasets.load(images, **kwargs)


# ---- plain PyTorch --------------------------------------------------------


def generator(image_shape):
    from torch import nn

    height, width, channels = image_shape
    layers = [nn.Linear(LATENT_DIM, 128), nn.ReLU()]
    for before, width_of_layer in ((128, 256), (256, 512), (512, 1024)):
        layers += [
            nn.Linear(before, width_of_layer),
            nn.BatchNorm1d(width_of_layer, eps=1e-3, momentum=0.1),
            nn.ReLU(),
        ]
    layers += [
        nn.Linear(1024, height * width * channels),
        nn.Tanh(),
        nn.Unflatten(1, (channels, height, width)),
    ]
    return nn.Sequential(*layers)


def discriminator(image_shape):
    from torch import nn

    height, width, channels = image_shape
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(height * width * channels, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
    )


def theirs(settings):
    shape = settings["image_shape"]
    return {
        "generator": generator(shape),
        "discriminator": discriminator(shape),
    }


def fakes(trainer, n, labels=()):
    import torch

    latents = torch.randn(n, LATENT_DIM, device=trainer.device)
    return trainer.generator(latents, *labels)


def step(trainer, real, *labels, reuse_fakes=False):
    """With `reuse_fakes` the generator's step goes on with the fakes of the
    discriminator's, as PyTorch's DCGAN example does, instead of drawing anew as
    the papers' algorithms do."""
    import torch
    from torch_blocks import cross_entropy

    n = len(real)

    # 1. The discriminator, on real and on fake images.
    with trainer.autocast():
        with torch.set_grad_enabled(reuse_fakes):
            fake = fakes(trainer, n, labels)
        real_logits = trainer.discriminator(real, *labels)
        fake_logits = trainer.discriminator(fake.detach(), *labels)
        d_loss = cross_entropy(real_logits, 1.0)
        d_loss = d_loss + cross_entropy(fake_logits, 0.0)
    trainer.update("discriminator", d_loss)

    # 2. The generator, through the discriminator as it is now.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            if not reuse_fakes:
                fake = fakes(trainer, n, labels)
            logits = trainer.discriminator(fake, *labels)
            g_loss = cross_entropy(logits, 1.0)
        trainer.update("generator", g_loss)
    return d_loss.detach(), g_loss.detach()


VARIANTS = {"fakes reused": functools.partial(step, reuse_fakes=True)}


def no_labels(numbers):
    return ()


def generate(trainer, n, labels=no_labels, batch_size=256, fakes=fakes):
    """`labels` is a function of the samples' numbers."""
    import torch

    trainer.generator.eval()
    samples = []
    with torch.inference_mode():
        for start in range(0, n, batch_size):
            numbers = torch.arange(start, start + batch_size)
            batch_labels = [x.to(trainer.device) for x in labels(numbers)]
            with trainer.autocast():
                images = fakes(trainer, batch_size, batch_labels)
            images = (images.float() * 127.5 + 127.5).round().clamp(0, 255)
            images = images.to(torch.uint8).permute(0, 2, 3, 1)
            samples.append(images.cpu().numpy())
    trainer.generator.train()
    return np.concatenate(samples)[:n]


FAMILIES = (
    Family(
        name="GAN",
        rows={
            "GAN": Row(
                image_shape=(28, 28, 1),
                filters=0,
                goals=(("fit", "step", 0.95),),
            )
        },
        arrays=images_alone,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
        variants=VARIANTS,
        generate=generate,
        convolutional=False,
    ),
)
