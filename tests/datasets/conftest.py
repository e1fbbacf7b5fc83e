"""Sources that several loaders are tested on."""

import numpy as np
import pytest


@pytest.fixture
def numbered():
    """50 images of one value each, their number, which is the label too."""
    number = np.arange(50, dtype="uint8")
    return np.broadcast_to(number[:, None, None, None], (50, 4, 4, 1)), number


@pytest.fixture
def folder(tmp_path):
    """22 images of one colour each, in the sub-folders a and b."""
    from data_files import write

    for i in range(22):
        x = np.full((6, 5, 3), 10 * i, "uint8")
        write(tmp_path / "pets" / "ab"[i % 2] / "deep" / f"{i:02}.png", x)
    return tmp_path / "pets"
