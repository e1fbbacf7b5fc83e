import functools

import keras
import numpy as np
import pytest
from cases import Case, fit, tiny_inpainting_gan, weights_of
from keras import layers, ops

import keras_gans
from keras_gans import backend
from keras_gans.models.inpainting_gan import (
    Gate,
    InpaintingGenerator,
    SNPatchGANDiscriminator,
    inpainting_l1_loss,
)
from keras_gans.models.masks import free_form_masks, random_masks

CASE = Case(
    keras_gans.InpaintingGAN,
    tiny_inpainting_gan,
    logs=("d_loss", "g_loss", "l1_loss"),
    turns=("generator", "discriminator"),
)


def pictures(n=3, shape=(8, 8, 1), seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *shape)).astype("uint8")


def holes(*shape):
    """A hole in the middle of each."""
    masks = np.zeros(shape, bool)
    masks[..., 2:5, 3:6] = True
    return masks


# ---- the networks ---------------------------------------------------------


def test_a_gated_convolution_by_hand():
    inputs = keras.Input((1, 2, 1))
    # Feature 2 x - 1, gate x.
    convolution = layers.Conv2D(
        2,
        1,
        kernel_initializer=lambda *_, **__: np.array([[[[2.0, 1.0]]]]),
        bias_initializer=lambda *_, **__: np.array([-1.0, 0.0]),
    )
    network = keras.Model(inputs, Gate()(convolution(inputs)))
    made = network(np.array([[[[1.0], [-0.5]]]], "float32"))
    expected = [1.0 / (1 + np.exp(-1.0)), (np.exp(-2) - 1) / (1 + np.exp(0.5))]
    np.testing.assert_allclose(
        ops.convert_to_numpy(made).ravel(), expected, rtol=1e-5
    )
    assert network.output_shape == (None, 1, 2, 1)


@pytest.mark.neutral
def test_the_networks():
    network = InpaintingGenerator(3, filters=2, depth=3, dilations=(2,))
    assert network.divisor == 8
    images, masks = np.zeros((2, 16, 24, 3)), np.zeros((2, 16, 24, 1))
    made = network([images, masks])
    assert made.shape == images.shape and np.abs(made).max() <= 1
    # The mask is seen, not only what is left of the image.
    other = network([images, masks + 1])
    assert np.abs(ops.convert_to_numpy(made - other)).max() > 1e-4
    widths = [
        x.kernel.shape[-1] for x in network.layers if hasattr(x, "kernel")
    ]
    assert widths == [4, 8, 16, 16, 16, 16, 8, 4, 3]  # Of features and gates.
    patches = SNPatchGANDiscriminator(4, filters=2, depth=6)
    logits = patches(np.zeros((1, 256, 256, 4)))
    assert logits.shape == (1, 4, 4, 8)  # Each of the features is one.


@pytest.mark.neutral
def test_all_convolutions_of_the_discriminator_are_normalized():
    network = SNPatchGANDiscriminator(4, filters=2, depth=3)
    kinds = [type(layer).__name__ for layer in network.layers[1:]]
    assert kinds == [
        "SpectralNormalization",
        "LeakyReLU",
        "SpectralNormalization",
        "LeakyReLU",
        "SpectralNormalization",
    ]


# ---- masks ----------------------------------------------------------------


@pytest.mark.parametrize("shapes", [(4, 1), (0, 3)])
def test_masks_have_the_share_that_was_asked_for(shapes):
    kinds = dict(zip(("num_strokes", "num_boxes"), shapes))
    draw = functools.partial(random_masks, 40, (24, 32), **kinds)
    masks = draw((0.1, 0.4))
    shares = masks.mean(axis=(1, 2))
    assert masks.shape == (40, 24, 32) and masks.dtype == bool
    assert 0.1 <= shares.min() < 0.15 and 0.35 < shares.max() <= 0.4
    np.testing.assert_array_equal(masks, draw((0.1, 0.4), seed=0))
    assert (masks != draw((0.1, 0.4), seed=1)).any(axis=(1, 2)).all()
    # Exactly, and of a single pixel at least.
    assert (draw((0.25, 0.25)).sum(axis=(1, 2)) == 192).all()
    assert (draw((1e-6, 1e-6)).sum(axis=(1, 2)) == 1).all()


