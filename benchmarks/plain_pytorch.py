"""The same GANs in plain PyTorch, as a good PyTorch user would write them.

Networks, initial weights, losses, optimizers and the order of the step are
those of keras_gans; nothing is shared with it. (WGAN-GP's users make its fakes
discriminator step by discriminator step, and so does this: see README.md.)
Where PyTorch leaves a choice, the faster one is taken: the discriminator is
frozen in the generator's step (no gradients that nobody uses), fakes for the
discriminator are made without a graph, gradients are set to `None`, Adam is
the `foreach` one, and `train_step.py` times both memory layouts of the
convolutions.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LATENT_DIM = 100
DISCRIMINATOR_STEPS = 5  # Of WGANGP.
GP_WEIGHT = 10.0
NUM_CLASSES = 10
EMBEDDING_DIM = 50


# ---- networks -------------------------------------------------------------


def mlp_generator(image_shape):
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


def mlp_discriminator(image_shape):
    height, width, channels = image_shape
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(height * width * channels, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
    )


def base_shape(image_shape):
    height, width, doublings = *image_shape[:2], 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8:
        height, width, doublings = height // 2, width // 2, doublings + 1
    return height, width, doublings


def dcgan_generator(image_shape, filters, inputs=LATENT_DIM):
    height, width, doublings = base_shape(image_shape)
    depth = filters * 2**doublings
    layers = [
        nn.Linear(inputs, height * width * depth, bias=False),
        nn.Unflatten(1, (depth, height, width)),
        nn.BatchNorm2d(depth, eps=1e-5, momentum=0.1),
        nn.ReLU(),
    ]
    for _ in range(doublings - 1):
        layers += [
            nn.ConvTranspose2d(depth, depth // 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(depth // 2, eps=1e-5, momentum=0.1),
            nn.ReLU(),
        ]
        depth //= 2
    layers += [nn.ConvTranspose2d(depth, image_shape[-1], 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers).apply(initialize)


def dcgan_discriminator(
    image_shape, filters, extra_channels=0, batch_norm=True
):
    height, width, channels = image_shape
    channels, depth, layers = channels + extra_channels, filters, []
    while not layers or min(height, width) > 4:
        if height % 2 or width % 2:
            # 7 to 4: "same" padding has one more at the end.
            layers.append(nn.ZeroPad2d((0, width % 2, 0, height % 2)))
        height, width = -(-height // 2), -(-width // 2)
        first = depth == filters
        bias = first or not batch_norm
        layers.append(nn.Conv2d(channels, depth, 4, 2, 1, bias=bias))
        if not bias:
            layers.append(nn.BatchNorm2d(depth, eps=1e-5, momentum=0.1))
        layers.append(nn.LeakyReLU(0.2))
        channels, depth = depth, depth * 2
    layers += [nn.Flatten(), nn.Linear(height * width * channels, 1)]
    network = nn.Sequential(*layers).apply(initialize)
    if not batch_norm:
        for module in network:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network


def initialize(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class ConditionalGenerator(nn.Module):
    def __init__(self, image_shape, filters):
        super().__init__()
        self.embedding = nn.Embedding(NUM_CLASSES, EMBEDDING_DIM)
        self.stack = dcgan_generator(
            image_shape, filters, LATENT_DIM + EMBEDDING_DIM
        )

    def forward(self, latents, labels):
        return self.stack(torch.cat([latents, self.embedding(labels)], 1))


class ConditionalDiscriminator(nn.Module):
    def __init__(self, image_shape, filters):
        super().__init__()
        height, width, _ = image_shape
        self.embedding = nn.Embedding(NUM_CLASSES, EMBEDDING_DIM)
        self.label_map = nn.Sequential(
            nn.Linear(EMBEDDING_DIM, height * width),
            nn.Unflatten(1, (1, height, width)),
        )
        self.stack = dcgan_discriminator(image_shape, filters, 1)

    def forward(self, images, labels):
        label_map = self.label_map(self.embedding(labels))
        return self.stack(torch.cat([images, label_map], 1))


def networks(kind, image_shape, filters):
    if kind == "GAN":
        return mlp_generator(image_shape), mlp_discriminator(image_shape)
    if kind == "DCGAN":
        return (
            dcgan_generator(image_shape, filters),
            dcgan_discriminator(image_shape, filters),
        )
    if kind == "WGANGP":
        return (
            dcgan_generator(image_shape, filters),
            dcgan_discriminator(image_shape, filters, batch_norm=False),
        )
    return (
        ConditionalGenerator(image_shape, filters),
        ConditionalDiscriminator(image_shape, filters),
    )


# ---- training -------------------------------------------------------------


class Trainer:
    """Two networks and their step.

    Args:
        kind: "GAN", "DCGAN", "ConditionalGAN" or "WGANGP".
        image_shape: (height, width, channels), as keras_gans has it.
        filters: The width of the convolutional networks.
        device: "cpu" or "cuda".
        compiled: Whether `torch.compile` makes the networks' code.
        channels_last: The memory layout of images and kernels.
        reuse_fakes: Whether the generator's step goes on with the fakes of
            the discriminator's, as PyTorch's DCGAN example does, instead of
            drawing anew as the papers' algorithms do.
    """

    def __init__(
        self,
        kind,
        image_shape,
        filters,
        device="cpu",
        compiled=False,
        channels_last=False,
        reuse_fakes=False,
    ):
        self.device = device
        self.channels_last = channels_last
        self.reuse_fakes = reuse_fakes
        self.format = (
            torch.channels_last if channels_last else torch.contiguous_format
        )
        generator, discriminator = (
            n.to(device, memory_format=self.format)
            for n in networks(kind, image_shape, filters)
        )
        self.parameters = [
            list(n.parameters()) for n in (generator, discriminator)
        ]
        wgan_gp = kind == "WGANGP"
        rate, betas = (1e-4, (0.0, 0.9)) if wgan_gp else (2e-4, (0.5, 0.999))
        self.generator_optimizer, self.discriminator_optimizer = (
            torch.optim.Adam(p, rate, betas=betas, foreach=True)
            for p in self.parameters
        )
        self.step = self.wgan_gp_step if wgan_gp else self.gan_step
        # PyTorch cannot differentiate a compiled network twice.
        self.plain_discriminator = discriminator
        # Compiled modules share their parameters with the plain ones.
        self.generator = torch.compile(generator) if compiled else generator
        self.discriminator = (
            torch.compile(discriminator) if compiled else discriminator
        )

    def batch(self, images, *labels):
        """NumPy arrays in keras_gans' layout to tensors in PyTorch's."""
        images = torch.from_numpy(images).permute(0, 3, 1, 2)
        images = images.to(self.device).contiguous(memory_format=self.format)
        return [images, *(torch.from_numpy(x).to(self.device) for x in labels)]

    def autocast(self):
        return torch.autocast(
            self.device, torch.bfloat16, enabled=self.device == "cuda"
        )

    def fakes(self, n, labels):
        latents = torch.randn(n, LATENT_DIM, device=self.device)
        return self.generator(latents, *labels)

    def freeze_discriminator(self, frozen):
        for parameter in self.parameters[1]:
            parameter.requires_grad_(not frozen)

    def gan_step(self, real, *labels):
        n = len(real)

        # 1. The discriminator, on real and on fake images.
        with self.autocast():
            with torch.set_grad_enabled(self.reuse_fakes):
                fake = self.fakes(n, labels)
            real_logits = self.discriminator(real, *labels)
            fake_logits = self.discriminator(fake.detach(), *labels)
            d_loss = loss(real_logits, 1.0) + loss(fake_logits, 0.0)
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()
        self.discriminator_optimizer.step()

        # 2. The generator, through the discriminator as it is now.
        self.freeze_discriminator(True)
        with self.autocast():
            if not self.reuse_fakes:
                fake = self.fakes(n, labels)
            g_loss = loss(self.discriminator(fake, *labels), 1.0)
        self.generator_optimizer.zero_grad(set_to_none=True)
        g_loss.backward()
        self.generator_optimizer.step()
        self.freeze_discriminator(False)
        return d_loss.detach(), g_loss.detach()

    def wgan_gp_step(self, real):
        # 1. Five steps of the discriminator, each on a fresh slice.
        for part in real.chunk(DISCRIMINATOR_STEPS):
            with self.autocast():
                with torch.no_grad():
                    fake = self.fakes(len(part), ())
                gap = self.discriminator(fake) - self.discriminator(part)
            d_loss = gap.float().mean() + GP_WEIGHT * self.penalty(part, fake)
            self.discriminator_optimizer.zero_grad(set_to_none=True)
            d_loss.backward()
            self.discriminator_optimizer.step()

        # 2. The generator.
        self.freeze_discriminator(True)
        with self.autocast():
            fake = self.fakes(len(part), ())
            g_loss = -self.discriminator(fake).float().mean()
        self.generator_optimizer.zero_grad(set_to_none=True)
        g_loss.backward()
        self.generator_optimizer.step()
        self.freeze_discriminator(False)
        return d_loss.detach(), g_loss.detach()

    def penalty(self, real, fake):
        alpha = torch.rand(len(real), 1, 1, 1, device=self.device)
        points = torch.lerp(fake.float(), real, alpha).requires_grad_(True)
        (gradients,) = torch.autograd.grad(
            self.plain_discriminator(points).sum(), points, create_graph=True
        )
        norms = (gradients.square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()
        return (norms - 1).square().mean()

    @torch.inference_mode()
    def generate(self, n, conditional, batch_size=256):
        """`n` samples as a NumPy array of uint8, channels last."""
        self.generator.eval()
        samples = []
        for start in range(0, n, batch_size):
            latents = torch.randn(batch_size, LATENT_DIM, device=self.device)
            labels = []
            if conditional:
                labels = torch.arange(start, start + batch_size)
                labels = [(labels % NUM_CLASSES).to(self.device)]
            with self.autocast():
                images = self.generator(latents, *labels)
            images = (images.float() * 127.5 + 127.5).round().clamp(0, 255)
            images = images.to(torch.uint8).permute(0, 2, 3, 1)
            samples.append(images.cpu().numpy())
        self.generator.train()
        return np.concatenate(samples)[:n]


def loss(logits, target):
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, target)
    )
