import keras
import numpy as np
import pytest
from cases import IMAGE_SHAPE, LATENT_DIM, NUM_CLASSES, Case, adam, fit
from keras import layers, ops

import keras_gans
from keras_gans import losses
from keras_gans.models.acgan import ACGANDiscriminator, acgan_class_loss


def tiny_acgan(**kwargs):
    arguments = {
        "image_shape": IMAGE_SHAPE,
        "num_classes": NUM_CLASSES,
        "latent_dim": LATENT_DIM,
        "filters": 4,
    }
    return keras_gans.ACGAN(**{**arguments, **kwargs})


CASE = Case(keras_gans.ACGAN, tiny_acgan, ("d_loss", "g_loss", "class_loss"))

LABELS = np.array([0, 1, 2, 1, 0, 2, 1, 0], "int32")


def number(x):
    return float(ops.convert_to_numpy(x))


def test_class_loss():
    logits = np.log([[1.0, 2.0, 5.0], [4.0, 4.0, 8.0]]).astype("float32")
    loss = acgan_class_loss(
        ops.convert_to_tensor(logits), ops.convert_to_tensor([2, 0])
    )
    expected = -(np.log(5 / 8) + np.log(4 / 16)) / 2
    assert number(loss) == pytest.approx(expected, rel=1e-6)


def telling(**kwargs):
    """One pixel says the class: the generator's, and to the discriminator.

    Its logits are 0, so that what is left of the losses is known.
    """
    latents = keras.Input((1,))
    labels = keras.Input((), dtype="int32")
    levels = np.array([[-1.0], [0.0], [1.0]])
    pixel = layers.Embedding(3, 1, weights=[levels])(labels)
    generator = keras.Model([latents, labels], layers.Reshape((1, 1, 1))(pixel))
    images = keras.Input((1, 1, 1))
    flat = layers.Flatten()(images)
    classify = layers.Dense(3)
    heads = [layers.Dense(1, kernel_initializer="zeros")(flat), classify(flat)]
    classify.set_weights([np.array([[-20, 0, 20]]), np.array([-10, 0, -10])])
    return keras_gans.ACGAN(
        generator,
        keras.Model(images, heads),
        num_classes=3,
        latent_dim=1,
        **kwargs,
    )


def losses_of_step(gan, images, labels, monkeypatch):
    gan.compile(adam(), adam(), run_eagerly=True)
    monkeypatch.setattr(gan, "minimize", lambda loss_fn, *_: loss_fn())
    logs = gan.train_step(
        (ops.convert_to_tensor(images), ops.convert_to_tensor(labels))
    )
    return {name: number(value) for name, value in logs.items()}


@pytest.mark.neutral
def test_both_players_classify(monkeypatch):
    images = (LABELS - 1.0).astype("float32").reshape(-1, 1, 1, 1)
    right = losses_of_step(telling(), images, LABELS, monkeypatch)
    # Of each class the logits are 10 above the others', at least.
    assert right["class_loss"] < 1e-3
    assert right["d_loss"] == pytest.approx(2 * np.log(2), abs=1e-3)
    assert right["g_loss"] == pytest.approx(np.log(2), abs=1e-3)
    # Real images of other classes; the generated ones obey what is asked for.
    gan = telling(class_loss_weight=3.0)
    wrong = losses_of_step(gan, images, (LABELS + 1) % 3, monkeypatch)
    distances = np.array([10.0, 10.0, 40.0])[LABELS]
    assert wrong["class_loss"] == pytest.approx(distances.mean(), rel=1e-3)
    assert wrong["d_loss"] == pytest.approx(
        2 * np.log(2) + 3 * wrong["class_loss"], rel=1e-4
    )
    assert wrong["g_loss"] == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.neutral
