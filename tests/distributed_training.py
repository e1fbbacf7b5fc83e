"""Trains on one device, on two, or as one of two workers; prints JSON.

Run by test_distributed.py: devices are set before a backend starts.

    python distributed_training.py single|mirrored|worker
"""

import contextlib
import json
import os
import sys

import keras
import numpy as np
from cases import (
    IMAGE_SHAPE,
    adam,
    fit,
    points_gan,
    points_spectral_gan,
    points_wgan,
    points_wgan_gp,
    tiny_conditional_gan,
    tiny_cyclegan,
    tiny_dcgan,
    tiny_esrgan,
    tiny_inpainting_gan,
    tiny_pix2pix,
    tiny_progressive_gan,
    tiny_real_esrgan,
    tiny_srgan,
    tiny_stylegan2,
    weights_of,
)
from keras import ops
from three_players import three_players

import keras_gans
from keras_gans.callbacks import TrainingHealth
from keras_gans.layers import (
    ReferenceBatch,
    VirtualBatchNormalization,
    WithoutReference,
)
from keras_gans.models.ebgan import EBGANDiscriminator
from keras_gans.models.gan import GANGenerator
from keras_gans.models.improved_gan import ImprovedGANDiscriminator
from keras_gans.models.srgan import SRResNetGenerator
from keras_gans.models.unrolled_gan import (
    UnrolledGANDiscriminator,
    UnrolledGANGenerator,
)

STEPS, BATCH = 50, 16
TO_TRANSLATE = np.arange(2 * 8 * 8, dtype="uint8").reshape(2, 8, 8, 1)


def points(n=STEPS * BATCH):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 2)).astype("float32")


def images(n=32):
    rng = np.random.default_rng(0)
    x = np.tanh(rng.normal(size=(n, *IMAGE_SHAPE))).astype("float32")
    return x, rng.integers(0, 3, n).astype("int32")


def pairs(n=32):
    rng = np.random.default_rng(0)
    shape = (2, n, *IMAGE_SHAPE)
    return tuple(np.tanh(rng.normal(size=shape)).astype("float32"))


def build(scope, make, discriminator_optimizer=adam, **kwargs):
    keras.utils.set_random_seed(0)
    with scope():
        model = make(seed=1, **kwargs)
        model.compile(adam(), discriminator_optimizer())
    return model


def sgd():
    # Adam hides gradients that are twice too large, SGD does not.
    return keras.optimizers.SGD(0.05, momentum=0.5)


def flat(model):
    return [float(x) for w in weights_of(model) for x in w.ravel()]


def plain(scope):
    model = build(scope, points_gan)
    health = TrainingHealth(points(128))
    history = fit(model, points(), batch_size=BATCH, callbacks=[health])
    evaluation = model.evaluate(points(32), batch_size=BATCH, verbose=0)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "evaluation": evaluation,
        "health": health.history,
        "weights": flat(model),
    }


def everything(scope):
    """Every random draw and every slice that there is."""
    model = build(
        scope,
        points_gan,
        discriminator_optimizer=sgd,
        ema_momentum=0.9,
        instance_noise=0.1,
        discriminator_steps=2,
    )
    history = fit(model, points(), batch_size=BATCH)
    samples = model.generate(6, seed=3)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "weights": flat(model),
        "samples": samples.ravel().tolist(),
    }


def points_ebgan(**kwargs):
    """A term of all pairs of the batch, and a weight that evolves."""
    return keras_gans.EBGAN(
        GANGenerator((2,), 4, units=(8, 8), batch_normalization=False),
        EBGANDiscriminator((2,), units=(8, 3)),
        latent_dim=4,
        **{"pulling_away_weight": 1.0, "margin": 3.0, **kwargs},
    )


def wasserstein(scope, steps=20):
    """WGAN-GP's second-order gradients, WGAN's clipping, spectral norms.

    And R1, each with a slice per discriminator step.
    """
    result = {}
    for name, make, arguments in (
        ("wgan_gp", points_wgan_gp, {}),
        ("wgan", points_wgan, {}),
        ("spectral", points_spectral_gan, {"r1_weight": 1.0}),
        ("ebgan", points_ebgan, {}),
        ("began", points_ebgan, {"balance": 0.8, "balance_rate": 0.1}),
    ):
        model = build(scope, make, discriminator_optimizer=sgd, **arguments)
        history = fit(model, points(steps * BATCH), batch_size=BATCH)
        result[name] = {
            "losses": {k: v[0] for k, v in history.items()},
            "weights": flat(model),
        }
    return result


