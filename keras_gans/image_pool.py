"""The history of generated images that CycleGAN's discriminators see."""

import keras
from keras import layers, ops

from keras_gans import backend
from keras_gans.checks import check_integer


class ImagePool(layers.Layer):
    """A buffer of generated images, as variables.

    "Learning from Simulated and Unsupervised Images through Adversarial
    Training" (Shrivastava et al., 2017), as CycleGAN uses it. Until it is full
    every image is stored and comes back. After that an image comes back as it
    is or, with probability 1/2, takes the place of a stored one, which comes
    back instead.

    Being variables, the images and the seed are part of a checkpoint, work in
    a compiled step, and N replicas hold the same pool: it takes in the batches
    of all of them.

    The images of a batch go to different places, and only the images of
    earlier steps come back; for the authors' batch of one that is their rule.

    Args:
        size: Integer, the number of images; 0 for none, every image comes
            back at once.
        image_shape: `(height, width, channels)`.
        seed: Integer or `None`.
    """

    def __init__(self, size=50, image_shape=(256, 256, 3), seed=None, **kwargs):
        # What is stored comes back as it was, under every precision policy.
        super().__init__(**{"dtype": "float32", **kwargs})
        check_integer("size", size, minimum=0)
        self.size = size
        self.seed_generator = keras.random.SeedGenerator(seed)
        if size:
            # Every replica computes the same pool: any one's will do.
            options = {
                "initializer": "zeros",
                "trainable": False,
                "aggregation": "only_first_replica",
            }
            self.images = self.add_weight(
                (size, *image_shape), name="images", **options
            )
            self.count = self.add_weight(
                (), name="count", dtype="int32", **options
            )
        self.built = True

    def call(self, images):
        """Takes in a batch of images, and returns as many."""
        if not self.size:
            return images
        n = ops.shape(images)[0]
        batch = backend.all_gather(images)
        total = ops.shape(batch)[0]

        # Where each image of the global batch would go, and whether it does.
        number = ops.arange(total, dtype="int32")
        places = keras.random.shuffle(
            ops.arange(self.size, dtype="int32"), seed=self.seed_generator
        )
        places = ops.take(places, ops.minimum(number, self.size - 1))
        coins = keras.random.uniform((total,), seed=self.seed_generator) < 0.5
        is_full = self.count.value >= self.size
        next_places = self.count.value + number
        places = ops.where(is_full, places, next_places)
        swaps = ops.logical_and(coins, number < self.size)
        stores = ops.where(is_full, swaps, next_places < self.size)

        # What comes back: the stored image where one was swapped.
        stored = ops.take(
            self.images.value, ops.minimum(places, self.size - 1), axis=0
        )
        swapped = ops.logical_and(is_full, stores)[:, None, None, None]
        result = ops.where(swapped, stored, batch)

        # What is stored: in each place the image that goes there, or the old.
        goes = ops.logical_and(
            ops.arange(self.size, dtype="int32")[:, None] == places, stores
        )
        newest = ops.take(batch, ops.argmax(goes, axis=1), axis=0)
        changed = ops.any(goes, axis=1)[:, None, None, None]
        self.images.assign(ops.where(changed, newest, self.images.value))
        self.count.assign(ops.minimum(self.count.value + total, self.size))
        return backend.replica_slice(result, n)