def test_the_generator_gains_by_its_class(monkeypatch):
    # A generator that draws the next class, and so is never right.
    gan = telling(class_loss_weight=2.0)
    (embedding,) = gan.generator.weights
    embedding.assign([[0.0], [1.0], [-1.0]])
    images = np.zeros((8, 1, 1, 1), "float32")
    logs = losses_of_step(gan, images, LABELS, monkeypatch)
    cost = np.array([10.0, 10.0, 40.0])[LABELS].mean()
    assert logs["g_loss"] == pytest.approx(np.log(2) + 2 * cost, rel=1e-3)


@pytest.mark.neutral
def test_evaluate_has_the_class_loss_in_all():
    gan = telling(class_loss_weight=2.0)
    gan.compile()
    images = (LABELS - 1.0).astype("float32").reshape(-1, 1, 1, 1)
    logs = gan.evaluate(images, (LABELS + 1) % 3, verbose=0, return_dict=True)
    cost = np.array([10.0, 10.0, 40.0])[LABELS].mean()
    assert logs["class_loss"] == pytest.approx(cost, rel=1e-3)
    assert logs["d_loss"] == pytest.approx(2 * np.log(2) + 2 * cost, rel=1e-3)
    assert logs["g_loss"] == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.slow
@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments",
    [
        {"r1_weight": 1.0, "instance_noise": 0.1, "discriminator_steps": 2},
        {
            "generator_loss": losses.relativistic_average_generator_loss,
            "discriminator_loss": (
                losses.relativistic_average_discriminator_loss
            ),
            "spectral_normalization": True,
        },
    ],
    ids=["penalty", "relativistic"],
)
def test_what_every_gan_can(arguments):
    gan = tiny_acgan(**arguments)
    gan.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (8, *IMAGE_SHAPE))
    images = images.astype("float32")
    said = []
    health = keras_gans.callbacks.TrainingHealth(images, LABELS, said.append)
    logs = fit(gan, images, LABELS, callbacks=[health])
    assert np.isfinite(list(logs.values())).all()
    # It looks at the logits, and has no trouble with what is beside them.
    assert len(health.history) == 1 and not said


def test_the_penalty_is_of_the_logits_alone():
    gan = telling(r1_weight=1.0)
    real = ops.zeros((4, 1, 1, 1))
    (logits, classes), penalty = gan.judge_penalized(real, None, 1.0)
    assert logits.shape == (4, 1) and classes.shape == (4, 3)
    # Logits of zero have no slope, whatever that of the classes.
    assert number(penalty) == 0.0


def heads(*units, **kwargs):
    x = keras.Input(IMAGE_SHAPE)
    flat = layers.Flatten()(x)
    made = [layers.Dense(n, **kwargs)(flat) for n in units]
    return keras.Model(x, made if len(made) > 1 else made[0])


@pytest.mark.neutral
@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"discriminator": heads(1)}, "list of 2 tensors, logits and class"),
        ({"discriminator": heads(1, 3, 3)}, "Received: .* with 3 outputs"),
        (
            {"discriminator": heads(1, 4)},
            r"class logits of shape.*Received: num_classes=3.*\(None, 4\)",
        ),
        ({"projection": True}, "projection must.*Received: projection=True"),
        ({"num_classes": 0}, "num_classes.*Received: num_classes=0"),
        (
            {"class_loss_weight": -1.0},
            "class_loss_weight.*Received: class_loss_weight=-1.0",
        ),
        (
            {"discriminator": ACGANDiscriminator(IMAGE_SHAPE, 4, 4)},
            "num_classes must be the discriminator's, 4",
        ),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        tiny_acgan(**arguments)


@pytest.mark.neutral
def test_classes_that_end_in_softmax_are_warned_of():
    x = keras.Input(IMAGE_SHAPE)
    _, classes = heads(1, 3)(x)
    logits, _ = heads(1, 3)(x)
    within = heads(1, 3, activation="softmax")(x)[1]
    for end in (layers.Softmax()(classes), within):
        gan = tiny_acgan(discriminator=keras.Model(x, [logits, end]))
        with pytest.warns(UserWarning, match="must end in logits.*softmax"):
            gan.compile()
    tiny_acgan(discriminator=keras.Model(x, [logits, classes])).compile()