@pytest.mark.neutral
def test_a_stroke_is_one_piece_and_a_box_is_a_box():
    for mask in random_masks(20, (32, 32), (0.1, 0.3), num_strokes=0):
        rows, columns = (np.flatnonzero(mask.any(axis=a)) for a in (1, 0))
        around = len(rows) * len(columns)
        # All of it, but for an outermost row of pixels that are equally far.
        assert around - mask.sum() <= 2 * max(len(rows), len(columns))
        assert mask[rows[1] : rows[-1], columns[1] : columns[-1]].all()
    for mask in random_masks(20, (32, 32), num_strokes=1, num_boxes=0):
        reached = np.zeros_like(mask)
        reached.flat[np.flatnonzero(mask)[0]] = True
        for _ in range(200):
            padded = np.pad(reached, 1)
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
            reached = windows.any(axis=(2, 3)) & mask
        np.testing.assert_array_equal(reached, mask)


def test_replicas_draw_what_one_device_draws(monkeypatch):
    model = tiny_inpainting_gan(seed=3)
    state = model.seed_generator.state
    before = np.array(ops.convert_to_numpy(state))

    def draw(n):
        state.assign(before)
        return ops.convert_to_numpy(model.draw_masks(n))

    whole = draw(6)
    assert whole.shape == (6, 8, 8, 1) and set(np.unique(whole)) == {0, 1}
    monkeypatch.setattr(backend, "num_replicas", lambda: 2)
    for i in range(2):
        monkeypatch.setattr(
            backend, "replica_slice", lambda x, n, i=i: x[i * n : (i + 1) * n]
        )
        np.testing.assert_array_equal(draw(3), whole[3 * i : 3 * i + 3])


@pytest.mark.slow
def test_masks_are_drawn_anew_in_every_step():
    seen = []

    class Spy(keras_gans.InpaintingGAN):
        def draw_masks(self, n, seed=None):
            masks = super().draw_masks(n, seed)
            seen.append(ops.convert_to_numpy(masks))
            return masks

    model = Spy(
        *(getattr(tiny_inpainting_gan(), n) for n in NETWORKS), (8, 8, 1)
    )
    model.compile(run_eagerly=True)
    if keras.backend.backend() == "jax":
        images = ops.convert_to_tensor(pictures(4) / 127.5 - 1, "float32")
        model.train_step(images)
        model.train_step(images)
    else:
        model.train_on_batch(pictures(4))
        model.train_on_batch(pictures(4))
    first, second = seen
    assert (first != second).any() and (first[0] != first[1]).any()


NETWORKS = ("generator", "discriminator")


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"hole_ratio": (0.5, 0.1)}, "hole_ratio must be .least, greatest."),
        ({"hole_ratio": (0.0, 0.1)}, "hole_ratio must be"),
        ({"hole_ratio": 0.3}, "hole_ratio must be"),
        ({"num_strokes": 0, "num_boxes": 0}, "for there to be a hole"),
        ({"num_boxes": -1}, "num_boxes must be an integer"),
        ({"adversarial_weight": -1}, "adversarial_weight must be a number"),
        ({"hole_weight": "6"}, "hole_weight must be a number"),
        ({"valid_weight": -0.1}, "valid_weight must be a number"),
        ({"ema_momentum": 1.0}, "ema_momentum must be a float"),
    ],
)
def test_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"(?s){words}.*Received: "):
        tiny_inpainting_gan(**arguments)


@pytest.mark.neutral
def test_networks_must_fit():
    with pytest.raises(ValueError, match="multiples of 16.*Received"):
        keras_gans.InpaintingGAN(image_shape=(60, 64, 3))
    one = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(1, 1)])
    with pytest.raises(ValueError, match=r"must take \[images, masks\]"):
        tiny_inpainting_gan(generator=one)


# ---- the step -------------------------------------------------------------


def test_weights_of_the_l1_loss_by_hand():
    images = np.zeros((1, 1, 4, 1), "float32")
    made = np.array([0.5, 0.25, 0.0, -1.0], "float32").reshape(1, 1, 4, 1)
    masks = np.array([1, 1, 0, 0], "float32").reshape(1, 1, 4, 1)
    images, made, masks = map(ops.convert_to_tensor, (images, made, masks))
    loss = inpainting_l1_loss(images, made, masks)
    assert float(loss) == pytest.approx((6 * 0.75 + 1.0) / 4)
    loss = inpainting_l1_loss(images, made, masks, 0.0, 2.0)
    assert float(loss) == pytest.approx(2 * 1.0 / 4)


