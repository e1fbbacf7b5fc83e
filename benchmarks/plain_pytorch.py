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

import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LATENT_DIM = 100
DISCRIMINATOR_STEPS = 5  # Of WGANGP.
GP_WEIGHT = 10.0
NUM_CLASSES = 10
EMBEDDING_DIM = 50
L1_WEIGHT = 100.0  # Of Pix2Pix, and the others of CycleGAN.
CYCLE_WEIGHT = 10.0
IDENTITY_WEIGHT = 5.0
POOL_SIZE = 50
CONTENT_WEIGHT = 0.006  # Of SRGAN.
ADVERSARIAL_WEIGHT = 1e-3


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


class UNet(nn.Module):
    """Pix2Pix's generator: halves its images until nothing is left of them."""

    def __init__(self, image_shape, filters):
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
        self.apply(initialize)

    def forward(self, x):
        features = []
        for layer in self.down:
            x = layer(x)
            features.append(x)
        features.pop()
        for layer in self.up:
            x = torch.cat([features.pop(), layer(x)], 1)
        return self.last(x)


def patch_discriminator(channels, filters, norm):
    """The PatchGAN of 70x70; `norm` makes a normalization of n channels."""
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


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def resnet_generator(image_shape, filters):
    """CycleGAN's generator."""
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


def same_conv(inputs, outputs, size, stride=1, bias=True):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=bias)


def srresnet(channels, filters, blocks=16):
    """SRGAN's generator: images four times as large."""

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


class Enlarged(nn.Sequential):
    """Adds the image of [-1, 1], four times as large; inside it is [0, 1]."""

    def forward(self, x):
        x = x / 2 + 0.5
        large = nn.functional.interpolate(x, scale_factor=4, mode="bilinear")
        return (super().forward(x) + large) * 2 - 1


def msrresnet(channels, filters, blocks=16):
    """The SRResNet of BasicSR and MMagic: images four times as large."""

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


def srgan_discriminator(image_shape, filters):
    # Strides of 2 pad both ends, as PyTorch's users have it; ours, by Keras's
    # "same", the end alone: the same work, one pixel further on.
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
    """VGG19's first four convolutions, with random weights.

    They take as long as trained ones, and nobody has to download those.
    """
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