def regularized(scope):
    """Options with a state or draws of their own, and slices of the batch."""

    def make(**kwargs):
        """Of few operations: all of them would take a minute to trace."""
        return keras_gans.R3GAN(
            keras.Sequential(
                [
                    keras.Input((4,)),
                    keras.layers.Dense(16, activation="tanh"),
                    keras.layers.Reshape((4, 4, 1)),
                ]
            ),
            keras.Sequential(
                [
                    keras.Input((4, 4, 2)),  # Packed.
                    keras.layers.Flatten(),
                    keras.layers.Dense(8, activation="leaky_relu"),
                    keras.layers.Dense(1),
                ]
            ),
            latent_dim=4,
            augment=keras_gans.augmentation.ADA("b", speed=100, interval=2),
            **kwargs,
        )

    model = build(
        scope,
        make,
        discriminator_optimizer=sgd,
        penalty_fraction=0.5,
        lecam_weight=0.1,
        consistency_weight=0.1,
        latent_consistency_weight=0.1,
        top_k=0.5,
        generator_loss=keras_gans.losses.hinge_generator_loss,
        discriminator_loss=keras_gans.losses.hinge_discriminator_loss,
        packing=2,
    )
    model.lecam.start = 1
    history = fit(model, images(64)[0][:, :4, :4], batch_size=BATCH)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "weights": flat(model),
        "replicas_differ": differing_replicas(model),
    }


def virtual_generator():
    latents = keras.Input((4,))
    x = ReferenceBatch(6, seed=0)(latents)
    x = keras.layers.Dense(8)(x)
    x = keras.layers.ReLU()(VirtualBatchNormalization(6)(x))
    x = WithoutReference(6)(keras.layers.Dense(2)(x))
    return keras.Model(latents, x)


def few_labels(scope):
    """Labels of which replicas have more or fewer, and all that mixes examples.

    Features' means, minibatch discrimination, virtual batch normalization,
    noise, and averages of weights.
    """
    keras.utils.set_random_seed(0)
    with scope():
        model = keras_gans.ImprovedGAN(
            virtual_generator(),
            ImprovedGANDiscriminator((2,), 3, units=(8, 8), kernels=3),
            num_classes=3,
            latent_dim=4,
            historical_averaging_weight=0.1,
            discriminator_ema_momentum=0.9,
            seed=1,
        )
        model.compile(sgd(), sgd())
    # A few steps: distances between examples have kinks, which make more of
    # rounding.
    x = points(6 * BATCH)
    y = np.random.default_rng(1).integers(-4, 3, len(x)).clip(-1)
    y = y.astype("int32")
    history = fit(model, x, y, batch_size=BATCH)
    evaluation = model.evaluate(x[:64], y[:64], batch_size=BATCH, verbose=0)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "evaluation": evaluation,
        "weights": flat(model),
        "replicas_differ": differing_replicas(model),
    }


def heads(scope):
    """Discriminators that also say what a label, or a code, was."""

    def judge(examples, size):
        x = keras.Input(examples)
        y = keras.layers.Dense(8, activation="tanh")(x)
        return keras.Model(x, [keras.layers.Dense(n)(y) for n in (1, size)])

    def acgan(**kwargs):
        latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
        embedded = keras.layers.Embedding(3, 4)(labels)
        x = keras.layers.Multiply()([latents, embedded])
        generator = keras.Model([latents, labels], keras.layers.Dense(2)(x))
        return keras_gans.ACGAN(
            generator, judge((2,), 3), num_classes=3, latent_dim=4, **kwargs
        )

    def infogan(**kwargs):
        return keras_gans.InfoGAN(
            GANGenerator((2,), 6, units=(8,), batch_normalization=False),
            judge((2,), 4),
            latent_dim=6,
            categorical_codes=(3,),
            continuous_codes=1,
            **kwargs,
        )

    x = points(20 * BATCH)
    y = np.random.default_rng(1).integers(0, 3, len(x)).astype("int32")
    result = {}
    for name, make, data in (
        ("acgan", acgan, (x, y)),
        ("infogan", infogan, (x,)),
    ):
        model = build(scope, make, discriminator_optimizer=sgd)
        history = fit(model, *data, batch_size=BATCH)
        result[name] = {
            "losses": {k: v[0] for k, v in history.items()},
            "weights": flat(model),
            "replicas_differ": differing_replicas(model),
        }
    return result


