import contextlib

import jax
import keras


def value_and_gradients(loss_fn, variables, state):
    # Inside the step's scope every variable has a current value. JAX needs a
    # pure function, so an inner scope takes the values in and gives them back:
    # those to differentiate as the first argument, all others beside them.
    chosen = {id(v) for v in variables}
    rest = [v for v in state if id(v) not in chosen]

    def pure(chosen_values, rest_values):
        mapping = [*zip(variables, chosen_values), *zip(rest, rest_values)]
        with keras.StatelessScope(
            state_mapping=mapping, collect_losses=True
        ) as scope:
            loss, aux = loss_fn()
        return loss, (aux, [scope.get_current_value(v) for v in rest])

    (loss, (aux, new_rest)), gradients = jax.value_and_grad(pure, has_aux=True)(
        [v.value for v in variables], [v.value for v in rest]
    )
    # BatchNorm's averages and seeds, written to the step's own scope.
    for v, value in zip(rest, new_rest):
        v.assign(value)
    return (loss, aux), gradients


def apply_gradients(optimizer, gradients, variables):
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, variables)
        return
    # It branches on the gradients, and `apply` would assign inside the branch:
    # values of a traced branch that leave it. The stateless form returns them.
    values, state = optimizer.stateless_apply(
        [v.value for v in optimizer.variables],
        gradients,
        [v.value for v in variables],
    )
    for v, value in zip(variables, values):
        v.assign(value)
    for v, value in zip(optimizer.variables, state):
        v.assign(value)


def input_gradients(fn, x):
    def total(x):
        y = fn(x)
        return keras.ops.sum(y), y

    gradients, y = jax.grad(total, has_aux=True)(x)
    return y, gradients


def functional_gradients(fn, values):
    return jax.grad(fn)(list(values))


def num_replicas():
    return 1  # One program for the global batch: JAX shards it by itself.


def replica_slice(x, n):
    return x


def is_multi_worker(model):
    return jax.process_count() > 1


def is_chief(model):
    return jax.process_index() == 0


def strategy_scope(model):
    return contextlib.nullcontext()


def is_in_strategy(model, variable):
    return True


def check_distribution(model):
    pass


def wrap_step(model, name):
    own = getattr(model, f"{name}_step")
    run = _run_imperative if model.imperative else _run_keras

    def step(state, data):
        references = [
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        ]
        if name == "train":
            references.insert(2, model.optimizer.variables)
        data = jax.tree.map(jax.numpy.asarray, data)  # NumPy's, without jit.
        return run(model, name, own, references, state, data)

    return step


def _run_imperative(model, name, step, references, state, data):
    mapping = [
        pair
        for variables, values in zip(references, state)
        for pair in zip(variables, values)
    ]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        logs = model.mark_logs(step(model.read_batch(data, name)), name)
    return logs, tuple(
        [scope.get_current_value(v) for v in variables]
        for variables in references
    )


def _run_keras(model, name, step, references, state, data):
    """A step of Keras's own, a function of the state already."""
    *others, metrics = state
    mapping = list(zip(references[-1], metrics))
    with keras.StatelessScope(state_mapping=mapping) as scope:
        data = model.read_batch(data, name)
    metrics = [scope.get_current_value(v) for v in references[-1]]
    logs, state = step((*others, metrics), data)
    mapping = list(zip(references[-1], state[-1]))
    with keras.StatelessScope(state_mapping=mapping):
        return model.mark_logs(logs, name), state


def bind_step(model, attribute, step, function):
    return function


def compile_function(function, model):
    variables = list(model.variables)

    @jax.jit
    def call(values, x):
        mapping = list(zip(variables, values))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            outputs = function(x)
        current = [scope.get_current_value(v) for v in variables]
        changed = {
            i: new
            for i, (new, old) in enumerate(zip(current, values))
            if new is not old
        }
        return outputs, changed

    def apply(x):
        outputs, changed = call([v.value for v in variables], x)
        for i, value in changed.items():
            variables[i].assign(value)
        outputs.copy_to_host_async()
        return outputs

    return apply


def is_accelerated(model):
    return any(
        device.platform != "cpu"
        for v in model.variables[:1]
        for device in v.value.devices()
    )


def device_name():
    device = jax.local_devices()[0]
    return "CPU" if device.platform == "cpu" else device.device_kind


def process():
    return jax.process_index(), jax.process_count()


@contextlib.contextmanager
def alone():
    distribution = keras.distribution.distribution()
    if jax.process_count() > 1:
        # A variable that is made under it waits for all to make it.
        keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def all_gather(x):
    return x


def sync(model):
    model.jax_state_sync()