def initialize_he(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Both(nn.ModuleList):
    """Two networks of CycleGAN, each on images of its own."""

    def forward(self, *images):
        return [network(x) for network, x in zip(self, images)]


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
    channels = image_shape[-1]
    if kind == "Pix2Pix":
        return (
            UNet(image_shape, filters),
            patch_discriminator(2 * channels, filters, nn.BatchNorm2d),
        )
    if kind == "CycleGAN":  # a to b and b to a; of b and of a.
        norm = nn.InstanceNorm2d
        return (
            Both(resnet_generator(image_shape, filters) for _ in range(2)),
            Both(patch_discriminator(channels, filters, norm) for _ in "ba"),
        )
    if kind == "SRResNet":  # It has no opponent.
        return srresnet(channels, filters), nn.Identity()
    if kind == "SRGAN":
        return (
            srresnet(channels, filters),
            srgan_discriminator(image_shape, filters),
        )
    return (
        ConditionalGenerator(image_shape, filters),
        ConditionalDiscriminator(image_shape, filters),
    )


def compile_network(network):
    if isinstance(network, Both):  # One by one: the cache serves the second.
        return Both(torch.compile(part) for part in network)
    return torch.compile(network)


# ---- training -------------------------------------------------------------


class Trainer:
    """Two networks, or CycleGAN's two pairs, and their step.

    Args:
        kind: "GAN", "DCGAN", "ConditionalGAN", "WGANGP", "Pix2Pix",
            "CycleGAN", "SRResNet" or "SRGAN".
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
        rates = {
            "WGANGP": (1e-4, (0.0, 0.9)),
            "SRResNet": (1e-4, (0.9, 0.999)),
            "SRGAN": (1e-4, (0.9, 0.999)),
        }
        rate, betas = rates.get(kind, (2e-4, (0.5, 0.999)))
        self.generator_optimizer, self.discriminator_optimizer = (
            torch.optim.Adam(p, rate, betas=betas, foreach=True) if p else None
            for p in self.parameters
        )
        steps = {
            "WGANGP": self.wgan_gp_step,
            "Pix2Pix": self.pix2pix_step,
            "CycleGAN": self.cyclegan_step,
            "SRResNet": self.srresnet_step,
            "SRGAN": self.srgan_step,
        }
        self.step = steps.get(kind, self.gan_step)
        self.pool_a, self.pool_b = ImagePool(), ImagePool()
        # PyTorch cannot differentiate a compiled network twice.
        self.plain_discriminator = discriminator
        # Compiled modules share their parameters with the plain ones.
        self.generator, self.discriminator = (
            compile_network(network) if compiled else network
            for network in (generator, discriminator)
        )
        if kind == "SRGAN":
            content = content_network().requires_grad_(False)
            content.to(device, memory_format=self.format)
            self.content = torch.compile(content) if compiled else content

    def batch(self, *arrays):
        """NumPy arrays in keras_gans' layout to tensors in PyTorch's."""
        tensors = []
        for array in arrays:
            x = torch.from_numpy(array).to(self.device)
            if x.ndim == 4:
                x = x.permute(0, 3, 1, 2).contiguous(memory_format=self.format)
            tensors.append(x if x.is_floating_point() else x.long())
        return tensors

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

    # The GANs below make the fakes first, as keras_gans does, and their
    # discriminators then see the same images: PyTorch's users write that in
    # either order.

    def pix2pix_step(self, inputs, targets):
        # 1. The generator, which makes the fakes of both players.
        self.freeze_discriminator(True)
        with self.autocast():
            fake = self.generator(inputs)
            logits = self.discriminator(torch.cat([inputs, fake], 1))
            l1_loss = distance(fake, targets)
            g_loss = loss(logits, 1.0) + L1_WEIGHT * l1_loss
        self.generator_optimizer.zero_grad(set_to_none=True)
        g_loss.backward()
        self.generator_optimizer.step()
        self.freeze_discriminator(False)

        # 2. The discriminator, on real pairs and on those fakes.
        with self.autocast():
            real_logits = self.discriminator(torch.cat([inputs, targets], 1))
            fake_logits = self.discriminator(
                torch.cat([inputs, fake.detach()], 1)
            )
            d_loss = 0.5 * (loss(real_logits, 1.0) + loss(fake_logits, 0.0))
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()
        self.discriminator_optimizer.step()
        return d_loss.detach(), g_loss.detach()

    def cyclegan_step(self, real_a, real_b):
        # 1. Both generators: there, back, and what should stay as it is.
        self.freeze_discriminator(True)
        with self.autocast():
            fake_b, fake_a = self.generator(real_a, real_b)
            back_b, back_a = self.generator(fake_a, fake_b)
            same_b, same_a = self.generator(real_b, real_a)
            logits_b, logits_a = self.discriminator(fake_b, fake_a)
            cycle = distance(back_a, real_a) + distance(back_b, real_b)
            identity = distance(same_a, real_a) + distance(same_b, real_b)
            g_loss = (
                least_squares(logits_a, 1.0)
                + least_squares(logits_b, 1.0)
                + CYCLE_WEIGHT * cycle
                + IDENTITY_WEIGHT * identity
            )
        self.generator_optimizer.zero_grad(set_to_none=True)
        g_loss.backward()
        self.generator_optimizer.step()
        self.freeze_discriminator(False)

        # 2. Both discriminators, on images of the histories.
        fake_a = self.pool_a(fake_a.detach())
        fake_b = self.pool_b(fake_b.detach())
        with self.autocast():
            real_logits = self.discriminator(real_b, real_a)
            fake_logits = self.discriminator(fake_b, fake_a)
            d_loss = 0.5 * (
                sum(least_squares(logits, 1.0) for logits in real_logits)
                + sum(least_squares(logits, 0.0) for logits in fake_logits)
            )
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()
        self.discriminator_optimizer.step()
        return d_loss.detach(), g_loss.detach()

    def srresnet_step(self, low_res, high_res):
        with self.autocast():
            error = squared_distance(self.generator(low_res), high_res)
        self.generator_optimizer.zero_grad(set_to_none=True)
        error.backward()
        self.generator_optimizer.step()
        return (error.detach(),)

    def srgan_step(self, low_res, high_res):
        # 1. The generator, which makes the fakes of both players.
        self.freeze_discriminator(True)
        with self.autocast():
            with torch.no_grad():
                features = self.content(high_res)
            fake = self.generator(low_res)
            content_loss = squared_distance(self.content(fake), features)
            logits = self.discriminator(fake)
            g_loss = CONTENT_WEIGHT * content_loss + ADVERSARIAL_WEIGHT * loss(
                logits, 1.0
            )
        self.generator_optimizer.zero_grad(set_to_none=True)
        g_loss.backward()
        self.generator_optimizer.step()
        self.freeze_discriminator(False)

        # 2. The discriminator, on real images and on those fakes.
        with self.autocast():
            real_logits = self.discriminator(high_res)
            fake_logits = self.discriminator(fake.detach())
            d_loss = loss(real_logits, 1.0) + loss(fake_logits, 0.0)
        self.discriminator_optimizer.zero_grad(set_to_none=True)
        d_loss.backward()
        self.discriminator_optimizer.step()
        return d_loss.detach(), g_loss.detach()

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


class ImagePool:
    """The history of generated images that CycleGAN's discriminators see."""

    def __init__(self):
        self.images = []

    def __call__(self, batch):
        result = []
        for image in batch.split(1):
            if len(self.images) < POOL_SIZE:
                self.images.append(image)
            elif random.random() < 0.5:
                place = random.randrange(POOL_SIZE)
                self.images[place], image = image, self.images[place]
            result.append(image)
        return torch.cat(result)


def loss(logits, target):
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, target)
    )


def least_squares(logits, target):
    return (logits.float() - target).square().mean()


def distance(x, y):
    return F.l1_loss(x.float(), y)


def squared_distance(x, y):
    return F.mse_loss(x.float(), y.float())