def styles(scope):
    """Styles, noise, path lengths and groups; growing, mid-fade; masks."""
    result = {}
    for name, make, arguments in (
        ("stylegan2", tiny_stylegan2, {}),
        ("progressive_gan", tiny_progressive_gan, {"fade_images": 32}),
        ("inpainting_gan", tiny_inpainting_gan, {}),
    ):
        model = build(scope, make, discriminator_optimizer=sgd, **arguments)
        # Two steps: groups of four, of which penalties take every second one.
        history = fit(model, images(32)[0], batch_size=16)
        result[name] = {
            "losses": {k: v[0] for k, v in history.items()},
            "weights": flat(model),
            "replicas_differ": differing_replicas(model),
        }
    return result


def unrolled(scope):
    """Gradients that go through the means of all replicas' gradients."""
    keras.utils.set_random_seed(0)
    with scope():
        model = keras_gans.UnrolledGAN(
            UnrolledGANGenerator((2,), 4, units=(8,)),
            UnrolledGANDiscriminator((2,), units=(8,)),
            latent_dim=4,
            unrolled_steps=2,
            seed=1,
        )
        # The unrolled steps are Adam's.
        model.compile(sgd(), adam(1e-2))
    history = fit(model, points(20 * BATCH), batch_size=BATCH)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "weights": flat(model),
        "replicas_differ": differing_replicas(model),
    }


def translation(scope, names=("pix2pix", "cyclegan")):
    """Dropout's masks, and a pool that fills up and swaps."""
    result = {}
    # Two steps: the statistics of a few pixels amplify rounding.
    images = pairs(16)
    for name, make, arguments in (
        ("pix2pix", tiny_pix2pix, {"normalization": "instance"}),
        ("cyclegan", tiny_cyclegan, {"pool_size": 4}),
    ):
        if name not in names:
            continue
        model = build(scope, make, discriminator_optimizer=sgd, **arguments)
        history = fit(model, *images, batch_size=8)
        result[name] = {
            "losses": {k: v[0] for k, v in history.items()},
            "weights": flat(model),
            "replicas_differ": differing_replicas(model),
            "samples": model.translate(TO_TRANSLATE).ravel().tolist(),
        }
        if name == "cyclegan":
            result["pool"] = int(ops.convert_to_numpy(model.pool_a.count))
    return result


def upscaling(scope):
    """Both phases of SRGAN, without batch normalization, and its successors.

    ESRGAN's averages are of the whole batch, Real-ESRGAN has spectral norms
    and an average of its weights.
    """
    rng = np.random.default_rng(0)
    high = np.tanh(rng.normal(size=(16, 16, 16, 1))).astype("float32")
    low = high[:, ::2, ::2]

    def generator():
        return SRResNetGenerator(2, 1, 4, 1, normalization=None)

    def gan(**kwargs):
        judge = keras.Sequential(
            [
                keras.Input((16, 16, 1)),
                keras.layers.Conv2D(4, 3, strides=2, activation="leaky_relu"),
                keras.layers.Flatten(),
                keras.layers.Dense(1),
            ]
        )
        return tiny_srgan(generator=generator(), discriminator=judge, **kwargs)

    result = {}
    second = build(scope, gan, discriminator_optimizer=sgd)
    keras.utils.set_random_seed(0)
    with scope():
        first = keras_gans.SRResNet(generator())
        first.compile(sgd())
    models = {"srgan": second, "srresnet": first}
    for name, make in (
        ("esrgan", tiny_esrgan),
        ("real_esrgan", tiny_real_esrgan),
    ):
        models[name] = build(scope, make, discriminator_optimizer=sgd)
    for name, model in models.items():
        history = fit(model, low, high, batch_size=8)
        result[name] = {
            "losses": {k: v[0] for k, v in history.items()},
            "weights": flat(model),
            "replicas_differ": differing_replicas(model),
        }
    return result


def players(scope):
    """A list of networks, a dict of them, and a third player."""
    model = build(scope, three_players, discriminator_optimizer=sgd)
    history = fit(model, points(20 * BATCH), batch_size=BATCH)
    return {
        "losses": {k: v[0] for k, v in history.items()},
        "weights": flat(model),
        "replicas_differ": differing_replicas(model),
    }


def batch_norm(scope):
    result = {}
    for name, make, data in (
        ("dcgan", tiny_dcgan, images()[:1]),
        ("conditional_gan", tiny_conditional_gan, images()),
    ):
        model = build(scope, make, ema_momentum=0.9)
        health = TrainingHealth(*data)
        history = fit(model, *data, batch_size=BATCH, callbacks=[health])
        result[name] = {
            "health": health.history,
            "losses": {k: v[0] for k, v in history.items()},
            "generated": model.generate(5, seed=0).ravel().tolist(),
            "replicas_differ": differing_replicas(model),
        }
    return result


