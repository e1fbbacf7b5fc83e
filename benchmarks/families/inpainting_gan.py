"""InpaintingGAN: a gated U-Net and SN-PatchGAN, on small images.

The same networks, losses and order of the step in plain PyTorch. Masks are
drawn in the step on both sides; here they are boxes, on the device and for the
whole batch at once, which costs next to nothing.
"""

from family import Family, Row, images_alone

HOLE_WEIGHT, VALID_WEIGHT, ADVERSARIAL_WEIGHT = 6.0, 1.0, 0.3


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.InpaintingGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


def dataset(arrays, **kwargs):
    from keras_gans import datasets

    (images,) = arrays
    return datasets.load(images, **kwargs)


# ---- plain PyTorch --------------------------------------------------------


def gated_u_net(channels, filters, depth=3, dilations=(2, 4)):
    """The generator: `(images, masks)` to images in [-1, 1]."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Gated(nn.Conv2d):
        """A convolution of features and gates."""

        def __init__(self, before, after, stride=1, dilation=1):
            super().__init__(
                before,
                2 * after,
                3,
                stride,
                padding=dilation,
                dilation=dilation,
            )

        def forward(self, x):
            if self.stride == (2, 2):
                # Keras's "same" for strides of 2, at the end alone.
                x = F.pad(x, (0, 1, 0, 1))
                x = F.conv2d(x, self.weight, self.bias, 2)
            else:
                x = super().forward(x)
            features, gate = x.chunk(2, 1)
            return F.elu(features) * torch.sigmoid(gate)

    class GatedUNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [filters * min(2**i, 4) for i in range(depth + 1)]
            self.down = nn.ModuleList([Gated(channels + 1, widths[0])])
            for before, width in zip(widths, widths[1:]):
                self.down.append(Gated(before, width, stride=2))
            self.middle = nn.Sequential(
                *(Gated(widths[-1], widths[-1], dilation=d) for d in dilations)
            )
            self.up = nn.ModuleList()
            before = widths[-1]
            for width in widths[-2::-1]:
                self.up.append(Gated(before + width, width))
                before = width
            self.last = nn.Conv2d(before, channels, 3, padding=1)

        def forward(self, images, masks):
            x = torch.cat([images, masks], 1)
            features = []
            for layer in self.down:
                x = layer(x)
                features.append(x)
            x = self.middle(features.pop())
            for layer in self.up:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
                x = layer(torch.cat([x, features.pop()], 1))
            return torch.tanh(self.last(x))

    return GatedUNet()


def patch_discriminator(channels, filters, depth=4):
    """Images with their masks to logits, each feature of each patch."""
    from torch import nn
    from torch.nn.utils.parametrizations import spectral_norm

    layers = []
    for i in range(depth):
        width = filters * min(2**i, 4)
        # Keras's "same" for 5x5 with strides of 2: one more at the end.
        layers += [
            nn.ZeroPad2d((1, 2, 1, 2)),
            spectral_norm(nn.Conv2d(channels, width, 5, 2)),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = width
    return nn.Sequential(*layers[:-1])


def theirs(settings):
    from torch import nn
    from torch_blocks import initialize_he

    channels, filters = settings["image_shape"][-1], settings["filters"]
    networks = {"generator": gated_u_net(channels, filters)}
    networks["generator"].apply(initialize_he)
    # What is normalized: its own scale does not matter.
    networks["discriminator"] = patch_discriminator(channels + 1, 2 * filters)
    for module in networks["discriminator"].modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.bias)
    return networks


def draw_masks(images):
    """A box in each image, 1 in the hole: `(n, 1, height, width)`."""
    import torch

    n, _, height, width = images.shape
    u = torch.rand(4, n, 1, 1, device=images.device)
    y = torch.arange(height, device=images.device)[:, None] / height
    x = torch.arange(width, device=images.device)[None] / width
    inside = (y - u[0]).abs() < 0.1 + 0.25 * u[1]
    inside = inside & ((x - u[2]).abs() < 0.1 + 0.25 * u[3])
    return inside[:, None].float()


def fill(trainer, images, masks):
    """What the generator makes, and the images with it in their holes."""
    made = trainer.generator(images * (1 - masks), masks)
    return made, made * masks + images * (1 - masks)


def step(trainer, images, masks=None):
    import torch
    from torch.nn import functional as F

    # 1. Draw a mask for each image.
    if masks is None:
        masks = draw_masks(images)

    # 2. The generator, which fills the holes for both players.
    with trainer.frozen("discriminator"):
        with trainer.autocast():
            made, fake = fill(trainer, images, masks)
            weights = VALID_WEIGHT + (HOLE_WEIGHT - VALID_WEIGHT) * masks
            l1_loss = (weights * (made.float() - images).abs()).mean()
            logits = trainer.discriminator(torch.cat([fake, masks], 1))
            g_loss = l1_loss - ADVERSARIAL_WEIGHT * logits.float().mean()
        trainer.update("generator", g_loss)

    # 3. The discriminator, on real images and on those.
    with trainer.autocast():
        both = torch.cat([images, fake.detach()])
        both = torch.cat([both, masks.repeat(2, 1, 1, 1)], 1)
        real_logits, fake_logits = trainer.discriminator(both).float().chunk(2)
        d_loss = F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()
    trainer.update("discriminator", d_loss)
    return d_loss.detach(), g_loss.detach()


GOALS = (
    ("step", "pytorch eager", 1.0),
    ("fit", "step", 0.9),
)
FAMILIES = (
    Family(
        name="InpaintingGAN",
        rows={
            "InpaintingGAN": Row(
                image_shape=(64, 64, 3),
                filters=16,
                batch_size=16,
                goals=GOALS,
            ),
        },
        arrays=images_alone,
        ours=ours,
        dataset=dataset,
        theirs=theirs,
        step=step,
    ),
)
