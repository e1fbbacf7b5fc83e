"""Scores on a schedule, where History and other callbacks see them."""

import keras

from keras_gans import backend, metrics
from keras_gans.checks import check_integer
from keras_gans.metrics import scores


class Score(keras.callbacks.Callback):
    """Measures the model while it learns, and adds its scores to the logs.

    At the end of epochs, by `metrics.evaluate`: of the same latents each time,
    and the features of the real examples are made once. `"kid"` becomes
    `val_kid`, a number that History, CSVLogger, TensorBoard, EarlyStopping,
    ModelCheckpoint and ReduceLROnPlateau find like every other log, if they
    stand behind this callback. In epochs without a measurement the last one
    stands, which is no improvement to any of them; the first is of before
    training.

    Training is the same with and without this callback, which draws nothing
    from the model's seeds. Of several workers all measure, and see the same.

    A guard that stops a training which gets worse is Keras's own; samples of
    the first epochs mean little, which `start_from_epoch` is for:

    ```python
    gan.fit(
        images,
        epochs=200,
        callbacks=[
            callbacks.Score(test_images, "mnist_classifier", every=2),
            keras.callbacks.EarlyStopping(
                "val_kid", mode="min", patience=10, start_from_epoch=10
            ),
            keras.callbacks.ModelCheckpoint(
                "best.keras", "val_kid", mode="min", save_best_only=True
            ),
        ],
    )
    ```

    Args:
        real: Real examples, better none that the model learns from: what
            `metrics.evaluate` takes. `None` where `metrics` is a function.
        extractor: What makes the features, see `metrics.get_extractor`;
            `None` where `metrics` is a function.
        metrics: Sequence of names, see `metrics.evaluate`, for models that
            draw samples. Or, for all models, a function of the model that
            returns a dict of name to number or `metrics.Score`, as
            `lambda model: metrics.evaluate_translation(model, pairs)`.
        every: Integer, epochs from one measurement to the next; EarlyStopping
            counts them all.
        n: Integer, the number of examples of each side.
        seed: Integer, of the samples.
        dataset: String, for the protocol, see `metrics.evaluate`.
        split: String, for the protocol.

    Attributes:
        scores: What was measured last, as `metrics.evaluate` returns it;
            `None` before.

    Raises:
        ValueError: When an argument does not fit, or the model.
    """

    def __init__(
        self,
        real=None,
        extractor=None,
        metrics=("kid",),
        every=1,
        n=2000,
        seed=0,
        dataset="",
        split="",
    ):
        super().__init__()
        check_integer("every", every, minimum=1)
        check_integer("n", n, minimum=2)
        self.by_name = not callable(metrics)
        given = real is not None, extractor is not None
        if given != (self.by_name, self.by_name):
            raise ValueError(
                "real and extractor must be given with metrics by name, and "
                "only with those. Received: "
                f"real of type {type(real).__name__}, extractor={extractor!r}, "
                f"metrics={metrics!r}"
            )
        self.metrics, self.every = metrics, every
        self.real, self.extractor = real, extractor
        self.options = {
            "n": n,
            "seed": seed,
            "dataset": dataset,
            "split": split,
        }
        self.scores = None
        self._numbers = self._extractor = self._side = None

    def on_train_begin(self, logs=None):
        task = self.model.task
        if self.by_name and task.command != "generate":
            raise ValueError(
                "metrics must be a function for a "
                f"{type(self.model).__name__}, which {task.does}. Received: "
                f"metrics={self.metrics!r}"
            )
        # Now, so that what cannot be measured is no surprise after an epoch,
        # and the first epochs have a number where they have no measurement:
        # NaN would be the best of all to Keras, for nothing is below it.
        self._measure()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._measure()
        logs.update(self._numbers)

    def _measure(self):
        """Sets `scores`, and the numbers by their names in logs."""
        backend.sync(self.model)
        with backend.alone():
            if self.by_name:
                self.scores = self._evaluate()
            else:
                self.scores = self.metrics(self.model)
        self._numbers = {
            f"val_{name.lower().replace(' ', '_')}": float(score)
            for name, score in self.scores.items()
        }

    def _evaluate(self):
        if self._side is None:
            self._extractor = metrics.get_extractor(self.extractor)
            self._side = scores.read_real(
                self.real,
                self._extractor,
                self.options["n"],
                self.model.example_kind,
            )
        return metrics.evaluate(
            self.model,
            self._side,
            self._extractor,
            self.metrics,
            verbose=0,
            **self.options,
        )
