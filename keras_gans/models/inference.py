"""What `generate`, `translate`, `upscale` and extractors share."""

import math

import keras

from keras_gans import backend

# Of a batch of examples: how many, and bytes of them as floats, at most. An
# accelerator wants to be filled. On a CPU a perceptron is twice as fast with
# 1024 as with 128, while convolutions gain little and take their memory.
ACCELERATED, CPU = (1024, 2**25), (128, 2**23)
SMALL_LAYERS = (1024, 2**24)


def batch_size_for(model, example_shape, network=None):
    """How many examples to make at once, a power of two.

    Args:
        model: `keras.Model`, whose device counts.
        example_shape: Shape of one example without the batch.
        network: `keras.Model` that makes them: on a CPU more at once where the
            outputs of all of its layers are small. By default unknown.
    """
    accelerated = backend.is_accelerated(model)
    largest, size = ACCELERATED if accelerated else CPU
    if not accelerated and network is not None:
        layer = largest_output(network)
        if layer is not None:
            many, bytes_of_layer = SMALL_LAYERS
            fit = bytes_of_layer // (4 * layer)
            largest = max(largest, min(many, fit))
    fit = size // (4 * math.prod(example_shape))
    return 1 << (min(max(fit, 1), largest).bit_length() - 1)


def largest_output(network):
    """Numbers per example that the largest layer puts out, or `None`."""
    sizes = []
    for layer in network._flatten_layers():
        try:
            outputs = layer.output
        except AttributeError:  # Not a part of a graph.
            continue
        for output in keras.tree.flatten(outputs):
            if None not in output.shape[1:]:
                sizes.append(math.prod(output.shape[1:]))
    return max(sizes, default=None)


def compiled(model, key, network, function):
    """`function`, compiled once for as long as a network is what it was.

    Args:
        model: The model that keeps it.
        key: What tells it from the model's other functions.
        network: `keras.Model` that `function` applies.
        function: See `backend.compile_function`.
    """
    # Past Keras, which would save what an attribute holds.
    known = model.__dict__.setdefault("_compiled_functions", {})
    # Others after `enable_lora` and `quantize`. They are held, so that no new
    # one is at the place of an old one.
    parts = [network, *network.variables]
    before, made = known.get(key, ([], None))
    if [id(x) for x in before] != [id(x) for x in parts]:
        made = backend.compile_function(function, model)
        known[key] = parts, made
    return made


def forget_compiled(model):
    """Forgets what `compiled` has kept of a model whose networks changed."""
    model.__dict__.pop("_compiled_functions", None)
