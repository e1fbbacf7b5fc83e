"""Every batch is looked at, by the step: the same sentence on all backends."""

import keras
import numpy as np
import pytest
from cases import (
    assert_equal,
    points_gan,
    tiny_gan,
    weights_of,
)

import keras_gans
from keras_gans.models import data_watch

SHAPE = (2, 2, 1)
LABELS = np.arange(8) % 3


def images(*values, shape=SHAPE):
    """Eight of them, in which some of the values are given."""
    x = np.tanh(np.random.default_rng(0).normal(size=(8, *shape)))
    x[: len(values), 0, 0, 0] = values
    return x.astype("float32")


def conditional_gan():
    """The smallest."""
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    layers = keras.layers
    x = layers.Concatenate()([latents, layers.Embedding(3, 2)(labels)])
    x = layers.Reshape(SHAPE)(layers.Dense(4, "tanh")(x))
    generator = keras.Model([latents, labels], x)
    images = keras.Input(SHAPE)
    x = layers.Flatten()(images)
    x = layers.Concatenate()([x, layers.Embedding(3, 2)(labels)])
    discriminator = keras.Model([images, labels], layers.Dense(1)(x))
    return keras_gans.ConditionalGAN(
        generator, discriminator, num_classes=3, latent_dim=4
    )


def compiled(model):
    model.compile()
    return model


def refused(words, model, *batches, run="fit"):
    if run == "fit":
        with pytest.raises(ValueError, match=words):
            steps = len(batches)
            model.fit(iter_of(batches), steps_per_epoch=steps, verbose=0)
    else:
        with pytest.raises(ValueError, match=words):
            model.evaluate(iter_of(batches), steps=len(batches), verbose=0)


def iter_of(batches):
    yield from batches


@pytest.mark.slow
def test_values_that_cannot_be_in_a_later_batch():
    model = compiled(tiny_gan(SHAPE))
    model.fit(images(), verbose=0)
    refused(
        r"x must be finite and in \[-1, 1\] in every batch. Received: x with "
        "2 values that are not, at step 2 of this call of fit.*the last good",
        model,
        (images(),),
        (images(37.0, np.nan),),
    )
    assert all(np.isfinite(w).all() for w in weights_of(model))
    refused(
        r"^x must be finite and in .* x with 2 values",
        model,
        (images(),),
        (images(37.0, np.nan),),
        run="evaluate",
    )
    # What was seen then is forgotten.
    assert np.isfinite(model.evaluate(images(), verbose=0)).all()


@pytest.mark.slow
def test_labels_of_a_later_batch():
    model = compiled(conditional_gan())
    refused(
        "y must be between 0 and 2 in every batch. Received: y with 2 values "
        "that are not, at step 2",
        model,
        (images(), LABELS),
        (images(), LABELS + 1),
    )


def test_labels_are_compared_before_they_are_made_smaller():
    part = conditional_gan().batch_parts()[1]
    large = np.full(8, 2**32 + 1, "int64")
    assert large.astype("int32")[0] == 1
    values = keras.ops.convert_to_tensor(large)
    if keras.backend.standardize_dtype(values.dtype) != "int64":
        pytest.skip("has no 64 bits")
    _, count = data_watch._read(part, values)
    assert int(keras.ops.convert_to_numpy(count)) == 8


@pytest.mark.slow
def test_a_list_of_callbacks_of_keras_own_has_no_guard():
    model = compiled(points_gan())
    callbacks = keras.callbacks.CallbackList([], add_history=True, model=model)
    batches = [(np.ones((8, 2), "float32"),), (np.full((8, 2), np.nan, "f"),)]
    with pytest.raises(ValueError, match="^x must be finite"):
        model.fit(
            iter_of(batches), steps_per_epoch=2, verbose=0, callbacks=callbacks
        )


@pytest.mark.slow
def test_points_may_be_anything_but_nan():
    points = np.ones((8, 2), "float32")
    refused(
        "^x must be finite in every batch. Received: x with 16 values",
        compiled(points_gan()),
        (50 * points,),
        (points * np.inf,),
    )


