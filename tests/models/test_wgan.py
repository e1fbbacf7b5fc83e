import keras
import numpy as np
import pytest
from cases import LATENT_DIM, Case, adam, fit, tiny_wgan, weights_of
from keras import layers, ops

import keras_gans

CASE = Case(keras_gans.WGAN, tiny_wgan, unseen=1)


def linear_wgan(kernel=0.5, **kwargs):
    """Scores are a multiple of the sum of two coordinates."""
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(
                1, kernel_initializer=keras.initializers.Constant(kernel)
            ),
        ]
    )
    generator = keras.Sequential([keras.Input((LATENT_DIM,)), layers.Dense(2)])
    return keras_gans.WGAN(
        generator, discriminator, latent_dim=LATENT_DIM, seed=0, **kwargs
    )


def test_weights_are_clipped_after_every_step():
    model = linear_wgan(clip_value=0.02, discriminator_steps=3)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    seen = []
    minimize = model.minimize

    def spy(loss_fn, optimizer, network):
        seen.append(np.abs(weights_of(model.discriminator)[0]).max())
        return minimize(loss_fn, optimizer, network)

    model.minimize = spy
    model.run_eagerly = True
    model.train_step((ops.ones((6, 2)),))
    # As initialized, then clipped before each of the others.
    assert seen == pytest.approx([0.5, 0.02, 0.02, 0.02])
    assert np.abs(weights_of(model.discriminator)[0]).max() <= 0.02 + 1e-7


@pytest.mark.slow
def test_batch_normalization_is_clipped_too():
    model = tiny_wgan(image_shape=(16, 16, 1))
    model.compile(adam(), adam())
    fit(model, np.zeros((8, 16, 16, 1), "float32"))
    for v in model.discriminator.trainable_variables:
        assert np.abs(ops.convert_to_numpy(v)).max() <= model.clip_value + 1e-6
    assert any("gamma" in v.path for v in model.discriminator.weights)


@pytest.mark.neutral
def test_the_gap_grows_and_the_generator_follows():
    # Real points lie at (2, 2): scores rise towards them, and so do samples.
    model = linear_wgan(kernel=0.0, clip_value=1.0, discriminator_steps=2)
    model.compile(keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05))
    before = model.generate(200, seed=0).mean(axis=0)
    fit(model, np.full((16, 2), 2.0, "float32"), batch_size=16)
    assert (weights_of(model.discriminator)[0] > 0).all()
    assert (model.generate(200, seed=0).mean(axis=0) > before).all()


@pytest.mark.neutral
def test_discriminator_steps_see_fresh_slices():
    model = linear_wgan(discriminator_steps=3)
    model.compile(adam(), adam())
    x = np.arange(12, dtype="float32").reshape(6, 2)
    seen = []
    call = type(model.discriminator).call

    def record(inputs, *args, **kwargs):
        seen.append(np.array(ops.convert_to_numpy(inputs)))
        return call(model.discriminator, inputs, *args, **kwargs)

    model.discriminator.call = record
    model.run_eagerly = True
    if keras.backend.backend() == "jax":
        pytest.skip("looks at values inside of a step")
    model.train_step((ops.convert_to_tensor(x),))
    real, fake = seen[0:6:2], seen[1:6:2]
    assert {tuple(p) for r in real for p in r} == {tuple(p) for p in x}
    assert len({tuple(p) for f in [*fake, seen[6]] for p in f}) == 8


@pytest.mark.neutral
def test_the_papers_optimizers():
    for optimizer in tiny_wgan().default_optimizers():
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate) == pytest.approx(5e-5)
        assert optimizer.rho == 0.99


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6, 3e-8])
def test_the_default_moves_as_the_authors_rmsprop(size):
    """PyTorch's, whose 1e-8 is outside the root, for gradients of any size."""
    optimizer, _ = tiny_wgan().default_optimizers()
    gradients = size * np.random.default_rng(0).uniform(0.5, 2, (20, 3))
    gradients *= [1, -1, 1]
    variable = keras.Variable(np.zeros(3), dtype="float32")
    optimizer.build([variable])
    theirs, square = np.zeros(3), np.zeros(3)
    for g in gradients:
        optimizer.apply([ops.convert_to_tensor(g, "float32")])
        square = 0.99 * square + 0.01 * g**2
        theirs -= 5e-5 * g / (np.sqrt(square) + 1e-8)
    # Where all is as small as the epsilon the two differ, by at most a half.
    tolerance = 1e-4 if size > 1e-7 else 0.5
    if size == 1e-6:
        tolerance = 0.1
    ours = ops.convert_to_numpy(variable)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance)
    if keras.backend.backend() == "torch":
        import torch

        x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        authors = torch.optim.RMSprop([x], lr=5e-5)
        for g in gradients:
            x.grad = torch.tensor(g)
            authors.step()
        np.testing.assert_allclose(x.detach().numpy(), theirs, rtol=1e-6)


@pytest.mark.neutral
@pytest.mark.parametrize("value", [0, -0.01, "0.01", True, float("inf")])
def test_clip_value_is_positive(value):
    with pytest.raises(ValueError, match=f"Received: clip_value={value!r}"):
        tiny_wgan(clip_value=value)
