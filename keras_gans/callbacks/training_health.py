"""What goes wrong between the two networks, in plain words."""

import time

import keras
import numpy as np

from keras_gans import backend, pixels

# What `TrainingHealth` calls a trouble; its docstring says of what.
LOOKS, MANY_LOOKS = 3, 8
WON = {"separation": 0.97, "gradient": 0.1}
COLLAPSED = {"spread": 0.25}
FALLEN = {"spread": 0.5, "variety": 0.25}  # of the best
OSCILLATING = {"moved": 0.75}


class TrainingHealth(keras.callbacks.Callback):
    """Says in plain words when the two networks are no longer learning.

    At the end of an epoch, as often as costs less than about 1% of the time,
    it looks at as many generated as real examples, both networks as they are
    in training, and adds a dict to `history`:

    - `step`: the generator's updates so far.
    - `separation`: the share of pairs of a real and a generated example in
      which the discriminator gives the real one the higher logit.
    - `gradient`: the norm of the gradient of the generator's loss at the
      generated examples, divided by the mean slope of the discriminator on
      the way from them to the real ones.
    - `spread`: the mean distance between two generated examples, divided by
      that of real ones.
    - `variety`: how many of the real examples are the nearest one of some
      generated example, divided by how many are of another real one.
    - `moved`: how far the mean of the generated examples has moved since the
      last look, divided by the standard deviation of the real ones.

    It reports, each once:

    - A discriminator that has won: three times in a row a `separation` of
      0.97 or more and a `gradient` below 0.1. Both, because in many healthy
      trainings the discriminator is always right. Never of a model without a
      `generator_loss`, as `WGAN`, whose scores have no right and wrong.
    - Collapse: three times in a row a `spread` below 0.25 and half of the
      best that it has been, or a `variety` below a quarter of its best (with
      a `spread` of 1 or more the samples are not alike, but far from the
      data); or eight times in a row a `spread` below 0.25, which some
      generators begin with.
    - Oscillation: a median of the last eight values of `moved` above 0.75.

    NaN is `StopOnNonFinite`'s matter. A model that cannot be looked at, as one
    whose generator does not take latents, trains on, which is said once. And
    training is the same with and without this callback, which draws nothing
    from the model's seeds.

    Example:

    ```python
    gan.fit(images, epochs=50, callbacks=[TrainingHealth(images[:256])])
    ```

    Args:
        examples: Array `(n, ...)` of real examples as `fit` takes them; the
            first 256 are used, and less than 100 see little.
        labels: Integers `(n,)`, their labels, for conditional models.
        report: Function that prints a line.

    Attributes:
        history: List of dicts, one per look.
        findings: Dict of `"won"`, `"collapse"`, `"oscillation"` to what was
            reported.
    """

    max_examples = 256
    max_cost = 0.01  # of the time

    def __init__(self, examples, labels=None, report=print):
        super().__init__()
        self.examples = np.asarray(examples[: self.max_examples])
        if pixels.is_float(self.examples.dtype):
            self.examples = self.examples.astype("float32")
        if len(self.examples) < 2:
            raise ValueError(
                "examples must be 2 or more, better 256. Received: examples "
                f"with shape {np.shape(examples)}"
            )
        self.labels = None
        if labels is not None:
            self.labels = np.asarray(labels[: self.max_examples], "int32")
        self.report = report
        self.history = []
        self.findings = {}
        self.center = None
        self.next_look = 0.0

    def on_train_begin(self, logs=None):
        n = len(self.examples)
        # Of a model that takes latents, which alone may need labels.
        check_labels = getattr(self.model, "check_labels", lambda *_: None)
        if self.labels is None and check_labels(None, n) is not None:
            raise ValueError(
                "labels must be those of examples for a conditional model. "
                "Received: labels=None"
            )
        if getattr(self.model, "example_kind", None) == "image":
            # As `fit` reads them.
            self.examples = pixels.read_floats("examples", self.examples)
        self.examples = self.examples.astype("float32", copy=False)

    def on_epoch_end(self, epoch, logs=None):
        start = time.perf_counter()
        if start < self.next_look:
            return
        try:
            with backend.alone():
                look = self.look()
        except Exception as error:
            # A model of the user's own that has other networks or inputs:
            # its training must not end here.
            self.next_look = float("inf")
            kind = type(self.model).__name__
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            self.report(
                f"\nTraining health: this {kind} cannot be looked at "
                f"({reason}); training goes on."
            )
            return
        end = time.perf_counter()
        if self.history:  # The first one compiles.
            self.next_look = end + (end - start) / self.max_cost
        self.history.append(look)
        found = _diagnose(self.history)
        if not hasattr(self.model, "generator_loss"):
            # WGAN and its like: a good discriminator is what they ask for.
            found.pop("won", None)
        for name, sentence in found.items():
            if name not in self.findings:
                self.findings[name] = sentence
                # The progress bar's line is not yet ended.
                self.report(
                    f"\nTraining health, step {look['step']:,}: {sentence}"
                )

    def look(self):
        """Measures the model as it is, and returns the dict for `history`."""
        model, real, n = self.model, self.examples, len(self.examples)
        backend.sync(model)
        latents = np.random.default_rng(0).standard_normal(
            (n, model.latent_dim)
        )
        inputs = keras.tree.map_structure(
            keras.ops.convert_to_tensor,
            model.generator_inputs(latents.astype("float32"), self.labels),
        )
        fake = keras.ops.cast(_untouched(model.generator)(inputs), "float32")
        fake = keras.ops.stop_gradient(fake)
        network = _untouched(model.discriminator)

        def judge(examples):
            outputs = network(model.discriminator_inputs(examples, inputs))
            logits = model.logits_of(outputs, examples)
            logits = keras.ops.reshape(logits, (n, -1))
            return keras.ops.mean(keras.ops.cast(logits, "float32"), axis=-1)

        real_logits = keras.ops.stop_gradient(
            judge(keras.ops.convert_to_tensor(real))
        )
        fake_logits, slopes = backend.input_gradients(judge, fake)
        fake_logits = keras.ops.stop_gradient(fake_logits)
        weights = 1.0
        if hasattr(model, "generator_loss"):

            def loss(logits):
                if getattr(model, "is_relativistic", False):
                    return n * model.generator_loss(real_logits, logits)
                return n * model.generator_loss(logits)

            _, weights = backend.input_gradients(loss, fake_logits)
            weights = np.abs(_to_numpy(weights))
        slopes = np.linalg.norm(_to_numpy(slopes).reshape(n, -1), axis=1)
        real_logits = _to_numpy(real_logits)
        fake_logits = _to_numpy(fake_logits)
        real, fake = real.reshape(n, -1), _to_numpy(fake).reshape(n, -1)

        between = _distances(fake, real)
        within_real, within_fake = _distances(real), _distances(fake)
        gap = abs(real_logits.mean() - fake_logits.mean())
        center, spread = fake.mean(axis=0), within_fake.mean()
        moved = 0.0
        if self.center is not None:
            moved = np.linalg.norm(center - self.center)
        self.center = center
        # A ratio to nothing, as where all logits are equal, is no finding.
        with np.errstate(divide="ignore", invalid="ignore"):
            look = {
                "separation": (real_logits[:, None] > fake_logits).mean(),
                "gradient": (weights * slopes).mean() * between.mean() / gap,
                "spread": spread / within_real.mean(),
                "moved": moved / np.sqrt(real.var(axis=0).sum()),
            }
        np.fill_diagonal(within_real, np.inf)  # No one's own neighbour.
        look["variety"] = _count_nearest(between) / _count_nearest(within_real)
        step = int(_to_numpy(model.iterations))
        return {"step": step, **{k: float(v) for k, v in look.items()}}


