"""The few lines that differ between TensorFlow, JAX and PyTorch.

Every backend's module has the same functions, and the rest of the package is
written once, in `keras.ops`:

- `value_and_gradients(loss_fn, variables, state)`: `loss_fn()` returns
  `(loss, aux)`; returns `(loss, aux), gradients`.
- `apply_gradients(optimizer, gradients, variables)`.
- `input_gradients(fn, x)`: returns `fn(x)` and the gradient of its sum with
  respect to `x`, which `value_and_gradients` can differentiate once more.
- `functional_gradients(fn, values)`: the gradients of the scalar `fn(values)`
  with respect to a list of tensors that are the same on all replicas; of
  several replicas, their mean. `value_and_gradients` can differentiate them
  once more, with respect to whatever `fn` reads.
- `num_replicas()`, `replica_slice(x, n)`: who else takes part in this step,
  and which part of a draw for the global batch is this replica's.
- `is_multi_worker(model)`: whether other processes take the same steps.
- `is_chief(model)`: whether this process is the one of several that writes.
- `strategy_scope(model)`: the context in which to make its variables.
- `is_in_strategy(model, variable)`: whether that scope made the variable.
- `check_distribution(model)`: refuses what the backend would ignore.
- `wrap_step(model, name)`: the step `"train"` or `"test"` between the model's
  `read_batch` and `mark_logs`, in the form that Keras's trainer of that backend
  wants; an imperative one too.
- `bind_step(model, attribute, step, function)`: what Keras made of the step,
  so that it still runs that one when the attribute is the model's own again.
- `compile_function(function, model)`: `function` of NumPy arrays, compiled
  where the backend compiles. It returns tensors on the device and does not
  wait for them. It may read and write variables of `model`, and no others.
  `map_batches` brings what it makes to the host.
- `is_accelerated(model)`: whether the model's variables are on another device
  than the CPU.
- `device_name()`: what the first accelerator is called, or `"CPU"`.
- `process()`: which of the processes this is to which Keras leaves it to read
  a part of every batch, and how many they are.
- `alone()`: a context in which one of several processes makes what the others
  do not: it may read variables that all share, and must not write them.
- `all_gather(x)`: the batches of all replicas, in their order, as one.
- `sync(model)`: makes the model's variables readable in the middle of `fit`.
"""

import importlib

import keras

_module = importlib.import_module(
    f"keras_gans.backend.{keras.backend.backend()}"
)

value_and_gradients = _module.value_and_gradients
apply_gradients = _module.apply_gradients
input_gradients = _module.input_gradients
functional_gradients = _module.functional_gradients
num_replicas = _module.num_replicas
replica_slice = _module.replica_slice
is_multi_worker = _module.is_multi_worker
is_chief = _module.is_chief
strategy_scope = _module.strategy_scope
is_in_strategy = _module.is_in_strategy
check_distribution = _module.check_distribution
wrap_step = _module.wrap_step
bind_step = _module.bind_step
compile_function = _module.compile_function
is_accelerated = _module.is_accelerated
device_name = _module.device_name
process = _module.process
alone = _module.alone
all_gather = _module.all_gather
sync = _module.sync


def map_batches(function, batches):
    """Yields what a function makes of batches as NumPy arrays, in order.

    The next batch is made while the host copies and uses the last one.

    Args:
        function: What `compile_function` returned, which makes one tensor.
        batches: Iterable of what it takes.
    """
    ahead = None
    for batch in batches:
        made = function(batch)
        if ahead is not None:
            yield keras.ops.convert_to_numpy(ahead)
        ahead = made
    if ahead is not None:
        yield keras.ops.convert_to_numpy(ahead)
