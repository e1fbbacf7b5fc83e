"""What a model makes while it learns, always of the same."""

import pathlib

import keras

from keras_gans import backend, optional, writing
from keras_gans.checks import check_integer
from keras_gans.event_files import EventFile


class SampleGrid(keras.callbacks.Callback):
    """Draws what the model makes, always of the same, as it learns.

    Before the first step and at the end of epochs: models that draw samples
    show those of the same latents, others what they make of the same images.
    Training is the same with and without this callback, which draws nothing
    from the model's seeds. Of several workers the chief alone draws.

    Example:

    ```python
    grid = SampleGrid("samples", every=5, n=36)
    gan.fit(images, epochs=50, callbacks=[grid])  # samples/step_00001000.png
    pix2pix.fit(pairs, callbacks=[SampleGrid("out.png", inputs=drawings[:8])])
    ```

    Args:
        path: Path of a folder, which gets a `step_*.png` each time, or of a
            picture (with its suffix), which is replaced each time. `None` for
            none.
        every: Integer, epochs from one picture to the next. The last epoch
            has one, too.
        seed: Integer, of the latents, of masks and of what else is random.
        n: Integer, how many images are shown; of points it does not matter.
        labels: Integers that a conditional model takes in turn; by default
            its classes are the columns.
        inputs: Images `(m, height, width, channels)`, uint8 or as
            `keras_gans.pixels` reads them, for models that make their own of
            images: to be translated, to be enlarged, or whole ones, of which
            holes are filled. For points real ones `(m, 2)`, drawn in grey
            below the samples; for other models that draw samples `None`.
        show: Boolean, show the picture in a notebook: one, which is renewed.
        tensorboard: Path of a folder into which events are written for
            TensorBoard; `None` for none.

    Attributes:
        step: Integer, updates of the generator that the last picture is of.
        picture: `PIL.Image.Image`, the last one; `None` before.

    Raises:
        ValueError: When an argument does not suit, or the model.
        ImportError: Without IPython or TensorBoard where they are asked for.
    """

    def __init__(
        self,
        path=None,
        every=1,
        seed=0,
        n=64,
        labels=None,
        inputs=None,
        show=False,
        tensorboard=None,
    ):
        super().__init__()
        if path is None and not show and tensorboard is None:
            raise ValueError(
                "SampleGrid must have a path, show=True or tensorboard, for "
                "otherwise nobody sees the pictures. Received: path=None"
            )
        check_integer("every", every, minimum=1)
        check_integer("seed", seed, minimum=0)
        check_integer("n", n, minimum=1)
        self.path = None if path is None else pathlib.Path(path)
        self.is_folder = self.path is not None and _is_folder(self.path)
        self.every, self.seed, self.n = every, seed, n
        self.labels, self.inputs = labels, inputs
        self.display = _display() if show else None
        self.tensorboard = tensorboard
        self.step, self.picture = None, None
        self._handle = self._events = None

    def on_train_begin(self, logs=None):
        if self.tensorboard is not None and backend.is_chief(self.model):
            self._events = EventFile(self.tensorboard)
        # Now, so that what cannot be drawn is no surprise after an epoch.
        self._draw()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._draw()

    def on_train_end(self, logs=None):
        self._draw()
        if self._events is not None:
            self._events.close()
            self._events = None

    def _draw(self):
        """Draws, unless the last picture is of this step."""
        if not backend.is_chief(self.model):
            return
        backend.sync(self.model)
        step = int(keras.ops.convert_to_numpy(self.model.iterations))
        if step == self.step:
            return
        with backend.alone():
            self.picture = self.model.task.draw(
                self.model, self.n, self.seed, self.labels, self.inputs
            )
        self.step = step
        if self.path is not None:
            path = self.path
            if self.is_folder:
                path = path / f"step_{self.step:08d}.png"
            writing.write_image(path, self.picture)
        if self._events is not None:
            self._events.write(self.step, pictures={"samples": self.picture})
        if self.display is None:
            return
        if self._handle is None:
            self._handle = self.display(self.picture, display_id=True)
        else:
            self._handle.update(self.picture)


def _is_folder(path):
    """Whether a path is one of a folder, and not of a picture."""
    from PIL import Image

    suffix = path.suffix.lower()
    # Of v1.0 it is no suffix.
    if path.is_dir() or not suffix or suffix[1].isdigit():
        return True
    if suffix not in Image.registered_extensions():
        raise ValueError(
            "path must be a folder, or end in a picture's suffix, as .png. "
            f"Received: path={str(path)!r}"
        )
    return False


def _display():
    """IPython's, where a notebook shows what it is given."""
    optional.load("IPython", "tutorials", "show=True needs a notebook")
    from IPython import display, get_ipython

    if get_ipython() is None:
        raise ValueError(
            "show must be False outside of a notebook: give a path instead. "
            "Received: show=True"
        )
    return display.display
