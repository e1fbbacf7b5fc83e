"""The presets of SRResNet, and of SRGAN, which start from those."""

from data_sets import BSDS, DIV2K
from recipes import TRAINED_FROM_ARRAYS, decaying, falling

import keras_gans
from keras_gans.models.msrresnet import MSRResNetGenerator
from keras_gans.models.srgan import SRGANDiscriminator, SRResNetGenerator

SRGAN_PAPER = (
    'Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a '
    'Generative Adversarial Network", 2017, https://arxiv.org/abs/1609.04802. '
    "Here with a smaller generator, 8 residual blocks of 32 filters in place "
    "of 16 of 64, in MSRResNet's form: no batch normalization, and the "
    "enlarged image is added to what the network makes. Batches of 8."
)


SRRESNET_BSDS_STEPS = 12000
SRGAN_BSDS_STEPS = 500
SRGAN_BSDS_GPU_STEPS = 6000


def small_srresnet():
    """A seventh of the paper's weights: what two CPU cores can train.

    It adds what it makes to the image enlarged: 28.5 dB on Set5 after 150
    steps, where the paper's form, as small and without batch normalization,
    has 25.3.
    """
    return MSRResNetGenerator(filters=32, num_residual_blocks=8)


def srresnet_paper(scale):
    """The paper's first phase, without weights."""
    return {
        "model": lambda: keras_gans.SRResNet(scale=scale),
        "recipe": {
            "dataset": f"div2k/bicubic_x{scale}",
            "high_res": {"augment": True},
            "batch_size": 16,
            "steps": 1_000_000,
        },
        "description": f"images {scale} times as large, the paper's settings",
        "data": DIV2K,
    }


def srgan_paper(scale):
    """The paper's second phase, without weights: 1e-4, and then 1e-5."""
    adam = {
        "class_name": "Adam",
        "config": {
            "learning_rate": {
                "class_name": "PiecewiseConstantDecay",
                "config": {"boundaries": [100_000], "values": [1e-4, 1e-5]},
            }
        },
    }
    start = f"srresnet_x{scale}_div2k"
    return {
        "model": lambda: keras_gans.SRGAN(SRResNetGenerator(scale)),
        "recipe": {
            "dataset": f"div2k/bicubic_x{scale}",
            "high_res": {"augment": True},
            "batch_size": 16,
            "steps": 200_000,
            "generator": start,
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
        },
        "description": f"images {scale} times as large that look real, the "
        "paper's settings",
        "starts_from": start,
        "data": DIV2K,
    }


def bsds_recipe(batch_size, steps):
    return {
        "dataset": "bsds500",
        "high_res": {"augment": True, "splits": {"train": "all"}},
        "batch_size": batch_size,
        "steps": steps,
    }


def srgan_bsds(generator, discriminator_filters, content, adversarial):
    return keras_gans.SRGAN(
        generator,
        SRGANDiscriminator(filters=discriminator_filters, global_pooling=True),
        content_network="cifar10_classifier",
        # Before the strides of 2 with kernels of 3, whose gradients are a
        # grid. Its features are smaller numbers than VGG19's.
        content_layer="re_lu_1",
        content_weight=content,
        adversarial_weight=adversarial,
    )


