"""Names that the command line lists, and that rooms with Keras go by.

Each stands here and nowhere else. Nothing is imported: `keras-gans --help`
answers at once.
"""


def install(extra):
    """The command that brings the packages of an extra."""
    return f"pip install 'keras-gans[{extra}]'"


BACKENDS = ("tensorflow", "jax", "torch")
# What brings them.
PACKAGES = {
    "tensorflow": "pip install tensorflow",
    "jax": install("jax"),
    "torch": install("torch"),
}

# Of `datasets.toys`.
TOYS = ("ring", "grid")

# Of `metrics.evaluate`.
METRICS = ("fid", "kid", "prdc", "is", "swd", "modes")
# In the zoo beside the presets, trained by tools/train_classifiers.py.
CLASSIFIERS = ("mnist_classifier", "cifar10_classifier", "emoji_classifier")
# The network behind the scores of papers, by how it resizes images.
INCEPTIONS = {"inception_2015": "legacy", "inception_2015_clean": "clean"}
# Of `metrics.get_extractor`.
EXTRACTORS = (*CLASSIFIERS, *INCEPTIONS, "inception_v3", "points")
# By data set, where no other is chosen.
DEFAULT_EXTRACTORS = {
    "mnist": "mnist_classifier",
    "cifar10": "cifar10_classifier",
    **dict.fromkeys(TOYS, "points"),
}

# Of `augmentation.DiffAugment`.
AUGMENTATIONS = ("color", "translation", "cutout")

# The preset of `keras-gans upscale`.
UPSCALER = "srresnet_x4_bsds500_large"
# What it takes instead where another package has brought its weights.
BEST_UPSCALER = "real_esrgan_x4plus"
# The side of its tiles, in pixels of the input. With as much around it as the
# paper's network wants (40), its features take 1.2 GB.
TILE = 192
# What makes transparency larger.
ALPHAS = ("lanczos", "network")
# How the name of a film ends that `keras-gans upscale` takes.
FILM_SUFFIXES = tuple(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .wmv .flv".split()
)

# Of `convert.load_pytorch`.
CONVERT_TARGETS = (
    "pix2pix",
    "cyclegan",
    "srresnet",
    "rrdbnet",
    "srvgg",
    "stylegan2",
)

# What Keras calls a format, and how the file's name ends (a SavedModel is a
# folder).
EXPORT_FORMATS = {
    "saved_model": "tf_saved_model",
    "onnx": "onnx",
    "litert": "litert",
}
EXPORT_SUFFIXES = {"saved_model": "", "onnx": ".onnx", "litert": ".tflite"}

# The size of a folder's images is taken up to here, above which a CPU takes
# days.
LARGEST = 128


def some(names, count=10):
    """Names in words, the first of many."""
    more = ", ..." if len(names) > count else ""
    return ", ".join(map(str, names[:count])) + more