def _diagnose(history):
    """What the looks so far amount to: dict of a trouble to a sentence."""
    found, last = {}, history[-1]
    won = [
        look["separation"] >= WON["separation"]
        and look["gradient"] < WON["gradient"]
        for look in history
    ]
    if _lasts(won, LOOKS):
        found["won"] = (
            "the discriminator has won. It ranks the real example above the "
            f"generated one in {last['separation']:.1%} of pairs, and where "
            "the generated ones are, its loss is nearly flat: the generator's "
            f"gradient is {last['gradient']:.2g} of the mean slope, and it no "
            "longer learns. What usually helps: a generator's loss that does "
            "not saturate (non-saturating instead of minimax, or WGANGP), a "
            "lower learning rate or fewer steps for the discriminator, "
            "instance_noise, label_smoothing or r1_weight."
        )
    best = {key: max(look[key] for look in history) for key in FALLEN}
    narrow = [look["spread"] < COLLAPSED["spread"] for look in history]
    fallen = [
        is_narrow
        and look["spread"] < FALLEN["spread"] * best["spread"]
        or look["spread"] < 1
        and look["variety"] < FALLEN["variety"] * best["variety"]
        for look, is_narrow in zip(history, narrow)
    ]
    if _lasts(fallen, LOOKS) or _lasts(narrow, MANY_LOOKS):
        alike = (
            f"they are near {last['variety'] / best['variety']:.0%} of as "
            "many different real examples as they once were"
        )
        if last["spread"] < COLLAPSED["spread"]:
            alike = (
                f"their mean distance is {last['spread']:.1%} of that of real "
                "examples"
            )
        found["collapse"] = (
            "the generator has collapsed. Its samples are too much alike: "
            f"{alike}. It rarely recovers, and an earlier checkpoint is "
            "better than this one. What usually helps: lower learning rates, "
            "Adam with beta_1=0, r1_weight, a larger batch, or WGANGP."
        )
    moves = [look["moved"] for look in history[1:]][-MANY_LOOKS:]
    if len(moves) == MANY_LOOKS and np.median(moves) > OSCILLATING["moved"]:
        found["oscillation"] = (
            "the networks run in circles. Between two looks the mean of the "
            f"samples moves by {np.median(moves):.2g} standard deviations of "
            "the data, again and again, instead of settling. What usually "
            "helps: ema_momentum=0.999 (samples of the average), lower "
            "learning rates, Adam with beta_1=0, or r1_weight."
        )
    return found


def _lasts(signs, looks):
    """Whether the last `looks` looks all showed a sign."""
    return len(signs) >= looks and all(signs[-looks:])


def _untouched(network):
    """A network as in training, which yet leaves no trace.

    Batch statistics and dropout are in use, because without them the
    discriminator is another one than the generator is trained against; moving
    averages and seeds keep their values.
    """

    def call(inputs):
        with keras.StatelessScope():
            return network(inputs, training=True)

    return call


def _distances(a, b=None):
    """Euclidean distances `(n, m)` between the rows of two arrays."""
    b = a if b is None else b
    center = b.mean(axis=0)  # Keeps the rounding small.
    a, b = np.asarray(a - center, "float64"), np.asarray(b - center, "float64")
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))


def _count_nearest(distances):
    return len(np.unique(distances.argmin(axis=1)))


def _to_numpy(x):
    return keras.ops.convert_to_numpy(x)