class Constant(layers.Layer):
    """0.5 everywhere, whatever it sees, and a weight that does nothing."""

    def build(self, shapes):
        self.w = self.add_weight((), "zeros", name="w")

    def call(self, inputs):
        images, masks = inputs
        return 0 * images + 0.5 + self.w


def known(**kwargs):
    """A model whose losses are known: D is the mean colour plus the mask."""
    images, masks = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    generator = keras.Model([images, masks], Constant()([images, masks]))
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(1, 1, kernel_initializer="ones"),
            layers.GlobalAveragePooling2D(),
        ]
    )
    return tiny_inpainting_gan(
        generator=generator,
        discriminator=discriminator,
        hole_ratio=(0.25, 0.25),
        **{"adversarial_weight": 0.1, **kwargs},
    )


@pytest.mark.slow
def test_losses_by_hand():
    model = known()
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    x = np.full((4, 8, 8, 1), 0.25, "float32")
    tested = model.evaluate(x, verbose=0, return_dict=True)
    logs = model.train_on_batch(x, return_dict=True)
    # A quarter is hole and becomes 0.5 there; D sees the masks too.
    real, fake = 0.25 + 0.25, 0.75 * 0.25 + 0.25 * 0.5 + 0.25
    l1_loss = 0.25 * (6 * 0.25 + 0.75)
    expected = {
        "l1_loss": l1_loss,
        "g_loss": l1_loss - 0.1 * fake,
        "d_loss": (1 - real) + (1 + fake),
    }
    for found in (tested, logs):
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-5), name


@pytest.mark.slow
@pytest.mark.neutral
def test_the_generator_never_sees_what_is_in_the_hole():
    model, masks = tiny_inpainting_gan(), holes(3, 8, 8)
    images = pictures()
    other = np.where(masks[..., None], 255 - images, images)
    np.testing.assert_array_equal(
        model.inpaint(images, masks), model.inpaint(other, masks)
    )
    inputs = [x.astype("float32") / 127.5 - 1 for x in (images, other)]
    floats = masks[..., None].astype("float32")
    a, b = (model.predict([x, floats], verbose=0) for x in inputs)
    np.testing.assert_allclose(a, b, atol=1e-6)
    # Known pixels are those of the input.
    np.testing.assert_array_equal(a[~masks], inputs[0][~masks])


@pytest.mark.slow
@pytest.mark.neutral
def test_it_learns_and_the_average_follows():
    keras.utils.set_random_seed(0)
    model = tiny_inpainting_gan(ema_momentum=0.5, adversarial_weight=0.0)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-3))
    x = np.full((64, 8, 8, 1), 0.5, "float32")
    history = fit(model, x, epochs=5)["l1_loss"]
    assert history[-1] < 0.5 * history[0]
    assert model.inference_network is model.ema_generator
    raw, average = (
        weights_of(network)
        for network in (model.generator, model.ema_generator)
    )
    assert all(np.abs(a - b).mean() < 0.05 for a, b in zip(raw, average))
    assert any((a != b).any() for a, b in zip(raw, average))
    loaded = type(model).from_config(model.get_config())
    assert loaded.ema_generator is not None


# ---- inpaint --------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.neutral
def test_any_size_and_known_pixels_stay():
    model = tiny_inpainting_gan()
    for height, width in ((8, 8), (13, 9), (6, 21), (7, 7)):
        images = pictures(2, (height, width, 1))
        masks = holes(2, height, width)
        made = model.inpaint(images, masks)
        assert made.shape == images.shape and made.dtype == np.uint8
        np.testing.assert_array_equal(made[~masks], images[~masks])
        assert (made[masks] != images[masks]).any()
        # One image, one mask for all, and masks of numbers.
        alone = model.inpaint(images[0], masks[0].astype("uint8") * 7)
        assert np.abs(alone.astype(int) - made[0]).max() <= 1
        np.testing.assert_array_equal(model.inpaint(images, masks[0]), made)
        one = model.inpaint(images, masks, batch_size=1).astype(int)
        assert np.abs(one - made).max() <= 1
    # Nothing to do, and nothing known.
    np.testing.assert_array_equal(model.inpaint(images, 0 * masks > 0), images)
    assert model.inpaint(images, masks | True).shape == images.shape


