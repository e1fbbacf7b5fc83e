"""What networks end in, and data of other forms: said in one sentence."""

import keras
import numpy as np
import pytest
from cases import LATENT_DIM, points_gan, points_wgan_gp, tiny_gan
from keras import layers

import keras_gans
from keras_gans.checks import UnitWarning
from keras_gans.models.gan import GANDiscriminator

pytestmark = pytest.mark.neutral
SHAPE = (4, 4, 1)


def generator(activation):
    return keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(16, activation),
            layers.Reshape(SHAPE),
        ]
    )


def discriminator(*end):
    x = keras.Input(SHAPE)
    made = layers.Dense(1, *end)(layers.Flatten()(x))
    return keras.Model(x, made)


def build(generator, discriminator, **kwargs):
    return keras_gans.GAN(
        generator, discriminator, latent_dim=LATENT_DIM, **kwargs
    )


def compiled(discriminator, make=keras_gans.GAN, **kwargs):
    model = make(
        generator("tanh"), discriminator, latent_dim=LATENT_DIM, **kwargs
    )
    model.compile()


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [keras_gans.GAN, keras_gans.WGAN, keras_gans.WGANGP]
)
def test_a_discriminator_that_ends_in_sigmoid_is_warned_of(make):
    words = "discriminator must end in logits.*ends in s"
    x = keras.Input(SHAPE)
    for last in (
        discriminator("sigmoid"),
        keras.Model(x, discriminator("sigmoid")(x)),
        keras.Model(x, layers.Softmax()(discriminator()(x))),
        keras.Model(x, layers.Flatten()(discriminator("sigmoid")(x))),
        keras.Sequential([discriminator(), layers.Activation("sigmoid")]),
    ):
        with pytest.warns(UserWarning, match=words):
            compiled(last, make)


class Hidden(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


@pytest.mark.filterwarnings("error")
def test_a_loss_or_a_step_of_ones_own_knows_what_it_takes():
    compiled(discriminator())
    x = keras.Input(SHAPE)
    compiled(keras.Model(x, Hidden()(layers.Flatten()(x))))
    compiled(
        discriminator("sigmoid"),
        discriminator_loss=lambda real, fake: keras.ops.mean(fake - real),
    )

    class Own(keras_gans.GAN):
        def train_step(self, data):
            return {}

    compiled(discriminator("sigmoid"), Own)


def test_a_generator_of_images_that_ends_in_sigmoid_is_warned_of():
    with pytest.warns(UnitWarning, match="generator ends in sigmoid.*tanh"):
        build(generator("sigmoid"), discriminator())
    build(generator("sigmoid"), discriminator(), example_kind="field")


def test_networks_with_two_outputs():
    x = keras.Input(SHAPE)
    flat = layers.Flatten()(x)
    two = keras.Model(x, [layers.Dense(1)(flat), layers.Dense(2)(flat)])
    with pytest.raises(ValueError, match="one tensor of logits.*with 2 out"):
        build(generator("tanh"), two)

    class Own(keras_gans.GAN):
        """A step that knows what to do with both."""

        def train_step(self, data):
            return {}

    Own(generator("tanh"), two, latent_dim=LATENT_DIM)
    z = keras.Input((LATENT_DIM,))
    made = layers.Reshape(SHAPE)(layers.Dense(16)(z))
    with pytest.raises(ValueError, match="one tensor of examples.*with 2 out"):
        build(keras.Model(z, [made, made]), GANDiscriminator(SHAPE, (8,)))


@pytest.mark.slow
def test_a_batch_that_does_not_divide_says_what_does():
    model = points_wgan_gp(discriminator_steps=5)
    model.compile()
    x = np.ones((64, 2), "float32")
    words = r"batch_size=30, and x\[:len\(x\) // 5 \* 5\].*a batch of 32"
    with pytest.raises(ValueError, match=words):
        model.fit(x, verbose=0)
    x = x[: len(x) // 5 * 5]
    assert model.fit(x, batch_size=30, verbose=0)


@pytest.mark.slow
def test_dicts_and_columns_of_labels():
    import tensorflow as tf

    model = points_gan()
    model.compile()
    batch = {"image": np.ones((8, 2), "float32"), "label": np.ones(8, "int64")}
    data = tf.data.Dataset.from_tensors(batch)
    words = 'keys image, label.*lambda batch: batch."image"..*"label"'
    with pytest.raises(ValueError, match=words):
        model.fit(data)
    model.fit(data.map(lambda batch: batch["image"]), verbose=0)


def test_a_model_built_outside_of_the_scope(tf):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    model = points_gan()
    with strategy.scope():
        with pytest.raises(ValueError, match="made under the strat"):
            model.compile()
        points_gan().compile()


def test_fields_say_so():
    x = 3 * np.random.default_rng(0).normal(size=(8, 8, 8, 1))
    model = tiny_gan()
    model.compile()
    with pytest.raises(ValueError, match="example_kind='field' if they are"):
        model.fit(x, verbose=0)
