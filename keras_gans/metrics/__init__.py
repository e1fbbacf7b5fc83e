"""Scores of generated examples: functions on NumPy arrays, and Keras metrics.

A score means nothing without its protocol: which features, how many examples,
of which data. `evaluate` returns scores that carry theirs and refuse to be
compared with scores of another one.
"""

from keras_gans.metrics.copies import Memorisation, memorisation, nearest
from keras_gans.metrics.distances import (
    density_coverage,
    frechet_distance,
    frechet_distance_from_statistics,
    inception_score,
    kernel_distance,
    precision_recall,
    sliced_wasserstein,
)
from keras_gans.metrics.extractors import Extractor, InceptionExtractor
from keras_gans.metrics.extractors import get as get_extractor
from keras_gans.metrics.inpainting import evaluate_inpainting, hole_error
from keras_gans.metrics.keras_metrics import FrechetDistance, KernelDistance
from keras_gans.metrics.modes import (
    mode_coverage,
    mode_histogram,
    reverse_kl,
    stacked_mode_coverage,
)
from keras_gans.metrics.perceptual import perceptual_distance
from keras_gans.metrics.pixels import mean_absolute_error, ssim
from keras_gans.metrics.score import Protocol, Score, Scores
from keras_gans.metrics.scores import evaluate
from keras_gans.metrics.statistics import Statistics
from keras_gans.metrics.super_resolution import (
    cropped_ssim,
    evaluate_upscaling,
    luma,
    psnr,
    sharpness,
)
from keras_gans.metrics.translation import evaluate_translation

__all__ = [
    "Extractor",
    "FrechetDistance",
    "InceptionExtractor",
    "KernelDistance",
    "Memorisation",
    "Protocol",
    "Score",
    "Scores",
    "Statistics",
    "cropped_ssim",
    "density_coverage",
    "evaluate",
    "evaluate_inpainting",
    "evaluate_translation",
    "evaluate_upscaling",
    "frechet_distance",
    "frechet_distance_from_statistics",
    "get_extractor",
    "hole_error",
    "inception_score",
    "kernel_distance",
    "luma",
    "mean_absolute_error",
    "memorisation",
    "mode_coverage",
    "mode_histogram",
    "nearest",
    "perceptual_distance",
    "precision_recall",
    "psnr",
    "reverse_kl",
    "sharpness",
    "sliced_wasserstein",
    "ssim",
    "stacked_mode_coverage",
]
