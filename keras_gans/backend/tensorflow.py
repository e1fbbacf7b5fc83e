import contextlib
import functools
import json
import os

import keras
import tensorflow as tf
from keras import tree


def value_and_gradients(loss_fn, variables, state):
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, aux = loss_fn()
    # A variable that the loss does not reach has a gradient of zero, as on
    # the other backends, instead of a warning per step.
    return (loss, aux), tape.gradient(
        loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )


def apply_gradients(optimizer, gradients, variables):
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if (
        type(inner).update_step is not keras.optimizers.Adam.update_step
        or inner.amsgrad
        or tf.distribute.has_strategy()
    ):
        optimizer.apply(gradients, variables)
        return
    # For this moment, and past Keras, which looks into attributes.
    inner.__dict__["update_step"] = functools.partial(_adam_step, inner)
    try:
        optimizer.apply(gradients, variables)
    finally:
        del inner.__dict__["update_step"]


def _adam_step(optimizer, gradient, variable, learning_rate):
    """Keras's `Adam.update_step` by one kernel instead of a dozen.

    The same formula, and a third of the time on a CPU. `1 - beta_2` is that of
    `beta_2` in float32, as in the correction of the bias, and not as Keras has
    it that of the decimal fraction: 2e-5 of an update.
    """
    if isinstance(gradient, tf.IndexedSlices):  # Of an embedding.
        type(optimizer).update_step(
            optimizer, gradient, variable, learning_rate
        )
        return
    dtype = variable.dtype
    i = optimizer._get_variable_index(variable)
    step = tf.cast(optimizer.iterations + 1, dtype)
    beta_1, beta_2 = (
        tf.cast(beta, dtype) for beta in (optimizer.beta_1, optimizer.beta_2)
    )
    variable, m, v = (
        x.value if isinstance(x, keras.Variable) else x
        for x in (variable, optimizer._momentums[i], optimizer._velocities[i])
    )
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=m.handle,
        v=v.handle,
        beta1_power=tf.pow(beta_1, step),
        beta2_power=tf.pow(beta_2, step),
        lr=tf.cast(learning_rate, dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=tf.cast(optimizer.epsilon, dtype),
        grad=tf.cast(gradient, dtype),
    )


def input_gradients(fn, x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = fn(x)
        total = tf.reduce_sum(y)
    return y, tape.gradient(
        total, x, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )


def functional_gradients(fn, values):
    values = [tf.convert_to_tensor(v) for v in values]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        total = fn(values)
    gradients = tape.gradient(
        total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    gradients = [tf.convert_to_tensor(g) for g in gradients]
    if num_replicas() == 1:
        return gradients
    # Its gradient is the mean of what the replicas ask of it, and the strategy
    # adds up what each one's part of the mean gives.
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)


def num_replicas():
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_slice(x, n):
    if num_replicas() == 1:
        return x
    i = tf.distribute.get_replica_context().replica_id_in_sync_group
    return x[i * n : (i + 1) * n]


def is_multi_worker(model):
    strategy = model.distribute_strategy
    return (
        isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        and strategy.extended._in_multi_worker_mode()
    )


def is_chief(model):
    if not is_multi_worker(model):
        return True
    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    task = config.get("task", {"type": "worker", "index": 0})
    return task["type"] == "chief" or (
        task["type"] == "worker"
        and task["index"] == 0
        and "chief" not in config.get("cluster", {})
    )


def strategy_scope(model):
    return model.distribute_strategy.scope()


def is_in_strategy(model, variable):
    return model.distribute_strategy.extended.variable_created_in_scope(
        variable.value
    )


def check_distribution(model):
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "keras.distribution does nothing on the TensorFlow backend: build "
            "and compile the model under a tf.distribute strategy's scope "
            "instead. Received: "
            f"distribution={keras.distribution.distribution()}"
        )
    for variable in model.weights:
        if not is_in_strategy(model, variable):
            raise ValueError(
                "The model and all of its networks must be made under the "
                "strategy's scope that it is compiled under: with "
                "strategy.scope(): model = ...; model.compile(...). Received: "
                f"the variable {variable.path!r}, made outside of it"
            )


def wrap_step(model, name):
    own = getattr(model, f"{name}_step")

    def step(data):
        return model.mark_logs(own(model.read_batch(data, name)), name)

    if not is_multi_worker(model):
        return step

    # With several workers Keras reduces every log over axis 0, which a scalar
    # does not have (tensorflow#72388). Give it one.
    def step_with_leading_axis(data):
        return tree.map_structure(lambda x: tf.expand_dims(x, 0), step(data))

    return step_with_leading_axis


def bind_step(model, attribute, step, function):
    return function


def compile_function(function, model):
    if model.distribute_strategy.num_replicas_in_sync > 1:
        # Keras's `predict` would run a batch on every replica, and with
        # several workers wait until all of them ask for one.
        return lambda x: function(tree.map_structure(tf.convert_to_tensor, x))
    return tf.function(function, reduce_retracing=True, autograph=False)


def is_accelerated(model):
    return any("CPU" not in v.value.device for v in model.variables[:1])


def device_name():
    for kind in ("GPU", "TPU"):
        for device in tf.config.list_physical_devices(kind):
            details = tf.config.experimental.get_device_details(device)
            return details.get("device_name", kind)
    return "CPU"


def process():
    return 0, 1  # tf.distribute parts what `tf.data` reads.


alone = contextlib.nullcontext


def all_gather(x):
    if num_replicas() == 1:
        return x
    return tf.distribute.get_replica_context().all_gather(x, axis=0)


def sync(model):
    pass
