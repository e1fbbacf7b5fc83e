"""What colour of hair a face in pixel art has, by its colours alone.

The faces are those of `draw_avatars.mjs`. Where a generated one has brown hair
if that was asked for, a judge need not learn it: DiceBear's colours are known.
"""

import numpy as np

DATASET = "pixel_avatars"
SAMPLES = 6000
# In the order of the data's folders, which numbers the classes.
HAIR = {
    "black": ("28150a",),
    "blond": ("cab188", "a78961"),
    "blue": ("009bbd",),
    "brown": ("603a14", "83623b", "611c17", "603015", "612616"),
    "green": ("91cb15",),
    "red": ("bd1700",),
}
OTHER = (
    *("ffdbac", "f5cfa0", "eac393", "e0b687"),
    *("cb9e6e", "b68655", "a26d3d", "8d5524"),  # Skin.
    "ffffff",
)
ROWS = 5  # of the 16 from above: what is below may be a beard, or clothes.
FAR = 1500.0  # A squared distance of colours: of neither hair nor skin.


def hair(images):
    """The colour of the hair of uint8 images `(n, 32, 32, 3)`.

    Of real faces 95% are right: the others wear hats, or hardly have hair.

    Returns:
        Integers `(n,)`, places in `HAIR`.
    """
    classes = [i for i, codes in enumerate(HAIR.values()) for _ in codes]
    classes = np.array([*classes, *[-1] * len(OTHER)])
    codes = [code for codes in HAIR.values() for code in codes]
    palette = np.array([list(bytes.fromhex(c)) for c in (*codes, *OTHER)])
    pixels = images[:, : 2 * ROWS : 2, ::2, None].astype("int32")
    distances = np.square(pixels - palette).sum(axis=-1)
    found = classes[distances.argmin(axis=-1)]
    found[distances.min(axis=-1) > FAR] = -1
    counts = [(found == i).sum(axis=(1, 2)) for i in range(len(HAIR))]
    return np.argmax(counts, axis=0)


def judgement(model):
    """A dict of how often a model's faces have the hair that was asked for."""
    found = hair(model.generate(SAMPLES, seed=0))
    agreement = float((found == np.arange(SAMPLES) % len(HAIR)).mean())
    return {
        "agreement of the hair's colour with the label (6,000 samples, seed "
        "0; of real test images 0.95)": round(agreement, 4)
    }
