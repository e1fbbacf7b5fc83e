"""DCGAN, whose networks other families have as well."""

from family import Family, Row, images_alone

from families import gan


def ours(settings, **kwargs):
    import keras_gans

    return keras_gans.DCGAN(
        image_shape=settings["image_shape"],
        filters=settings["filters"],
        seed=0,
        **kwargs,
    )


# ---- plain PyTorch --------------------------------------------------------


def base_shape(image_shape):
    height, width, doublings = *image_shape[:2], 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) >= 8:
        height, width, doublings = height // 2, width // 2, doublings + 1
    return height, width, doublings


def generator(image_shape, filters, inputs=gan.LATENT_DIM):
    from torch import nn
    from torch_blocks import initialize

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


def discriminator(
    image_shape, filters, extra_channels=0, batch_norm=True, head=None
):
    """`head` is a function of the number of features, for what ends it."""
    from torch import nn
    from torch_blocks import initialize

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
    features = height * width * channels
    layers += [nn.Flatten(), head(features) if head else nn.Linear(features, 1)]
    network = nn.Sequential(*layers).apply(initialize)
    if not batch_norm:
        for module in network:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network


def theirs(settings):
    shape, filters = settings["image_shape"], settings["filters"]
    return {
        "generator": generator(shape, filters),
        "discriminator": discriminator(shape, filters),
    }


FAMILIES = (
    Family(
        name="DCGAN",
        rows={
            "DCGAN": Row(
                image_shape=(28, 28, 1),
                filters=32,
                goals=(
                    ("step", "pytorch eager", 1.2),
                    ("step", "pytorch compiled", 1.0),
                    ("fit", "step", 0.95),
                    ("generate", "pytorch eager, generate", 1.0),
                    ("generate", "pytorch compiled, generate", 1.0),
                    ("step, 2 replicas", "step", 0.8),
                ),
            ),
            # The paper's own size, seconds per step on a CPU.
            "DCGAN 64x64": Row(image_shape=(64, 64, 3), filters=64, full=True),
        },
        arrays=images_alone,
        ours=ours,
        dataset=gan.dataset,
        theirs=theirs,
        step=gan.step,
        variants=gan.VARIANTS,
        generate=gan.generate,
    ),
)