@pytest.mark.neutral
def test_padding_is_a_reflection_and_is_cut_off():
    class Known(layers.Layer):
        def call(self, inputs):
            return ops.flip(inputs[0], axis=2)

    ends = [keras.Input((None, None, 1)) for _ in range(2)]
    generator = keras.Model(ends, Known()(ends))
    generator.divisor = 8
    model = tiny_inpainting_gan(generator=generator)
    images, masks = pictures(1, (8, 5, 1)), np.zeros((8, 5), bool)
    masks[:, 0] = True
    # (0) 1 2 3 4 becomes (0) 1 2 3 4 4 3 2, and that turned around.
    np.testing.assert_array_equal(
        model.inpaint(images, masks)[0, :, 0], images[0, :, 2]
    )


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "images, masks, words",
    [
        (np.zeros((2, 8, 8, 3), "uint8"), holes(8, 8), "images must be"),
        (np.zeros((8, 8), "uint8"), holes(8, 8), "images must be"),
        (np.zeros((0, 8, 8, 1), "uint8"), holes(8, 8), "images must be"),
        (np.zeros((8, 8, 1), "int32"), holes(8, 8), "images must be"),
        (pictures(), holes(8, 9), "masks must be .height, width."),
        (pictures(), holes(2, 8, 8), "masks must be .height, width."),
        (pictures(), holes(8, 8).astype("float32"), "masks must be bool or"),
        (pictures()[0], holes(8, 8)[..., None], "masks must be .height"),
    ],
)
def test_inpaint_refuses_what_it_cannot_take(images, masks, words):
    with pytest.raises(ValueError, match=f"{words}.*Received: "):
        tiny_inpainting_gan().inpaint(images, masks)


@pytest.mark.neutral
def test_there_is_no_sampling():
    with pytest.raises(TypeError, match="use inpaint"):
        tiny_inpainting_gan().generate(4)


@pytest.mark.neutral
@pytest.mark.slow
def test_the_export_keeps_known_pixels(tmp_path):
    import tensorflow as tf

    model = tiny_inpainting_gan(ema_momentum=0.9)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    images, masks = pictures(), holes(3, 8, 8)
    made = np.asarray(loaded.serve([images, masks.astype("uint8")]))
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made[~masks], images[~masks])
    expected = model.inpaint(images, masks).astype(int)
    assert np.abs(made - expected).max() <= 1


@pytest.mark.slow
def test_masks_are_made_in_a_graph():
    # Compiled by XLA where the backend has it, from seeds and not from Python.
    model = tiny_inpainting_gan()
    model.compile(jit_compile=keras.backend.backend() != "torch")
    logs = [model.train_on_batch(pictures(8))[2] for _ in range(3)]
    assert len(set(map(float, logs))) == 3 and np.isfinite(logs).all()


@pytest.mark.neutral
def test_shapes_that_are_left_out_are_far_away():
    def two_boxes(distribution, shape):
        # At the top left, and left out at the bottom right.
        boxes = [[0.2, 0.2, 0.1, 0.1, 0.9], [0.8, 0.8, 0.1, 0.1, 0.1]]
        return ops.convert_to_tensor([boxes] if len(shape) == 3 else [[0.5]])

    masks = free_form_masks(two_boxes, 1, (20, 20), (0.1, 0.3), 0, 2)
    masks = ops.convert_to_numpy(masks)[0, ..., 0]
    assert masks.sum() == 80  # The middle of the range.
    assert masks[4, 4] == 1 and not masks[12:, 12:].any()


def test_draws_are_uniform_numbers():
    # All shapes left out are all there: no mask without a shape.
    def absent(distribution, shape):
        return ops.full(shape, 0.4)

    mask = free_form_masks(absent, 1, (16, 16), (0.2, 0.2), 0, 1)
    mask = ops.convert_to_numpy(mask)[0, ..., 0]
    assert mask[6, 6] == 1 and mask[0, 0] == mask[-1, -1] == 0
