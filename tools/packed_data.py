"""Data sets as one `.npz` each, for machines that have nothing else.

A set's file has the name of the recipe's `dataset`, "/" as "_": `cifar10.npz`.
It holds uint8 arrays, those of training alone: `x_train` (and `y_train`,
integers) of samples and of photographs, `a` and `b` of pairs and of unpaired
domains. `serve` puts them in the place of `keras_gans.datasets`, of which only
what recipes ask for is here: this needs neither TensorFlow nor TFDS.
"""

import pathlib

import keras
import numpy as np

from keras_gans import datasets, image_files, resizing
from keras_gans.datasets.checks import SplitError
from keras_gans.pixels import to_uint8

LARGER = 286 / 256  # Images to be cropped, as in pix2pix.


def path_of(folder, dataset):
    """Where a set lies in a folder of packed ones."""
    return pathlib.Path(folder) / f"{dataset.replace('/', '_')}.npz"


def serve(folder, flips=False):
    """Makes the loaders of `keras_gans.datasets` read packed sets.

    Args:
        folder: Path with the `.npz` files.
        flips: Boolean, whether samples are mirrored half of the time.
    """

    def arrays(dataset, *names):
        path = path_of(folder, dataset)
        with np.load(path) as file:
            return [file[name] for name in names if name in file]

    def load(source, batch_size, *, labels=False, image_size, channels, **more):
        x, *y = arrays(source, "x_train", "y_train")
        if labels and not y:
            raise ValueError(f"{source} was packed without labels.")
        _check_shape(source, x, (*image_size, channels))
        y = y[0].astype("int32") if labels else None

        def make(rng, indices):
            images = x[indices]
            if flips:
                mirrored = rng.random(len(images)) < 0.5
                images[mirrored] = images[mirrored, :, ::-1]
            images = _scaled(images)
            return (images, y[indices]) if labels else (images,)

        return Batches(make, (len(x),), batch_size, **more)

    def load_pairs(source, batch_size, *, direction="ab", **more):
        both = arrays(source, "a", "b")
        both = both[::-1] if direction == "ba" else both
        more.pop("sides", None)
        return _two(both, batch_size, paired=True, **more)

    def load_unpaired(source, other, batch_size, **more):
        return _two(arrays(source, "a", "b"), batch_size, paired=False, **more)

    def load_high_res(source, batch_size, *, scale, augment=False, **more):
        (x,) = arrays(source, "x_train")
        side = more.pop("crop_size", 96)
        more.pop("channels")
        shrink = resizing.bicubic_matrix(side, side // scale).astype("float32")

        def make(rng, indices):
            high = np.stack([_crop(x[i], side, augment, rng) for i in indices])
            low = np.einsum("ih,nhwc->niwc", shrink, high.astype("float32"))
            low = np.einsum("jw,niwc->nijc", shrink, low)
            return _scaled(np.clip(np.rint(low), 0, 255)), _scaled(high)

        return Batches(make, (len(x),), batch_size, **more)

    datasets.load, datasets.load_pairs = load, load_pairs
    datasets.load_unpaired = load_unpaired
    datasets.load_high_res = load_high_res


def _two(both, batch_size, *, paired, augment=False, image_size, **more):
    """Batches of two images, alike where they are `paired`."""
    size = tuple(image_size)
    channels = more.pop("channels")
    goal = tuple(round(s * LARGER) for s in size) if augment else size
    for x, depth in zip(both, channels):
        _check_shape("the set", x, (*x.shape[1:3], depth))
    both = [_resized(x, goal) for x in both]
    sizes = (len(both[0]),) if paired else tuple(map(len, both))

    def make(rng, *indices):
        indices = indices * 2 if paired else indices
        batch = []
        for x, rows in zip(both, indices):
            if not (paired and batch):
                draws = rng.random((len(rows), 3))
            batch.append(_scaled(_jittered(x[rows], draws, size)))
        return tuple(batch)

    return Batches(make, sizes, batch_size, **more)


class Batches(keras.utils.PyDataset):
    """Batches by number: each is a function of the seed and of its step.

    Args:
        make: Function of a `numpy.random.Generator` and arrays of indices,
            one of each of `sizes`.
        sizes: Tuple, the number of examples of each side. A pass is over the
            largest; each has an order of its own in each of its passes.
        batch_size: Integer.
        seed: Integer.
        skip: Integer, the steps to leave out.
        repeat: Boolean, see `datasets.load`.
        split: As in `datasets.load`; there is "train" alone.
    """

    def __init__(
        self, make, sizes, batch_size, *, seed, skip=0, repeat=False, **more
    ):
        super().__init__(workers=2, max_queue_size=16)
        split = more.pop("split", "train")
        if "test" in split:
            raise SplitError("Packed sets are of training alone.")
        self.make, self.sizes, self.seed, self.skip = make, sizes, seed, skip
        self.size = batch_size
        self.one_pass = max(sizes) // batch_size
        self.repeat = repeat
        self.orders = {}
        self._keras_gans_classes = self._keras_gans_seen = None

    def __len__(self):
        return 2**40 if self.repeat else self.one_pass

    def cardinality(self):
        return len(self)

    def __getitem__(self, number):
        step = number + self.skip
        rng = np.random.default_rng((self.seed, 1, step))
        return self.make(
            rng, *(self._indices(i, step) for i in range(len(self.sizes)))
        )

    def _indices(self, side, step):
        passes, place = divmod(step, self.sizes[side] // self.size)
        key = (side, passes)
        order = self.orders.get(key)
        if order is None:
            rng = np.random.default_rng((self.seed, 2, *key))
            order = rng.permutation(self.sizes[side])
            # Two workers may be on both sides of a border.
            self.orders.pop((side, passes - 2), None)
            self.orders[key] = order
        return order[place * self.size : (place + 1) * self.size]

    # What a run asks of a `tf.data.Dataset`.

    def __iter__(self):
        for number in range(len(self)):
            yield tuple(x.view(_Tensor) for x in self[number])

    def take(self, count):
        for number in range(count):
            yield tuple(x.view(_Tensor) for x in self[number])


class _Tensor(np.ndarray):
    def numpy(self):
        return np.asarray(self)


def _check_shape(name, x, wanted):
    if x.ndim != 4 or x.shape[1:] != wanted or x.dtype != np.uint8:
        raise ValueError(
            f"{name} must be packed as uint8 images of shape {wanted}. "
            f"Received: {x.dtype} of {x.shape[1:]}"
        )


def _scaled(images):
    scaled = images.astype("float32")
    scaled /= 127.5
    scaled -= 1.0
    return scaled


def _resized(x, size):
    if x.shape[1:3] == size:
        return x
    parts = np.array_split(x, -(-len(x) // 256))
    return np.concatenate([resizing.bicubic(part, size) for part in parts])


def _jittered(images, draws, size):
    """Crops of `size` at random places, mirrored half of the time."""
    room = np.array(images.shape[1:3]) - size + 1
    if room.max() == 1:
        return images
    made = np.empty((len(images), *size, images.shape[-1]), images.dtype)
    for i, (image, draw) in enumerate(zip(images, draws)):
        top, left = (draw[:2] * room).astype(int)
        crop = image[top : top + size[0], left : left + size[1]]
        made[i] = crop[:, ::-1] if draw[2] < 0.5 else crop
    return made


def _crop(image, side, augment, rng):
    """A square of an image, turned and mirrored in one of eight ways."""
    top, left = rng.integers(np.array(image.shape[:2]) - side + 1)
    crop = image[top : top + side, left : left + side]
    if augment:
        flips = rng.integers(2, size=3)
        crop = crop[:, ::-1] if flips[0] else crop
        crop = crop[::-1] if flips[1] else crop
        crop = crop.transpose(1, 0, 2) if flips[2] else crop
    return crop


# ---- packing --------------------------------------------------------------


def pack(folder, recipe):
    """Writes the `.npz` of a recipe's training data, from where they lie.

    Args:
        folder: Path.
        recipe: Dict, see `runs.check_recipe`.

    Returns:
        The path.
    """
    dataset = recipe["dataset"]
    if "high_res" in recipe:
        arrays = {"x_train": _photographs(dataset)}
    elif "pairs" in recipe:
        sides = recipe["pairs"].get("sides")
        data = datasets.load_pairs(dataset, 50, sides=sides, **_AS_IT_IS)
        arrays = dict(zip(("a", "b"), _columns(data)))
    elif "unpaired" in recipe:
        splits = recipe["unpaired"].get("splits", {})
        splits = splits.get("train", ["train", "train"])
        arrays = {}
        for name, source, split in zip(
            ("a", "b"), (dataset, recipe["dataset_b"]), splits
        ):
            data = datasets.load(source, 50, split=split, **_AS_IT_IS)
            (arrays[name],) = _columns(data)
    else:
        labels = recipe.get("labels", False)
        data = datasets.load(dataset, 250, labels=labels, **_AS_IT_IS)
        arrays = dict(zip(("x_train", "y_train"), _columns(data)))
    path = path_of(folder, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


_AS_IT_IS = {"shuffle": False, "drop_remainder": False}


def _columns(data):
    """The arrays of all batches, images as uint8."""
    batches = [x if isinstance(x, tuple) else (x,) for x in data]
    columns = [
        np.concatenate([np.asarray(x) for x in column])
        for column in zip(*batches)
    ]
    return [to_uint8(x) if x.ndim == 4 else x for x in columns]


def _photographs(folder):
    """One array of photographs, those of portrait format turned.

    Of other sizes the upper left part, as large as the smallest.
    """
    photos = [image_files.read(file, 3)[0] for file in image_files.find(folder)]
    photos = [
        x.transpose(1, 0, 2) if x.shape[0] > x.shape[1] else x for x in photos
    ]
    height, width, _ = np.min([x.shape for x in photos], axis=0)
    return np.stack([x[:height, :width] for x in photos])
