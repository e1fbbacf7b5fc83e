"""What `generate`, `translate`, `upscale` and extractors share."""

import math

from keras_gans import backend

# Of a batch of examples: how many, and bytes as floats, at most. An accelerator
# wants to be filled; on a CPU more than this was slower, not faster.
ACCELERATED, CPU = (1024, 2**25), (128, 2**23)


def batch_size_for(model, example_shape):
    """How many examples to make at once, a power of two.

    Args:
        model: `keras.Model`, whose device counts.
        example_shape: Shape of one example without the batch.
    """
    largest, size = ACCELERATED if backend.is_accelerated(model) else CPU
    fit = size // (4 * math.prod(example_shape))
    return 1 << (min(max(fit, 1), largest).bit_length() - 1)


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
