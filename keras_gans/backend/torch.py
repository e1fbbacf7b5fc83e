import contextlib

import keras
import torch


def value_and_gradients(loss_fn, variables, state):
    values = [v.value for v in variables]
    loss, aux = loss_fn()
    gradients = torch.autograd.grad(loss, values, allow_unused=True)
    gradients = [
        torch.zeros_like(v) if g is None else g
        for g, v in zip(gradients, values)
    ]
    aux = keras.tree.map_structure(
        lambda x: x.detach() if isinstance(x, torch.Tensor) else x, aux
    )
    return (loss.detach(), aux), gradients


def apply_gradients(optimizer, gradients, variables):
    with torch.no_grad():
        optimizer.apply(gradients, variables)


@torch.enable_grad()  # Where `compile_function` wants none.
def input_gradients(fn, x):
    if not x.requires_grad:
        x = x.detach().requires_grad_(True)
    y = fn(x)
    if not y.requires_grad:
        return y, torch.zeros_like(x)
    (gradients,) = torch.autograd.grad(
        y.sum(), x, create_graph=True, allow_unused=True
    )
    return y, torch.zeros_like(x) if gradients is None else gradients


def functional_gradients(fn, values):
    # What is no one's function yet is where a graph begins.
    values = [
        v if v.requires_grad else v.detach().requires_grad_(True)
        for v in values
    ]
    with torch.enable_grad():  # `compile_function` has none.
        gradients = torch.autograd.grad(
            fn(values), values, create_graph=True, allow_unused=True
        )
    return [
        torch.zeros_like(v) if g is None else g
        for g, v in zip(gradients, values)
    ]


def num_replicas():
    return 1


def replica_slice(x, n):
    return x


def is_multi_worker(model):
    return False


def is_chief(model):
    return True


def strategy_scope(model):
    return contextlib.nullcontext()


def is_in_strategy(model, variable):
    return True


def check_distribution(model):
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "keras.distribution does nothing on the PyTorch backend, so "
            "training would run on one device. Use the JAX or the TensorFlow "
            "backend to train on several. Received: "
            f"distribution={keras.distribution.distribution()}"
        )


def wrap_step(model, name):
    own = getattr(model, f"{name}_step")

    def step(data):
        return model.mark_logs(own(model.read_batch(data, name)), name)

    return step


def bind_step(model, attribute, step, function):
    # Keras's function looks the step up when it runs.
    def bound(data):
        model.__dict__[attribute] = step
        try:
            return function(data)
        finally:
            del model.__dict__[attribute]

    return bound


def compile_function(function, model):
    @torch.no_grad()
    def apply(x):
        return function(
            keras.tree.map_structure(keras.ops.convert_to_tensor, x)
        )

    return apply


def is_accelerated(model):
    return any(v.value.device.type != "cpu" for v in model.variables[:1])


def device_name():
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return "CPU" if not torch.backends.mps.is_available() else "MPS"


def process():
    return 0, 1


alone = contextlib.nullcontext


def all_gather(x):
    return x


def sync(model):
    pass
