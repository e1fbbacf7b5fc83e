"""Directions in latents or styles: SeFa and GANSpace."""

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.models.inference import batch_size_for

SAMPLES = 2048  # whose features GANSpace takes the components of


def sefa(maps, n):
    """The eigenvectors of A^T A, those of the largest eigenvalues first.

    The authors' code divides each row of A by its length first, and leaves out
    all layers but the last that make images of a style: other directions than
    these, of the same kind.

    Args:
        maps: Array `(units, dim)`, the paper's A.
        n: Integer.

    Returns:
        float32 array `(n, dim)`, of length 1.

    Reference:
        Shen and Zhou, "Closed-Form Factorization of Latent Semantics in GANs",
        2020, equation 7.
    """
    maps = np.asarray(maps, "float64")
    _check_count(n, maps.shape[1])
    _, vectors = np.linalg.eigh(maps.T @ maps)
    return _with_signs(vectors.T[::-1][:n])


def ganspace(positions, features, n):
    """Principal components of features, as directions of positions.

    By linear regression of the positions on the components' coordinates, the
    paper's equation 2. Of features that are the positions it is the
    components themselves.

    Args:
        positions: Array `(samples, dim)`, latents or styles.
        features: Array `(samples, d)`.
        n: Integer.

    Returns:
        float32 array `(n, dim)`, of length 1.

    Reference:
        Harkonen et al., "GANSpace: Discovering Interpretable GAN Controls",
        2020.
    """
    positions = np.asarray(positions, "float64")
    _check_count(n, min(positions.shape[1], *np.shape(features)))
    features = np.asarray(features, "float64")
    features = features - features.mean(axis=0)
    # Of Y = P S V^T the coordinates are P S, and P is orthogonal, so that the
    # regression's coefficients are P^T Z but for their length.
    coordinates = _left_vectors(features, n)
    return _with_signs(coordinates.T @ (positions - positions.mean(axis=0)))


def _left_vectors(matrix, n):
    """The first `n` left singular vectors, as columns.

    By the iteration of a block, which takes a small part of the time of all
    of them (Halko et al., "Finding Structure with Randomness", 2011).
    """
    samples, size = matrix.shape
    width = min(n + 10, samples, size)
    block = np.random.default_rng(0).normal(size=(samples, width))
    for _ in range(10):
        block, _ = np.linalg.qr(matrix @ (matrix.T @ block))
    left, _, _ = np.linalg.svd(block.T @ matrix, full_matrices=False)
    return block @ left[:, :n]


def _check_count(n, most):
    if n > most:
        raise ValueError(
            f"n must be at most the number of directions, {most}. "
            f"Received: n={n}"
        )


def _with_signs(vectors):
    """Of length 1, and with a positive value of the largest size."""
    largest = np.abs(vectors).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])[:, None]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (signs * vectors / np.maximum(lengths, 1e-12)).astype("float32")


# ---- the first layers of a generator --------------------------------------


def first_maps(network, latent_dim):
    """How dense layers take latents, an array `(units, latent_dim)`.

    Of all that lie behind no other layer with weights; what comes between
    them and the latents joins, cuts or scales. Labels do not count.

    Args:
        network: `keras.Model` whose first input is the latents.
        latent_dim: Integer.
    """
    part, dense = _first_layers(network, latent_dim)
    unit = np.concatenate(
        [np.eye(latent_dim), np.zeros((1, latent_dim))]
    ).astype("float32")
    maps = []
    for layer in dense:
        reach = keras.Model(part.inputs, layer.input)
        labels = [
            np.zeros((len(unit), *x.shape[1:]), x.dtype)
            for x in part.inputs[1:]
        ]
        seen = reach([unit, *labels], training=False)
        seen = ops.convert_to_numpy(ops.cast(seen, "float32"))
        maps.append(((seen[:-1] - seen[-1]) @ _kernel(layer)).T)
    return np.concatenate(maps)


def style_maps(synthesis):
    """How all layers take a style, an array `(units, style_dim)`.

    Args:
        synthesis: `keras.Model` whose layers scale by `affine`, a dense layer.
    """
    affine = [
        layer.affine
        for layer in synthesis._flatten_layers()
        if getattr(layer, "affine", None) is not None
    ]
    return np.concatenate([_kernel(layer).T for layer in affine])


def first_features(model, rng):
    """Latents, and what goes into the first layer behind the dense ones.

    Args:
        model: `SamplingModel`.
        rng: NumPy's random generator.

    Returns:
        Arrays `(SAMPLES, latent_dim)` and `(SAMPLES, d)`.
    """
    network = model.inference_network
    part, dense = _first_layers(network, model.latent_dim)
    later = [
        layer
        for layer in part.layers
        if layer not in dense and _has_weights(layer)
    ]
    output = later[0].input if later else part.outputs[0]
    body = keras.Model(part.inputs, output)
    size = min(batch_size_for(model, output.shape[1:]), SAMPLES)
    latents = rng.standard_normal((SAMPLES, model.latent_dim))
    latents = latents.astype("float32")
    labels = model.check_labels(None, SAMPLES)
    backend.sync(model)

    def batches():
        for i in range(0, SAMPLES, size):
            chunk = None if labels is None else labels[i : i + size]
            yield model.generator_inputs(latents[i : i + size], chunk)

    apply = backend.compile_function(
        lambda x: ops.cast(body(x, training=False), "float32"), network
    )
    features = np.concatenate(list(backend.map_batches(apply, batches())))
    return latents, features.reshape(SAMPLES, -1)


def _first_layers(network, latent_dim):
    """A functional network, or a part of it, and its dense layers by latents.

    Raises:
        ValueError: If there are none.
    """
    for part in [network, *network._flatten_layers(include_self=False)]:
        if (
            not isinstance(part, keras.Model)
            or not getattr(part, "inputs", None)
            or part.inputs[0].shape[1:] != (latent_dim,)
        ):
            continue
        dense = [layer for layer in part.layers if _is_first(layer, part)]
        if dense:
            return part, dense
    raise ValueError(
        "directions must find a dense layer, of a functional network, that "
        f"takes the latents. Received: a {type(network).__name__} without one"
    )


def _is_first(layer, part):
    """Whether a layer is dense, and no other one with weights before it."""
    kernel = getattr(layer, "kernel", None)
    if kernel is None or len(kernel.shape) != 2:
        return False
    before = keras.Model(part.inputs, layer.input)
    return not any(map(_has_weights, before.layers))


def _has_weights(layer):
    """Embeddings, which are of labels, aside; and what is not of matrices."""
    return not isinstance(layer, keras.layers.Embedding) and any(
        len(weight.shape) >= 2 for weight in layer.weights
    )


def _kernel(layer):
    """A dense layer's kernel, also where its scale is applied in a call."""
    scaled = getattr(layer, "scaled_kernel", None)
    kernel = layer.kernel if scaled is None else scaled()
    return ops.convert_to_numpy(ops.cast(kernel, "float32"))
