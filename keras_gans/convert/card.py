"""The model card of converted weights."""

import textwrap

from keras_gans.convert import basicsr, junyanz, rosinality

LICENSE = "that of the source of the weights, which is yours to find out"
# Whose code reads and writes the files.
SOURCES = {
    "pix2pix": junyanz.SOURCE,
    "cyclegan": junyanz.SOURCE,
    **dict.fromkeys(("srresnet", "rrdbnet", "srvgg"), basicsr.SOURCE),
    "stylegan2": rosinality.SOURCE,
}
# What people forget of weights that are in circulation.
WARNINGS = {
    "stylegan2": "The authors' own weights of StyleGAN2, in this form too, are "
    "NVIDIA's, whose licence is for research and evaluation and "
    "**non-commercial**.",
}
_PAPERS = {
    "pix2pix": 'Isola et al., "Image-to-Image Translation with Conditional '
    'Adversarial Networks", 2017, https://arxiv.org/abs/1611.07004.',
    "cyclegan": 'Zhu et al., "Unpaired Image-to-Image Translation using '
    'Cycle-Consistent Adversarial Networks", 2017, '
    "https://arxiv.org/abs/1703.10593.",
    "srresnet": 'Ledig et al., "Photo-Realistic Single Image '
    'Super-Resolution Using a Generative Adversarial Network", 2017, '
    "https://arxiv.org/abs/1609.04802; without normalization, as "
    "https://arxiv.org/abs/1707.02921 has it.",
    "rrdbnet": 'Wang et al., "ESRGAN: Enhanced Super-Resolution Generative '
    'Adversarial Networks", 2018, https://arxiv.org/abs/1809.00219.',
    "srvgg": 'Wang et al., "Real-ESRGAN: Training Real-World Blind '
    'Super-Resolution with Pure Synthetic Data", 2021, '
    "https://arxiv.org/abs/2107.10833.",
    "stylegan2": 'Karras et al., "Analyzing and Improving the Image Quality of '
    'StyleGAN", 2019, https://arxiv.org/abs/1912.04958.',
}


def card(name, to, sentences, sources):
    """The text of the README.md of a preset.

    Args:
        name: String, the preset's.
        to: One of `names.CONVERT_TARGETS`.
        sentences: List of strings, about the networks.
        sources: Dict, networks to dicts with the `file` and its `sha256`.
    """
    files = [
        f"- `{source['file']}`, SHA-256 `{source['sha256']}`"
        for source in sources.values()
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            _fill("Weights that were trained in PyTorch, converted."),
            "",
            _fill(f"**Paper.** {_PAPERS[to]}"),
            "",
            _fill(
                f"**Weights.** Of these files, which the code of {SOURCES[to]} "
                "reads and writes:"
            ),
            "",
            *files,
            "",
            _fill(
                f"**Licence** of the weights: {LICENSE}. That of their "
                f"training data, too. {WARNINGS.get(to, '')}".strip()
            ),
            "",
            "**Networks.**",
            "",
            *(_fill(f"- {s}", subsequent_indent="  ") for s in sentences),
            "",
        ]
    )


def _fill(text, **kwargs):
    return textwrap.fill(
        text, 79, break_long_words=False, break_on_hyphens=False, **kwargs
    )
