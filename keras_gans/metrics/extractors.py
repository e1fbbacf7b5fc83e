"""What turns images into features, which most scores are measured on."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend, presets
from keras_gans.layers import float32_policy
from keras_gans.metrics import inception, inception_weights
from keras_gans.names import CLASSIFIERS, EXTRACTORS, INCEPTIONS
from keras_gans.pixels import from_uint8_tensor, read_uint8

BATCH_SIZE = 256
INCEPTION_BATCH_SIZE = 64  # whose images are of 299x299


class Extractor:
    """A function from images to features, and what makes it comparable.

    A score is only as good as its features, and two scores can be compared
    only when they were made with the same ones: name, version and resizing
    become part of every score's `Protocol`. Any function will do:

        Extractor(lambda images: images.mean((1, 2)), name="mean_color")

    Args:
        features: Function of uint8 images `(n, height, width, channels)` that
            returns an array `(n, d)`.
        name: String.
        version: String; a new one whenever the features change.
        resize: String that says how images are resized.
        probabilities: Function of features `(n, d)` that returns the
            probabilities of classes `(n, classes)`, or `None`.
        network: `keras.Model` of float images in [-1, 1] that returns
            features, which the Keras metrics run within a graph, or `None`.
    """

    def __init__(
        self,
        features,
        name,
        version="1",
        resize="none",
        probabilities=None,
        network=None,
    ):
        if not callable(features):
            raise ValueError(
                "features must be a function of uint8 images. Received: "
                f"features={features!r}"
            )
        self.features = features
        self.name = name
        self.version = version
        self.resize = resize
        self.probabilities = probabilities
        self.network = network

    @classmethod
    def from_classifier(cls, classifier, name, **kwargs):
        """An extractor from a network that ends in a softmax.

        Args:
            classifier: `keras.Model` of float images in [-1, 1] whose last
                layer is a `Dense` with a softmax and whose layer `features`
                makes the features, in inference the last layer's input.
            name: String.
            **kwargs: `version` and `resize`.
        """
        layer = classifier.get_layer("features")
        network = keras.Model(classifier.input, layer.output)
        head = classifier.layers[-1]
        network.trainable = head.trainable = False

        def call(images):
            return network(from_uint8_tensor(images), training=False)

        apply = backend.compile_function(call, network)

        def features(images):
            images = fit_channels(read_uint8("images", images), network)
            return _in_batches(apply, images)

        def probabilities(x):
            x = np.asarray(x, "float32")
            return ops.convert_to_numpy(head(x, training=False))

        return cls(
            features,
            name,
            probabilities=probabilities,
            network=network,
            **kwargs,
        )

    def __call__(self, images):
        """Features `(n, d)` of uint8 images, as a NumPy array."""
        features = np.asarray(self.features(images))
        if features.ndim != 2 or len(features) != len(images):
            raise ValueError(
                f"The extractor {self.name} must return features of shape "
                f"({len(images)}, d). Received: shape {features.shape}"
            )
        return features


class InceptionExtractor(Extractor):
    """The Inception network of 2015: FID, KID and IS as papers report them.

        extractor = metrics.InceptionExtractor()
        metrics.evaluate(gan, images, extractor, ("fid", "kid", "is"), 50_000)

    2,048 features of images of any size, RGB or grey. Grey ones are repeated
    to RGB, and all are resized to 299x299 (see `resize`) and scaled by
    `(x - 128) / 128`. Probabilities, for the inception score, are those of the
    authors' code: of 1,008 classes, without the biases. What else makes a
    number one of a paper is the number of images (most often 50,000) and which
    real ones they are compared with.

    Scores of pytorch-fid differ a little: it has the same weights, but resizes
    with half-pixel centres and scales by `x / 127.5 - 1`.

    Args:
        resize: `"legacy"`, the bilinear rule of TensorFlow 1, with which most
            published FIDs are made; or `"clean"`, of antialiased bicubic
            images, as "clean-fid" reports. Two protocols.
        weights: Path of `pt_inception-2015-12-05-6726825d.pth` (pytorch-fid)
            or `classify_image_graph_def.pb` (TensorFlow). `None` for the
            environment variable `KERAS_GANS_INCEPTION`, or for a download
            (96 MB, once).

    Raises:
        ConnectionError: If the weights cannot be downloaded; says where to put
            the file by hand.
        FileNotFoundError: If there is no such file.
        ImportError: Without PyTorch, which reads its file once, or TensorFlow,
            which reads its own.
        ValueError: If the file is not the one that it should be.

    Reference:
        Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge
        to a Local Nash Equilibrium", 2017; Salimans et al., "Improved
        Techniques for Training GANs", 2016; Parmar et al., "On Aliased
        Resizing and Surprising Subtleties in GAN Evaluation", 2022.
    """

    def __init__(self, resize="legacy", weights=None):
        # Scores must not depend on the program's dtype policy.
        with float32_policy():
            resizing = inception.Resize(resize)
            whole, version = inception_weights.load(weights)
            body = keras.Model(whole.input, whole.get_layer("features").output)
            images = keras.Input((None, None, 3))
            x = keras.layers.Rescaling(127.5, 127.5)(images)
            network = keras.Model(images, body(resizing(x)))
        network.trainable = False
        kernel = ops.convert_to_numpy(whole.get_layer("logits").kernel)

        def call(images):
            # Not by way of [-1, 1]: integers are exact.
            x = resizing(ops.cast(images, "float32"))
            return body(x, training=False)

        apply = backend.compile_function(call, body)

        def features(images):
            images = fit_channels(read_uint8("images", images), network)
            return _in_batches(apply, images, INCEPTION_BATCH_SIZE)

        def probabilities(x):
            logits = np.asarray(x, "float32") @ kernel
            logits -= logits.max(axis=1, keepdims=True)
            np.exp(logits, out=logits)
            return logits / logits.sum(axis=1, keepdims=True)

        name = next(n for n, r in INCEPTIONS.items() if r == resize)
        super().__init__(
            features,
            name,
            version=version,
            resize=inception.RESIZES[resize],
            probabilities=probabilities,
            network=network,
        )


def get(extractor):
    """The extractor that is meant.

    Args:
        extractor: An `Extractor`; a function of uint8 images; or one of
            `"mnist_classifier"` (28x28x1, 64 features),
            `"cifar10_classifier"` (32x32x3, 128 features) and
            `"emoji_classifier"` (64x64x3, 64 features), which are part of the
            zoo; `"inception_2015"` and `"inception_2015_clean"`, the network
            that published FIDs are made with, see `InceptionExtractor`;
            `"inception_v3"`, keras.applications' InceptionV3 with its ImageNet
            weights, which are downloaded once (images resized to 299x299,
            bilinear; 2,048 features; no number of a paper); and `"points"`,
            for examples that are their own features.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If there is none of that name.
        ConnectionError: If Inception's weights cannot be downloaded.
    """
    if isinstance(extractor, Extractor):
        return extractor
    if callable(extractor):
        name = getattr(extractor, "__name__", type(extractor).__name__)
        if name == "<lambda>":  # Two of them would pass for the same.
            raise ValueError(
                "A function without a name must be given as Extractor("
                f"function, name=...). Received: extractor={extractor!r}"
            )
        return Extractor(extractor, name)
    if extractor in CLASSIFIERS:
        classifier, metadata = presets.load_network(extractor)
        return Extractor.from_classifier(
            classifier, extractor, version=str(metadata["version"])
        )
    if extractor in list(INCEPTIONS):  # Of what has no hash, too.
        return InceptionExtractor(INCEPTIONS[extractor])
    if extractor == "inception_v3":
        return _inception_v3()
    if extractor == "points":
        return Extractor(lambda x: np.reshape(x, (len(x), -1)), "points")
    raise ValueError(
        f"extractor must be one of {', '.join(EXTRACTORS)}, an Extractor, or a "
        f"function of uint8 images. Received: extractor={extractor!r}"
    )


def _inception_v3():
    # Scores must not depend on the program's dtype policy.
    with float32_policy():
        try:
            inception = keras.applications.InceptionV3(weights="imagenet")
        # A failed download is a plain Exception.
        except Exception as error:
            raise ConnectionError(
                "The weights of keras.applications' InceptionV3 must be in "
                "Keras's cache, or be downloaded (96 MB). Received: "
                f"{' '.join(str(error).split())}"
            ) from None
        images = keras.Input((None, None, 3))
        # Floats in [-1, 1] are what Inception was trained on.
        x = keras.layers.Resizing(299, 299, interpolation="bilinear")(images)
        body = keras.Model(
            inception.input, inception.get_layer("avg_pool").output
        )
        features = keras.layers.Identity(name="features")(body(x))
        classifier = keras.Model(images, inception.layers[-1](features))
    return Extractor.from_classifier(
        classifier,
        "inception_v3 (keras.applications)",
        resize="299x299 bilinear",
    )


def fit_channels(images, network):
    """Images as a network takes them: grey ones are repeated to RGB.

    Args:
        images: Array or tensor `(n, height, width, channels)`.
        network: The `network` of an `Extractor`.

    Raises:
        ValueError: If the images do not fit.
    """
    expected, shape = tuple(network.input_shape[1:]), tuple(images.shape[1:])
    if len(shape) == 3 and shape[2] == 1 and expected[2] == 3:
        repeat = np.repeat if isinstance(images, np.ndarray) else ops.repeat
        images = repeat(images, 3, axis=-1)
        shape = (*shape[:2], 3)
    if len(shape) != 3 or any(
        e not in (None, s) for e, s in zip(expected, shape)
    ):
        raise ValueError(
            "The extractor takes images of shape (n, "
            f"{', '.join(str(e or 'any') for e in expected)}). Received: "
            f"shape {tuple(images.shape)}"
        )
    return images


def _in_batches(function, images, size=BATCH_SIZE):
    """All of a compiled function's results, for batches of one shape."""
    n = len(images)

    def batches():
        for start in range(0, n, size):
            batch = images[start : start + size]
            # A smaller last batch would be compiled for anew.
            missing = size - len(batch) if start else 0
            yield np.pad(batch, [(0, missing)] + [(0, 0)] * 3)

    return np.concatenate(list(backend.map_batches(function, batches())))[:n]
