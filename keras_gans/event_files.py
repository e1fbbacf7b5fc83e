"""Files that TensorBoard reads, written without TensorFlow.

By TensorBoard's own writer, which is the same on every backend.
"""

import io
import time

from keras_gans import optional


class EventFile:
    """A file of events in a folder, where TensorBoard finds it.

    Args:
        folder: Path, which is made. Files of earlier runs stay in it.

    Raises:
        ImportError: Without TensorBoard, with what brings it.
    """

    def __init__(self, folder):
        optional.load(
            "tensorboard", "tensorboard", "Events need the package tensorboard"
        )
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import (
            EventFileWriter,
        )

        self._events, self._summaries = event_pb2, summary_pb2
        self._writer = EventFileWriter(str(folder))

    def write(self, step, numbers=None, pictures=None):
        """Writes what there is of a step.

        Args:
            step: Integer.
            numbers: Dict of a tag to a number.
            pictures: Dict of a tag to a `PIL.Image.Image`.
        """
        kind = self._summaries.Summary
        values = [
            kind.Value(tag=tag, simple_value=float(number))
            for tag, number in (numbers or {}).items()
        ]
        for tag, picture in (pictures or {}).items():
            memory = io.BytesIO()
            picture.save(memory, "png")
            image = kind.Image(
                height=picture.height,
                width=picture.width,
                colorspace=len(picture.getbands()),
                encoded_image_string=memory.getvalue(),
            )
            values.append(kind.Value(tag=tag, image=image))
        self._writer.add_event(
            self._events.Event(
                wall_time=time.time(), step=step, summary=kind(value=values)
            )
        )
        self._writer.flush()  # Who looks sees it, and a kill loses none.

    def close(self):
        self._writer.close()