@pytest.mark.slow
def test_validation_data_and_later_epochs():
    model = compiled(points_gan())
    good, bad = np.ones((8, 2), "float32"), np.full((8, 2), np.inf, "float32")
    with pytest.raises(ValueError, match="^validation_data: x must be finite"):
        model.fit(
            good,
            validation_data=iter_of([(good,), (bad,)]),
            validation_steps=2,
            verbose=0,
        )
    # The last execution's logs tell of all steps before.
    with pytest.raises(ValueError, match="^x must be finite.*at step 4"):
        model.fit(
            iter_of([(good,)] * 3 + [(bad,)] + [(good,)] * 2),
            steps_per_epoch=3,
            epochs=2,
            verbose=0,
        )


@pytest.mark.slow
def test_srresnet():
    model = compiled(
        keras_gans.SRResNet(
            scale=2, channels=1, filters=2, num_residual_blocks=1
        )
    )
    low, high = images(shape=(2, 2, 1)), images(shape=(4, 4, 1))
    model.fit(low, high, sample_weight=np.ones((8, 1, 1)), verbose=0)
    with pytest.raises(ValueError, match=r"x must be images in .* 127.5 - 1"):
        model.fit((low + 1) * 100, high, verbose=0)
    bad = (low, 300 * high)
    refused("^y must be finite and in .*at step 2", model, (low, high), bad)
    refused("^y must be finite", model, (low, high), bad, run="evaluate")


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch's executions are steps"
)
def test_several_steps_in_an_execution():
    model = points_gan()
    model.compile(steps_per_execution=2)
    good, bad = np.ones((8, 2), "float32"), np.full((8, 2), np.nan, "float32")
    refused("^x must be finite.*at step 2", model, (good,), (bad,), (good,))


# ---- weights of examples --------------------------------------------------

WEIGHTS = "^(validation_data: )?sample_weight must be None, also as the third"


@pytest.mark.slow
def test_weights_by_every_door():
    model = compiled(points_gan())
    x, w = np.ones((8, 2), "float32"), np.ones(8, "float32")
    for arguments in (
        {"sample_weight": w},
        {"validation_data": (x, None, w)},
    ):
        with pytest.raises(ValueError, match=WEIGHTS):
            model.fit(x, verbose=0, **arguments)
    for function in (model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match=WEIGHTS):
            function(x, sample_weight=w)
    refused(WEIGHTS, model, (x, x, w))
    with pytest.raises(ValueError, match="class_weight must be None"):
        model.fit(x, class_weight={0: 2.0}, verbose=0)


# ---- what it is not -------------------------------------------------------


@pytest.mark.slow
def test_good_data_leave_no_trace(tmp_path):
    """Neither in the logs, nor in files, nor in the names of metrics."""
    model = compiled(points_gan())
    x = np.ones((8, 2), "float32")
    history = model.fit(x, verbose=0).history
    assert set(history) == {"d_loss", "g_loss"}
    assert [m.name for m in model.metrics] == ["d_loss", "g_loss"]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_equal(weights_of(loaded), weights_of(model))
    assert len(model.metrics_variables) == 6  # Two means, and two counts.


def test_one_batch_is_refused_before_its_step():
    model = compiled(tiny_gan(SHAPE))
    before = weights_of(model)
    with pytest.raises(ValueError, match=r"x must be images in .*\[-1.5"):
        model.train_on_batch(images(-1.5))
    assert_equal(weights_of(model), before)


@pytest.mark.slow
def test_one_generator_object_serves_again():
    model = compiled(points_gan())
    x = np.ones((8, 2), "float32")
    given = []

    def batches():
        for i in range(40):
            given.append(i)
            yield (x,)

    generator = batches()
    for _ in range(3):
        model.fit(generator, steps_per_epoch=2, verbose=0)
    assert len(given) >= 6
