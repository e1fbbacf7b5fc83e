"""The Inception network of 2015, beside one in PyTorch."""

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from keras_gans.metrics import inception, inception_weights
from keras_gans.presets.uninitialized import uninitialized

# Small, and large enough for borders to be few among the last block's pixels.
SHAPE = (139, 107, 3)


def images(n, shape=SHAPE, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *shape)).astype("uint8")


@pytest.fixture(scope="module")
def port():
    pytest.importorskip("torch", reason="the network is compared with one")
    from inception_pytorch import random_port

    return random_port()


@pytest.fixture(scope="module")
def built():
    with uninitialized():
        return inception.build_inception()


@pytest.fixture(scope="module")
def network(port, built, tmp_path_factory):
    """Ours, with the weights of the port."""
    import torch

    path = tmp_path_factory.mktemp("inception") / inception_weights.NAME
    torch.save(port.state_dict(), path)
    inception_weights._fill_from_torch(path, inception.weights(*built))
    path.unlink()
    return built[0]


def seen_by(port, x):
    """What PyTorch's network makes of images from 0 to 255."""
    import torch

    x = torch.from_numpy((np.asarray(x, "float32") - 128) / 128)
    with torch.no_grad():
        return port(x.movedim(-1, 1))


# ---- the network ----------------------------------------------------------


@pytest.mark.slow
def test_every_layer_is_that_of_the_port(port, network):
    x = images(2).astype("float32")
    expected = seen_by(port, x)
    names = [
        f"{name}_relu" if name.startswith("Conv2d") else name
        for name in expected
    ]
    assert len(names) == 18
    model = keras.Model(
        network.input, [network.get_layer(name).output for name in names]
    )
    found = model.predict_on_batch(x)
    assert found[-2].shape == (2, 2048) and found[-1].shape == (2, 1008)
    for name, y, z in zip(names, found, expected.values()):
        assert y.shape == z.shape, name
        error = np.abs(y - z).max() / np.abs(z).max()
        assert error < 1e-4, (name, error)


@pytest.mark.slow
@pytest.mark.neutral
def test_names_of_the_graph(built):
    """Some of each kind of block, as torch-fidelity's converter has them."""
    scopes = {unit.name: unit.scope for unit in built[1]}
    assert len(scopes) == len(set(scopes.values())) == 94
    for name, scope in {
        "Conv2d_1a_3x3": "conv",
        "Conv2d_4a_3x3": "conv_4",
        "Mixed_5b.branch1x1": "mixed/conv",
        "Mixed_5b.branch3x3dbl_3": "mixed/tower_1/conv_2",
        "Mixed_5c.branch5x5_2": "mixed_1/tower/conv_1",
        "Mixed_5d.branch_pool": "mixed_2/tower_2/conv",
        "Mixed_6a.branch3x3": "mixed_3/conv",
        "Mixed_6a.branch3x3dbl_3": "mixed_3/tower/conv_2",
        "Mixed_6b.branch7x7_3": "mixed_4/tower/conv_2",
        "Mixed_6c.branch7x7dbl_5": "mixed_5/tower_1/conv_4",
        "Mixed_6e.branch_pool": "mixed_7/tower_2/conv",
        "Mixed_7a.branch3x3_2": "mixed_8/tower/conv_1",
        "Mixed_7a.branch7x7x3_4": "mixed_8/tower_1/conv_3",
        "Mixed_7b.branch3x3_2a": "mixed_9/tower/mixed/conv",
        "Mixed_7b.branch3x3dbl_3b": "mixed_9/tower_1/mixed/conv_1",
        "Mixed_7c.branch1x1": "mixed_10/conv",
        "Mixed_7c.branch3x3_1": "mixed_10/tower/conv",
        "Mixed_7c.branch3x3dbl_2": "mixed_10/tower_1/conv_1",
    }.items():
        assert scopes[name] == scope


# ---- images of 299x299 ----------------------------------------------------


def resized(x, **kwargs):
    x = ops.convert_to_tensor(np.asarray(x, "float32"))
    return ops.convert_to_numpy(inception.Resize(**kwargs)(x))


def test_legacy_resizing_by_hand():
    # Enlarged: from 0 by halves, and beyond the last pixel that one again.
    x = np.array([[0, 8], [100, 108]])[None, :, :, None]
    np.testing.assert_allclose(
        resized(x, side=4)[0, :, :, 0],
        np.array([0, 50, 100, 100])[:, None] + [0, 4, 8, 8],
    )
    # Shrunk: at 0 and 1.5, so that the second of three counts for half.
    x = np.array([1, 10, 100])[None, :, None, None] * np.ones((1, 1, 3, 1))
    np.testing.assert_allclose(
        resized(x, side=2)[0, :, :, 0], [[1, 1], [55, 55]]
    )
    # Four times as large: three of four pixels are not looked at.
    x = np.arange(16)[None, None, :, None] * np.ones((1, 16, 1, 1))
    np.testing.assert_allclose(
        resized(x, side=4)[0, :, :, 0], np.tile([0, 4, 8, 12], (4, 1))
    )


@pytest.mark.parametrize("shape", [(32, 32, 3), (20, 500, 3), (640, 331, 1)])
def test_legacy_resizing_is_that_of_the_graphs_kernel(tf, shape):
    x = images(1, shape).astype("float32")
    expected = tf.raw_ops.ResizeBilinear(
        images=x, size=(299, 299), align_corners=False, half_pixel_centers=False
    )
    np.testing.assert_allclose(resized(x), expected, atol=2e-3)


@pytest.mark.parametrize("shape", [(32, 32, 3), (20, 500, 3), (640, 331, 1)])
def test_clean_resizing_is_pillows(shape):
    x = images(1, shape).astype("float32")
    found = resized(x, method="clean")
    expected = np.stack(
        [
            np.asarray(
                Image.fromarray(x[0, :, :, c]).resize(
                    (299, 299), Image.Resampling.BICUBIC
                )
            )
            for c in range(shape[-1])
        ],
        axis=-1,
    )
    assert expected.min() < 0 and expected.max() > 255  # It is not clipped.
    np.testing.assert_allclose(found[0], expected, atol=1e-2)


def test_images_of_299_stay_as_they_are():
    x = images(1, (299, 299, 3)).astype("float32")
    for method in inception.RESIZES:
        np.testing.assert_allclose(resized(x, method=method), x, atol=1e-3)