PRESETS = {
    "srresnet_x4_bsds500": {
        "model": lambda: keras_gans.SRResNet(small_srresnet()),
        "recipe": {
            **bsds_recipe(8, SRRESNET_BSDS_STEPS),
            "loss": "mean_absolute_error",
            "generator_optimizer": falling(
                1e-3, SRRESNET_BSDS_STEPS, beta_1=0.9
            ),
        },
        "description": "photographs four times as large, by the error of the "
        "pixels",
        "caption": "Parts of images of Set5, from left to right: bicubic, "
        "this preset, truth.",
        "paper": SRGAN_PAPER + " The loss is the mean absolute error.",
        "compared": "The paper's SRResNet has 32.05 dB on Set5, after a "
        "million steps of batch 16 on ImageNet. This network, of a seventh of "
        "its weights, has seen 400 photographs for less than an hour. The "
        "paper's form in this size, without batch normalization, was tried "
        "first: the squared error at 5e-4 brought it to 29.1 dB in 3,200 "
        "steps of the same data. This one had 30.7 after 4,400.",
        "failures": "What is finer than a few pixels becomes smooth: hair, "
        "grass, the pores of skin. That is what the smallest error asks for. "
        "It knows photographs that were shrunk with antialiasing; noise and "
        "JPEG's blocks are made larger, and sharper.",
        "data": BSDS,
    },
    "srresnet_x4_bsds500_large": {
        "model": lambda: keras_gans.SRResNet(MSRResNetGenerator()),
        # Planned were 22,600 steps, of which the time let 19,000 be.
        "recipe": {
            **bsds_recipe(16, 19_000),
            "loss": "mean_absolute_error",
            "generator_optimizer": decaying("Adam", 4e-4, 22_600),
        },
        "description": "photographs four times as large, by the error of the "
        "pixels, with a network of six times the weights",
        "caption": "Parts of images of Set5, from left to right: bicubic, "
        "`srresnet_x4_bsds500`, `srgan_x4_bsds500`, this preset, truth.",
        "beside": ["srresnet_x4_bsds500", "srgan_x4_bsds500"],
        "paper": SRGAN_PAPER.partition(" Here ")[0]
        + " Here in MSRResNet's form, of the paper's size: 16 residual blocks "
        "of 64 filters, no batch normalization, and the enlarged image is "
        "added to what the network makes. The loss is the mean absolute error.",
        "compared": "The paper's SRResNet has 32.05 dB on Set5, after a "
        "million steps of batch 16 on ImageNet; this one has seen 400 "
        "photographs for four minutes. It is what `keras-gans upscale` takes: "
        "beside bicubic, `srresnet_x4_bsds500` and `srgan_x4_bsds500`, on ten "
        "photographs and five drawings of Noto Emoji, it was the nearest to "
        "the truth or as near as any, by eye, drew no threads and no dots, and "
        "had the highest PSNR of each: of the photographs, which are of "
        "BSDS500 and among those that all three were trained on, 28.47 dB "
        "(bicubic 26.23, the smaller network 27.95, SRGAN 27.01); of the "
        "drawings 34.22 (26.30, 32.96, 30.99). On TensorFlow it takes 2.9 "
        "seconds of a CPU core for a megapixel of output, the smaller network "
        "2.4.",
        "trained": TRAINED_FROM_ARRAYS,
        "failures": "What is finer than a few pixels becomes smooth: hair, "
        "grass, the pores of skin. That is what the smallest error asks for. "
        "It knows photographs that were shrunk with antialiasing; noise and "
        "JPEG's blocks are made larger, and sharper.",
        "data": BSDS,
    },
    "srgan_x4_bsds500": {
        "model": lambda: srgan_bsds(small_srresnet(), 24, 0.3, 1e-3),
        "recipe": {
            **bsds_recipe(8, SRGAN_BSDS_STEPS),
            "generator": "srresnet_x4_bsds500",
            "generator_optimizer": falling(1e-4, SRGAN_BSDS_STEPS, beta_1=0.9),
            "discriminator_optimizer": falling(
                4e-4, SRGAN_BSDS_STEPS, beta_1=0.9
            ),
        },
        # A seventh of the share that the discriminator has in the weights of
        # the zoo, which draw worms on grass and skin.
        "on_gpu": {
            "model": lambda: srgan_bsds(MSRResNetGenerator(), 32, 1.0, 5e-4),
            "recipe": {
                **bsds_recipe(16, SRGAN_BSDS_GPU_STEPS),
                "generator": "srresnet_x4_bsds500_large",
                "generator_optimizer": falling(
                    1e-4, SRGAN_BSDS_GPU_STEPS, beta_1=0.9
                ),
                "discriminator_optimizer": falling(
                    1e-4, SRGAN_BSDS_GPU_STEPS, beta_1=0.9
                ),
            },
            "starts_from": "srresnet_x4_bsds500_large",
        },
        "description": "photographs four times as large that look sharp",
        "starts_from": "srresnet_x4_bsds500",
        "caption": "Parts of images of Set5, from left to right: bicubic, "
        "`srresnet_x4_bsds500`, this preset, truth.",
        "paper": SRGAN_PAPER
        + " The content loss compares features of `cifar10_classifier` (its "
        "first stage, on images twice as large), a network of ours, in place "
        "of VGG19's; the discriminator has 24 filters and global pooling.",
        "compared": "The paper's SRGAN has 29.40 dB on Set5, 2.65 less than "
        "its SRResNet; this one 1.4 less than `srresnet_x4_bsds500`, at 1.6 "
        "times its sharpness. The distance of features does not see an "
        "advantage (0.0514, SRResNet 0.0487). The GAN's training is short: "
        "with 1,200 steps there is more texture (a sharpness of 12.6, the "
        "truth's), and a grid of dots in it, at 28.38 dB. Two settings with "
        "less weight of the content (0.12 and, before its network saw images "
        "twice as large, 0.2) had that grid from the start.",
        "failures": "Edges become crisp, and hair, feathers and skin hardly "
        "get the texture that they should have. What has texture gets worms "
        "instead, bright threads that are not there: wool and leaves in the "
        "picture above, and of ten photographs of BSDS500, which it was "
        "trained on, grass, a zebra's legs, a bird's feathers, a patterned "
        "vest, the dots of a butterfly and the edges of a building; a car and "
        "large faces stay clean. Of drawings, edges get a fringe of dots. So "
        "`keras-gans upscale` takes `srresnet_x4_bsds500_large`. It invents "
        "what looks likely: nothing to read number plates with. Noise and "
        "JPEG's blocks become sharp as well.",
        "data": BSDS,
    },
    "srresnet_x4_div2k": srresnet_paper(4),
    "srgan_x4_div2k": srgan_paper(4),
    "srresnet_x2_div2k": srresnet_paper(2),
    "srgan_x2_div2k": srgan_paper(2),
}
