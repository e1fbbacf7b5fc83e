"""The mechanics that every GAN here shares, and no GAN mathematics."""

import inspect

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.checks import check_integer
from keras_gans.models.data_checks import check_data
from keras_gans.models.exporting import export
from keras_gans.models.trainer import with_guard
from keras_gans.pixels import to_uint8, to_uint8_tensor
from keras_gans.presets.preset_model import PresetModel


class _BothOptimizers:
    """What Keras's JAX trainer asks of `model.optimizer`: state, built."""

    built = True

    def __init__(self, *optimizers):
        self.variables = [v for o in optimizers for v in o.variables]


class AdversarialModel(PresetModel, keras.Model):
    """Base class of every GAN: a generator and a discriminator that train.

    A variant writes one `train_step(self, data)` in `keras.ops`, in the order
    of its paper's algorithm: draw latents, `minimize` the discriminator's
    loss, `minimize` the generator's, return `self.track(...)`. The same lines
    run under TensorFlow (eager, graph, XLA, `tf.distribute`), JAX (jitted,
    `keras.distribution.DataParallel`) and PyTorch.

    Losses are means over the examples of a replica. `minimize` divides by the
    number of replicas, because strategies add gradients up, and every random
    draw is made for the global batch and sliced by replica: N replicas and
    one device agree on the same global batch.

    The default networks follow the global dtype policy, also when they are
    loaded: call `keras.config.set_dtype_policy` before you make or load one.

    Args:
        generator: `keras.Model`: latents `(batch, latent_dim)` in, examples
            out. Images are `(batch, height, width, channels)` in [-1, 1].
        discriminator: `keras.Model`: examples in, logits out (no sigmoid),
            one per example or one per patch.
        latent_dim: Integer, the size of a latent vector.
        ema_momentum: Float in (0, 1) or `None`. With a float, `ema_generator`
            is an exponential moving average of the generator's weights, and
            the network that `predict`, `generate` and presets use. It warms
            up as `min(ema_momentum, (1 + step) / (10 + step))`. (A copy of
            its own: an optimizer's `use_ema` would overwrite the generator
            at the end of `fit`, and training could not go on from there.)
        seed: Integer or `None`, of the latents and all noise of training.
        name: String, the name of the model.
    """

    # Who has an optimizer, in the order in which `compile` takes them.
    players = ("generator", "discriminator")
    # Whether the generator's inputs are latents of size `latent_dim`.
    has_latents = True
    # Metrics of the losses that `train_step` and `test_step` track.
    loss_names = ("d_loss", "g_loss")

    def __init__(
        self,
        generator,
        discriminator,
        latent_dim,
        ema_momentum=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, network in (
            ("generator", generator),
            ("discriminator", discriminator),
        ):
            if not isinstance(network, keras.Model):
                raise ValueError(
                    f"{name} must be a keras.Model. Received: "
                    f"{name}={network!r}"
                )
        if self.has_latents:
            check_integer("latent_dim", latent_dim, minimum=1)
        if ema_momentum is not None and not self.has_latents:
            raise ValueError(
                "ema_momentum must be None: only generators that take latents "
                f"have an average here. Received: ema_momentum={ema_momentum}"
            )
        if ema_momentum is not None and not 0.0 < ema_momentum < 1.0:
            raise ValueError(
                "ema_momentum must be a float between 0 and 1, or None. "
                f"Received: ema_momentum={ema_momentum}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.ema_momentum = ema_momentum
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        # evaluate() draws from its own seeds: validating in the middle of
        # training must not change the training.
        self.test_seed_generator = keras.random.SeedGenerator(0)
        self._trackers = {
            name: keras.metrics.Mean(name=name) for name in self.loss_names
        }
        self._example_metrics = []
        self._check_networks()
        self.ema_generator = None
        if ema_momentum is not None:
            self.ema_generator = self._copy_of_generator()
        self.built = True

    # ---- networks ---------------------------------------------------------

    def symbolic_inputs(self):
        """The generator's inputs as symbolic tensors; builds the networks."""
        return keras.KerasTensor((None, self.latent_dim), name="latents")

    def discriminator_inputs(self, examples, inputs):
        """What the discriminator sees for the symbolic `examples`."""
        return examples

    def _check_networks(self):
        # One symbolic pass builds both networks and finds those that do not
        # fit each other, before anything is trained.
        inputs = self.symbolic_inputs()
        try:
            examples = self.generator(inputs)
        except Exception as error:
            shapes = keras.tree.map_structure(lambda x: x.shape, inputs)
            wanted = "images of image_shape. Received: "
            if self.has_latents:
                wanted = "latents of shape (batch, latent_dim). Received: "
                wanted += f"latent_dim={self.latent_dim}, so "
            raise ValueError(
                f"generator must take {wanted}inputs of shape {shapes}, on "
                f"which it failed: {error}"
            ) from None
        self.example_shape = tuple(examples.shape[1:])
        try:
            logits = self.discriminator(
                self.discriminator_inputs(examples, inputs)
            )
        except Exception as error:
            raise ValueError(
                "discriminator must take what the generator makes. Received: "
                f"a generator whose output has shape {tuple(examples.shape)}, "
                f"on which the discriminator failed: {error}"
            ) from None
        self.logits_dtype = keras.backend.standardize_dtype(
            keras.tree.flatten(logits)[0].dtype
        )

    def _copy_of_generator(self):
        # A class need not be registered to be copied within one process.
        classes = {
            type(layer).__name__: type(layer)
            for layer in self.generator._flatten_layers()
        }
        with keras.saving.custom_object_scope(classes):
            generator = keras.saving.deserialize_keras_object(
                keras.saving.serialize_keras_object(self.generator)
            )
        generator(self.symbolic_inputs())
        generator.set_weights(self.generator.get_weights())
        generator.trainable = False
        return generator

    @property
    def inference_network(self):
        """The network behind `gan(x)`: the EMA generator if there is one."""
        return self.ema_generator or self.generator

    def call(self, inputs, training=False):
        return self.inference_network(inputs, training=training)

    # ---- compile ----------------------------------------------------------

    def default_optimizers(self):
        """`(generator's, discriminator's)` new optimizers of the paper."""
        raise ValueError(
            f"{type(self).__name__} has no optimizers of its own: pass "
            "generator_optimizer and discriminator_optimizer to compile(). "
            'Received: "auto"'
        )

    def compile(
        self,
        generator_optimizer="auto",
        discriminator_optimizer="auto",
        metrics=None,
        **kwargs,
    ):
        """Configures the model for training.

        Gradient clipping, weight decay and gradient accumulation are
        arguments of Keras's optimizers, for example
        `keras.optimizers.AdamW(2e-4, weight_decay=1e-4, clipnorm=1.0)`.

        Args:
            generator_optimizer: `"auto"` for the paper's, or a
                `keras.optimizers.Optimizer`. Under a `mixed_float16` policy
                it is wrapped for dynamic loss scaling.
            discriminator_optimizer: The same for the discriminator.
            metrics: List of `keras.metrics.Metric` whose `update_state` takes
                `(real_examples, fake_examples)`, updated by `evaluate`.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile` and
                `auto_scale_loss` of `keras.Model.compile`.
        """
        allowed = ("run_eagerly", "steps_per_execution", "jit_compile")
        auto_scale_loss = kwargs.pop("auto_scale_loss", True)
        for name in kwargs:
            if name not in allowed:
                raise ValueError(
                    f"{type(self).__name__}.compile() takes "
                    "generator_optimizer, discriminator_optimizer, metrics, "
                    f"auto_scale_loss, {', '.join(allowed)}; the losses are "
                    "arguments of the model itself. Received: "
                    f"{name}={kwargs[name]!r}"
                )
        backend.check_distribution(self)
        super().compile(optimizer=None, **kwargs)
        self._compile_options = {**kwargs, "auto_scale_loss": auto_scale_loss}
        self._example_metrics = list(metrics or [])
        for metric in self._example_metrics:
            if not isinstance(metric, keras.metrics.Metric):
                raise ValueError(
                    "metrics must be keras.metrics.Metric objects that take "
                    f"(real, fake). Received: metrics={metrics!r}"
                )
        if generator_optimizer is discriminator_optimizer and isinstance(
            generator_optimizer, keras.optimizers.Optimizer
        ):
            raise ValueError(
                "generator_optimizer and discriminator_optimizer must be two "
                "objects, each keeps the state of one network. Received: "
                f"the same {type(generator_optimizer).__name__} twice"
            )
        # Outside of a strategy's scope variables would belong to no replica.
        with backend.strategy_scope(self):
            if "auto" in (generator_optimizer, discriminator_optimizer):
                default_generator, default_discriminator = (
                    self.default_optimizers()
                )
                if generator_optimizer == "auto":
                    generator_optimizer = default_generator
                if discriminator_optimizer == "auto":
                    discriminator_optimizer = default_discriminator
            self.generator_optimizer = self._prepare_optimizer(
                "generator_optimizer",
                generator_optimizer,
                self.generator_variables,
                auto_scale_loss,
            )
            self.discriminator_optimizer = self._prepare_optimizer(
                "discriminator_optimizer",
                discriminator_optimizer,
                self.discriminator_variables,
                auto_scale_loss,
            )
        if keras.backend.backend() == "jax":
            self.optimizer = _BothOptimizers(
                self.generator_optimizer, self.discriminator_optimizer
            )

    def _prepare_optimizer(self, name, optimizer, variables, auto_scale_loss):
        optimizer = keras.optimizers.get(optimizer)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if not backend.is_in_strategy(self, inner.variables[0]):
            raise ValueError(
                f"{name} must be made under the strategy's scope that the "
                "model was made under: with strategy.scope(): ... Received: "
                f"{name}={type(optimizer).__name__}, made outside of it"
            )
        if (
            auto_scale_loss
            and self.dtype_policy.name == "mixed_float16"
            and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        ):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # At once: built in the first step is too late under a strategy.
        optimizer.build(variables)
        return optimizer

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.saving.serialize_keras_object
        return {
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
            "metrics": [serialize(m) for m in self._example_metrics],
            **self._compile_options,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def generator_variables(self):
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    @property
    def metrics(self):
        # Keras would add a `loss` that nothing updates.
        return [*self._trackers.values(), *self._example_metrics]

    # ---- the pieces of a train_step ---------------------------------------

    def sample_latents(self, batch_size, seed=None):
        """Standard normal latents, `(batch_size, latent_dim)`.

        Args:
            batch_size: This replica's number of examples.
            seed: A `SeedGenerator`; the model's own by default.
        """
        return self.draw(
            keras.random.normal, (batch_size, self.latent_dim), seed=seed
        )

    def draw(self, distribution, shape, seed=None, **kwargs):
        """Draws for the global batch and returns this replica's slice.

        Seeds are equal on all replicas, so `keras.random.normal(shape)` would
        give every replica the same values.

        Args:
            distribution: A function of `keras.random`, as `normal`.
            shape: This replica's shape, batch first.
            seed: A `SeedGenerator`; the model's own by default.
            **kwargs: More arguments of `distribution`.
        """
        n, *rest = shape
        x = distribution(
            (n * backend.num_replicas(), *rest),
            seed=seed or self.seed_generator,
            **kwargs,
        )
        return backend.replica_slice(x, n)

    def split_batch(self, data, parts):
        """`parts` fresh slices of a batch, one per discriminator step.

        Every `parts`-th example, not consecutive runs: so the slices are the
        same sets of examples on one device and on many replicas. What is left
        of a batch that does not divide is not used.
        """
        n = ops.shape(keras.tree.flatten(data)[0])[0] // parts * parts
        return [
            keras.tree.map_structure(
                lambda x: x[i:n:parts],  # noqa: B023
                data,
            )
            for i in range(parts)
        ]

    def minimize(self, loss_fn, optimizer, network):
        """One optimizer step on one network's variables, and no other's.

        The loss is scaled for mixed precision and for the number of replicas;
        the weight regularizers of the network's layers are added to it.

        Args:
            loss_fn: Function without arguments that returns a scalar loss, or
                `(loss, aux)` with any structure of tensors as `aux`.
            optimizer: `self.generator_optimizer` or
                `self.discriminator_optimizer`.
            network: The network to train, or a list of networks.

        Returns:
            What `loss_fn` returned: unscaled, without regularizers.
        """
        networks = network if isinstance(network, (list, tuple)) else [network]
        variables = [v for n in networks for v in n.trainable_variables]
        has_aux = False

        def scaled_loss():
            nonlocal has_aux
            result = loss_fn()
            has_aux = isinstance(result, tuple)
            loss, aux = result if has_aux else (result, None)
            loss = ops.cast(loss, "float32")
            total = loss
            for n in networks:
                for regularization in n.losses:
                    total = total + ops.cast(regularization, "float32")
            total = optimizer.scale_loss(total) / backend.num_replicas()
            return total, (loss, aux)

        state = (
            self.trainable_variables
            + self.non_trainable_variables
            + self.generator_optimizer.variables
            + self.discriminator_optimizer.variables
            + self.metrics_variables
        )
        (_, (loss, aux)), gradients = backend.value_and_gradients(
            scaled_loss, variables, state
        )
        backend.apply_gradients(optimizer, gradients, variables)
        return (loss, aux) if has_aux else loss

    def update_ema_generator(self):
        """Moves `ema_generator` towards the generator, if there is one."""
        if self.ema_generator is None:
            return
        step = ops.cast(self.generator_optimizer.iterations, "float32")
        momentum = ops.minimum(self.ema_momentum, (1 + step) / (10 + step))
        for average, raw in zip(
            self.ema_generator.weights, self.generator.weights
        ):
            value = ops.stop_gradient(raw.value)
            if raw.trainable:
                value = value + momentum * (average.value - value)
            average.assign(value)  # BatchNorm's statistics as they are.

    def track(self, **losses):
        """Updates the losses' running means and returns them as logs."""
        for name, value in losses.items():
            self._trackers[name].update_state(value)
        return {name: self._trackers[name].result() for name in losses}

    def track_metrics(self, real_examples, fake_examples):
        """Updates the compiled metrics and returns them as logs."""
        for metric in self._example_metrics:
            metric.update_state(real_examples, fake_examples)
        return {
            metric.name: metric.result() for metric in self._example_metrics
        }

    # ---- Keras's trainer --------------------------------------------------

    def make_train_function(self, force=False):
        # Keras compiles the attribute `train_step`: show it the backend's
        # form of the step for that moment.
        self.train_step = backend.wrap_train_step(self)
        try:
            return super().make_train_function(force)
        finally:
            del self.train_step

    def make_test_function(self, force=False):
        self.test_step = backend.wrap_test_step(self)
        try:
            return super().make_test_function(force)
        finally:
            del self.test_step

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """`keras.Model.fit`, after a check of the data.

        The first batch of a dataset, or all of an array, is checked before
        training starts. Training stops with a `FloatingPointError` when a
        loss becomes NaN or infinite; the networks then hold the last good
        weights.

        Args:
            x: Real examples: an array, a `tf.data.Dataset`, a `PyDataset`, a
                PyTorch `DataLoader`, or a generator of batches.
            y: Labels, for conditional models fed with arrays.
            batch_size: Integer, the global batch size of arrays.
            epochs: Integer, the number of passes over the data.
            **kwargs: Everything else that `keras.Model.fit` takes, but for
                weights of examples and classes.
        """
        self._assert_compile_called("fit")
        for name in ("sample_weight", "class_weight"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{name} must be None: no loss here is weighted. "
                    f"Received: {name} of type {type(kwargs[name]).__name__}"
                )
        if len(inspect.signature(self.train_step).parameters) != 1:
            raise TypeError("train_step takes one argument, data.")
        x = self._check_data(x, y, batch_size, self.batch_divisor)
        if kwargs.get("validation_data") is not None:
            kwargs["validation_data"] = self._check_validation_data(
                kwargs["validation_data"],
                kwargs.get("validation_batch_size") or batch_size,
            )
        callbacks = with_guard(self, kwargs.pop("callbacks", None))
        # Keras's default is True, and warns that it means arrays alone.
        kwargs.setdefault("shuffle", hasattr(x, "shape"))
        return super().fit(
            x, y, batch_size, epochs, callbacks=callbacks, **kwargs
        )

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """`keras.Model.evaluate`: losses on held-out data, and the metrics.

        Latents are drawn from seeds of their own, the same in every call.
        """
        if not kwargs.get("_use_cached_eval_dataset"):
            x = self._check_data(x, y, batch_size, parts=1)
        backend.sync(self)
        state = self.test_seed_generator.state
        state.assign(np.zeros(state.shape, "int32"))
        return super().evaluate(x, y, batch_size, **kwargs)

    # Keras hands the arrays of one batch on as they are, and without a graph
    # around the step a network of several inputs refuses NumPy beside tensors.

    def train_on_batch(self, x, y=None, **kwargs):
        """`keras.Model.train_on_batch`: one step, without `fit`'s checks."""
        return super().train_on_batch(*_to_tensors((x, y)), **kwargs)

    def test_on_batch(self, x, y=None, **kwargs):
        """`keras.Model.test_on_batch`: the losses of one batch."""
        return super().test_on_batch(*_to_tensors((x, y)), **kwargs)

    def _check_data(self, x, y, batch_size, parts):
        x, batch = check_data(
            x, y, batch_size, replicas=self._num_devices(), parts=parts
        )
        if batch is not None:
            examples, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
            self.check_batch(_to_numpy(examples), _to_numpy(labels))
        return x

    def _check_validation_data(self, data, batch_size):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        try:
            checked = self._check_data(x, y, batch_size, parts=1)
        except ValueError as error:
            raise ValueError(f"validation_data: {error}") from None
        # A generator was looked into, and comes back as a new one.
        return data if checked is x else checked

    # A batch is split into this many slices (see `split_batch`).
    batch_divisor = 1

    def _num_devices(self):
        distribution = keras.distribution.distribution()
        if distribution is not None:
            mesh = distribution.device_mesh
            axis = mesh.axis_names.index(distribution.batch_dim_name)
            return mesh.shape[axis]
        strategy = getattr(self, "distribute_strategy", None)
        return getattr(strategy, "num_replicas_in_sync", 1)

    def check_batch(self, examples, labels):
        """Raises a `ValueError` for examples that cannot be trained on.

        Args:
            examples: NumPy array, a batch of real examples.
            labels: NumPy array, or `None`.
        """
        self.check_examples("x", examples, self.example_shape)

    def check_examples(self, name, examples, expected):
        """Raises a `ValueError` unless these are floats of a shape and range.

        Args:
            name: String, what the user calls them.
            examples: NumPy array, a batch.
            expected: The shape of one example; images are to be in [-1, 1].
        """
        matches = examples.ndim == len(expected) + 1 and all(
            e is None or e == s for e, s in zip(expected, examples.shape[1:])
        )
        if not matches:
            raise ValueError(
                f"{name} must have the shape of the model's, (batch, "
                f"{', '.join(map(str, expected))}). Received: {name} with "
                f"shape {examples.shape}"
            )
        if (
            not np.issubdtype(examples.dtype, np.floating)
            and str(examples.dtype) != "bfloat16"
        ):
            raise ValueError(
                f"{name} must be float, images in [-1, 1] (for uint8: {name} "
                f"/ 127.5 - 1). Received: {name} with dtype {examples.dtype}"
            )
        low, high = float(examples.min()), float(examples.max())
        if not np.isfinite([low, high]).all():
            raise ValueError(
                f"{name} must be finite. Received: {name} with values in "
                f"[{low}, {high}]"
            )
        # Rounding of scaled or resized images may go a little beyond.
        if len(expected) == 3 and (low < -1.01 or high > 1.01):
            raise ValueError(
                f"{name} must be images in [-1, 1]. Received: {name} with "
                f"values in [{low:g}, {high:g}]"
            )

    # ---- sampling ---------------------------------------------------------

    def generator_inputs(self, latents, labels):
        """The inference network's inputs for a batch of `generate`."""
        return latents

    def check_labels(self, labels, n):
        """The labels of `generate` as an array `(n,)`, or an error."""
        if labels is not None:
            raise ValueError(
                f"{type(self).__name__} is not conditional, labels must be "
                f"None. Received: labels={labels!r}"
            )
        return None

    def generate(self, n, labels=None, seed=None, batch_size=256):
        """Samples from the generator, as NumPy arrays.

        Only one batch at a time is on the device, so `n` is bounded by the
        memory for the result alone. The first `m` of `generate(n, seed=s)`
        have the latents of `generate(m, seed=s)`, on every backend.

        Args:
            n: Integer, the number of samples.
            labels: For conditional models: an integer, or `n` integers; by
                default the classes in turn. Otherwise `None`.
            seed: Integer or `None` for other samples in every call.
            batch_size: Integer, the number of samples made at once.

        Returns:
            For images `numpy.uint8` of shape `(n, height, width, channels)`;
            `numpy.float32` of the generator's shape for everything else.
        """
        check_integer("n", n, minimum=1)
        check_integer("batch_size", batch_size, minimum=1)
        n, batch_size = int(n), int(batch_size)
        labels = self.check_labels(labels, n)
        if seed is None:
            seed = np.random.randint(2**31)
        rng = np.random.default_rng(seed)
        backend.sync(self)
        # One shape for all batches, a power of two: one compilation serves.
        batch_size = min(batch_size, 1 << (n - 1).bit_length())
        samples = None
        for start in range(0, n, batch_size):
            latents = rng.standard_normal((batch_size, self.latent_dim))
            chunk = None
            if labels is not None:
                chunk = np.resize(
                    labels[start : start + batch_size], batch_size
                )
            outputs = backend.predict_on_batch(
                self, self.generator_inputs(latents.astype("float32"), chunk)
            )
            outputs = to_uint8(outputs) if outputs.ndim == 4 else outputs
            if samples is None:
                dtype = outputs.dtype if outputs.ndim == 4 else "float32"
                samples = np.empty((n, *outputs.shape[1:]), dtype)
            stop = min(start + batch_size, n)
            samples[start:stop] = outputs[: stop - start]
        return samples

    # ---- saving -----------------------------------------------------------

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Exports the inference network for serving, `keras.Model.export`.

        The artifact takes the inference network's inputs as float32 (and
        int32 labels) and returns what `generate` does: uint8 images.

        Args:
            filepath: Path of the artifact.
            format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
            **kwargs: More arguments of `keras.Model.export`.
        """
        inputs = keras.tree.map_structure(
            lambda x: keras.Input(x.shape[1:], dtype=x.dtype, name=x.name),
            self.symbolic_inputs(),
        )
        outputs = self.inference_network(inputs, training=False)
        if len(outputs.shape) == 4:
            outputs = to_uint8_tensor(outputs)
        export(keras.Model(inputs, outputs), filepath, format, **kwargs)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_dim": self.latent_dim,
            "ema_momentum": self.ema_momentum,
            "seed": self.seed,
        }

    def _seed_states(self):
        layers = self._flatten_layers()
        return [s.state for layer in layers for s in layer._seed_generators]

    def save_own_variables(self, store):
        # Keras leaves seeds out of weights files. A run that resumes must
        # draw the latents and dropout masks that it would have drawn.
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
        for i, state in enumerate(self._seed_states()):
            state.assign(np.asarray(store[f"seed_{i}"]))


def _to_numpy(x):
    if x is None or isinstance(x, np.ndarray):
        return x
    return ops.convert_to_numpy(x)


def _to_tensors(data):
    return keras.tree.map_structure(
        lambda x: None if x is None else ops.convert_to_tensor(x), data
    )
