"""The random crops and mirrors of pix2pix and CycleGAN."""

from keras_gans.datasets.checks import import_tensorflow
from keras_gans.datasets.sources import apply


def jittered(data, order):
    """Cuts images that `Fit` left larger, and mirrors them, at random.

    All images of an example are treated alike. What is drawn depends on the
    example's place in the pass, and not on the images.
    """
    tf = import_tensorflow()

    def records(number):
        draws = tf.random.stateless_uniform((data.size, 3), order.key(number))
        draws = tf.data.Dataset.from_tensor_slices(draws)
        return tf.data.Dataset.zip((data.records(number), draws))

    def decode(record, draws):
        return (record if data.decode is None else data.decode(record)), draws

    def finish(example, draws):
        images = apply(data.finish, example)
        return tf.nest.map_structure(
            lambda x: _crop(x, draws, data.image_size), images
        )

    return data._replace(records=records, decode=decode, finish=finish)


def _crop(images, draws, image_size):
    """Cuts and mirrors (batch, h, w, channels) by uniform draws (batch, 3)."""
    tf = import_tensorflow()
    height, width = image_size
    places = tf.shape(images)[1:3] - image_size + 1
    corners = tf.cast(draws[:, :2] * tf.cast(places, tf.float32), tf.int32)
    rows = corners[:, :1] + tf.range(height)
    columns = tf.range(width)
    columns = tf.where(draws[:, 2:] < 0.5, columns[::-1], columns)
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, corners[:, 1:] + columns, axis=2, batch_dims=1)