def differing_replicas(model):
    differing = []
    for v in model.weights:
        if "moving" in v.path:  # Keras: each replica has its own statistics.
            continue
        copies = [np.array(x) for x in getattr(v.value, "values", [])]
        if any((c != copies[0]).any() for c in copies):
            differing.append(v.path)
    return differing


def latents(scope, strategy):
    import tensorflow as tf

    with scope():
        model = points_gan(seed=1)

    @tf.function
    def draw():
        return strategy.run(lambda: model.sample_latents(3))

    drawn = strategy.experimental_local_results(draw())
    return [np.array(x).tolist() for x in drawn]


def attempt(function):
    try:
        return {"result": function()}
    except Exception as error:  # The test says what is expected.
        return {"error": f"{type(error).__name__}: {error}"}


def mixed(scope, policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = build(scope, tiny_dcgan)
        history = fit(model, images()[0], batch_size=BATCH)
        return {k: v[0] for k, v in history.items()}
    finally:
        keras.config.set_dtype_policy("float32")


def optimizers_from_outside(scope):
    with scope():
        model = points_gan(seed=1)
    model.compile(adam(), adam())
    return fit(model, points(32), batch_size=BATCH)


def compiled_outside(scope):
    with scope():
        model = points_gan(seed=1)
    model.compile()
    return fit(model, points(32), batch_size=BATCH)


def made_outside(scope):
    model = points_gan(seed=1)
    with scope():
        model.compile()


def refused(scope, **kwargs):
    model = build(scope, points_gan)
    return attempt(lambda: fit(model, **kwargs))["error"]


def tensorflow_main(mode):
    import tensorflow as tf

    # As in conftest.py: making such graphs fast takes longer than they do.
    tf.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )
    if mode == "single":
        strategy, scope = None, contextlib.nullcontext
    elif mode == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        scope = strategy.scope
    else:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        scope = strategy.scope
    result = {"plain": plain(scope)}
    if mode == "worker":
        result["latents"] = latents(scope, strategy)
        model = build(scope, points_gan)
        task = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
        if task == 0:  # Alone, and does not wait for the other.
            result["samples"] = model.generate(4, seed=0).ravel().tolist()
        return result
    result["everything"] = everything(scope)
    result["wasserstein"] = wasserstein(scope)
    result["regularized"] = regularized(scope)
    result["unrolled"] = unrolled(scope)
    result["few_labels"] = few_labels(scope)
    result["heads"] = heads(scope)
    result["styles"] = styles(scope)
    result["translation"] = translation(scope)
    result["upscaling"] = upscaling(scope)
    result["players"] = players(scope)
    result["batch_norm"] = batch_norm(scope)
    if mode == "mirrored":
        result["latents"] = latents(scope, strategy)
        result["float16"] = attempt(lambda: mixed(scope, "mixed_float16"))
        result["outside"] = attempt(lambda: optimizers_from_outside(scope))
        result["made_outside"] = attempt(lambda: made_outside(scope))
        result["compiled_outside"] = attempt(lambda: compiled_outside(scope))
        dataset = tf.data.Dataset.from_tensor_slices(points(32))
        result["refused"] = {
            "smaller": refused(scope, x=points(1)),
            "odd": refused(scope, x=points(9), batch_size=9),
            "last": refused(scope, x=points(33), batch_size=BATCH),
            "ragged": refused(scope, x=dataset.batch(8), batch_size=None),
        }
    else:
        model = build(scope, points_gan)
        result["samples"] = model.generate(4, seed=0).ravel().tolist()
    return result


def jax_main(mode):
    import jax

    scope = contextlib.nullcontext
    if mode == "mirrored":
        assert jax.device_count() == 2
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    result = {
        "plain": plain(scope),
        "everything": everything(scope),
        "wasserstein": wasserstein(scope),
        "unrolled": unrolled(scope),
        "few_labels": few_labels(scope),
        "heads": heads(scope),
        "styles": styles(scope),
        # JAX parts one program by itself: what could differ is the pool, and
        # compiling the others takes a minute.
        "translation": translation(scope, ["cyclegan"]),
        "players": players(scope),
    }
    if mode == "mirrored":
        result["refused"] = {
            "smaller": refused(scope, x=points(1)),
            "odd": refused(scope, x=points(9), batch_size=9),
            "last": refused(scope, x=points(33), batch_size=BATCH),
        }
    return result


if __name__ == "__main__":
    main = {"tensorflow": tensorflow_main, "jax": jax_main}
    output = main[keras.backend.backend()](sys.argv[1])
    print("RESULT " + json.dumps(output), flush=True)
