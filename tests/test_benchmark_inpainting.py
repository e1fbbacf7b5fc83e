"""InpaintingGAN in plain PyTorch is the same model."""

import keras
import numpy as np
import pytest
from test_benchmarks import copy_weights, load, need, on_the_path, tiny

pytestmark = pytest.mark.neutral
__all__ = ["on_the_path"]  # A fixture.


def test_networks_and_losses_are_the_same():
    need("torch")
    import torch

    shape = (16, 16, 3)
    family, settings = tiny("InpaintingGAN", image_shape=shape)
    trainer = load("plain_side").Trainer(family, settings)
    ours = family.ours(settings)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, *shape)).astype("float32")
    masks = (rng.random((2, 16, 16, 1)) < 0.3).astype("float32")
    x_torch, masks_torch = trainer.batch(x, masks)
    copy_weights(ours.generator, trainer.generator)
    inputs = [x * (1 - masks), masks]
    with torch.no_grad():
        made = trainer.generator(*trainer.batch(*inputs)).movedim(1, -1)
    expected = keras.ops.convert_to_numpy(ours.generator(inputs))
    np.testing.assert_allclose(made.numpy(), expected, rtol=1e-4, atol=1e-4)

    # Each side estimates singular values in its own way: at their limit.
    pairs = np.concatenate([x, masks], -1)
    theirs = [
        m for m in trainer.discriminator if hasattr(m, "parametrizations")
    ]
    own = [m.layer for m in ours.discriminator.layers if hasattr(m, "layer")]
    with torch.no_grad():
        for layer, other in zip(own, theirs, strict=True):
            kernel = keras.ops.convert_to_numpy(layer.kernel)
            kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
            original = other.parametrizations.weight.original
            original.copy_(torch.from_numpy(kernel))
        for _ in range(100):
            logits = trainer.discriminator(*trainer.batch(pairs))
            expected = ours.discriminator(pairs, training=True)
    np.testing.assert_allclose(
        logits.movedim(1, -1).numpy(),
        keras.ops.convert_to_numpy(expected),
        rtol=1e-2,
        atol=1e-3,
    )
    ours.compile(run_eagerly=True)
    ours.__dict__["draw_masks"] = lambda n, seed=None: (
        keras.ops.convert_to_tensor(masks)
    )
    logs = ours.train_on_batch(x, return_dict=True)
    losses = trainer.step(x_torch, masks_torch)
    np.testing.assert_allclose(
        [float(loss) for loss in losses],
        [logs["d_loss"], logs["g_loss"]],
        rtol=1e-3,
    )


def test_masks_are_boxes():
    need("torch")
    import torch

    masks = load("families.inpainting_gan").draw_masks(
        torch.zeros(20, 3, 16, 16)
    )
    assert masks.shape == (20, 1, 16, 16)
    assert 0.05 < float(masks.mean()) < 0.6
    assert set(masks.unique().tolist()) == {0.0, 1.0}
