"""keras_gans on one of Keras's backends."""

import contextlib
import itertools
import math
import os
import time

from rows import FAMILIES


class Ours:
    """A worker's side: a model, and what is timed of it."""

    def __init__(self, settings):
        self.settings = settings
        self.family = FAMILIES[settings["family"]]
        gpu = settings["device"] == "gpu"
        os.environ["KERAS_BACKEND"] = settings["backend"]
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        if not gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        import keras

        self.strategy = None
        if settings["replicas"] > 1:
            import tensorflow as tf

            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0],
                [tf.config.LogicalDeviceConfiguration()] * settings["replicas"],
            )
            self.strategy = tf.distribute.MirroredStrategy(
                [f"CPU:{i}" for i in range(settings["replicas"])]
            )
        if gpu:
            keras.config.set_dtype_policy("mixed_bfloat16")
        self.iterators, self.notes = {}, {}
        self.model = self.make_model()
        self.steps(self.model, 1)
        self.first_steps = {"step": time.time() - settings["started"]}
        self.tasks = {"step": lambda n: self.steps(self.model, n)}
        if self.strategy is None:
            self.arrays = self.family.arrays(settings, settings["num_images"])
            self.tasks["fit"] = self.fit
            if self.family.generate:
                self.tasks["generate"] = self.generate
            if self.family.generate and not settings["quick"]:
                ema_model = self.make_model(ema_momentum=0.999)
                self.tasks["step with EMA"] = lambda n: self.steps(ema_model, n)
        self.sizes = sorted(
            math.prod(v.shape) for v in self.model.trainable_variables
        )

    def make_model(self, **kwargs):
        strategy = self.strategy
        with strategy.scope() if strategy else contextlib.nullcontext():
            model = self.family.ours(self.settings, **kwargs)
            model.compile()
        return model

    def iterator(self):
        """One batch, again and again, without the cost of an input pipeline."""
        batch = self.family.batch(self.settings)
        if self.settings["backend"] == "tensorflow":
            import tensorflow as tf

            # As `datasets.load` makes them: images alone are no tuple.
            batch = batch if len(batch) > 1 else batch[0]
            data = tf.data.Dataset.from_tensors(batch).repeat()
            if self.strategy:
                data = self.strategy.experimental_distribute_dataset(
                    data.unbatch().batch(self.settings["batch_size"])
                )
            elif self.settings["device"] == "gpu":
                data = data.apply(
                    tf.data.experimental.prefetch_to_device("/GPU:0")
                )
            return iter(data)
        import keras

        # What Keras's trainers get from a dataset: (x,) or (x, y).
        return itertools.repeat(
            tuple(keras.ops.convert_to_tensor(x) for x in batch)
        )

    def steps(self, model, n):
        """The compiled step alone: what `fit` calls, without `fit`."""
        model.make_train_function()
        if id(model) not in self.iterators:
            self.iterators[id(model)] = self.iterator()
        iterator = self.iterators[id(model)]
        run = {"jax": self.steps_jax, "torch": self.steps_torch}.get(
            self.settings["backend"], self.steps_tensorflow
        )
        return run(model, iterator, n)

    def steps_tensorflow(self, model, iterator, n):
        start = time.perf_counter()
        for _ in range(n):
            logs = model.train_function(iterator)
        logs = logs.get_value() if hasattr(logs, "get_value") else logs
        assert all(map(math.isfinite, logs.values()))  # Waits for the device.
        return time.perf_counter() - start

    def steps_torch(self, model, iterator, n):
        batch = [next(iterator)]
        start = time.perf_counter()
        for _ in range(n):
            logs = model.train_function(batch)
        assert all(map(math.isfinite, logs.values()))
        return time.perf_counter() - start

    def steps_jax(self, model, iterator, n):
        import jax

        names = ("trainable", "non_trainable", "optimizer", "metrics")
        names = [f"{name}_variables" for name in names]
        state = model._get_jax_state(
            **dict.fromkeys(names, True), purge_model_variables=True
        )
        jax.block_until_ready(state)
        start = time.perf_counter()
        for _ in range(n):
            logs, state = model.train_function(state, iterator)
        jax.block_until_ready((logs, state))
        seconds = time.perf_counter() - start
        # Back into the model's variables, as `fit` does in the end.
        model._jax_state = dict(zip(names, state))
        model._jax_state_synced = False
        model.jax_state_sync()
        model._jax_state = None
        return seconds

    def fit(self, n):
        """An epoch of `fit` from uint8 arrays through `datasets`.

        Not the first: there `fit` traces its function, which takes seconds,
        and once.
        """
        import keras

        data = self.feed()
        begin, end = [], []
        clock = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: begin.append(time.perf_counter()),
            on_epoch_end=lambda *_: end.append(time.perf_counter()),
        )
        self.model.fit(
            data,
            epochs=2,
            steps_per_epoch=n,
            verbose=2,
            callbacks=[clock],
        )
        return end[1] - begin[1]

    def feed(self):
        """Endless batches of the arrays."""
        size = self.settings["batch_size"]
        return self.family.dataset(self.arrays, batch_size=size, repeat=True)

    def generate(self, n):
        start = time.perf_counter()
        images = self.model.generate(n, seed=0)
        seconds = time.perf_counter() - start
        assert images.shape == (n, *self.settings["image_shape"])
        assert images.dtype == "uint8"
        return seconds
