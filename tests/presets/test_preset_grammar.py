"""What was checked is what is made: the grammar of a preset's JSON."""

import json
import shutil

import keras
import numpy as np
import pytest
from preset_files import assert_same, edit, layer, refuse, write

import keras_gans
from keras_gans import presets
from keras_gans.metrics import extractors
from keras_gans.presets import grammar, trust

pytestmark = pytest.mark.neutral
LAYERS = trust._LAYERS.split()
# What constructors need; none of the others need any.
ARGUMENTS = {
    "Activation": ("relu",),
    "ActivityRegularization": (0.1, 0.2),
    "Bidirectional": (keras.layers.GRU(2),),
    "CenterCrop": (3, 3),
    "Dense": (3,),
    "Dot": (1,),
    "EinsumDense": ("ab,bc->ac", 4),
    "Embedding": (4, 3),
    "InputLayer": ((3,),),
    "MultiHeadAttention": (2, 3),
    "Permute": ((2, 1),),
    "RNN": (keras.layers.GRUCell(2),),
    "RepeatVector": (3,),
    "Rescaling": (2.0,),
    "Reshape": ((2, -1),),
    "Resizing": (3, 3),
    "SpectralNormalization": (keras.layers.Dense(2),),
    "StackedRNNCells": ([keras.layers.GRUCell(2), keras.layers.LSTMCell(2)],),
    "TimeDistributed": (keras.layers.Dense(2),),
    **dict.fromkeys(("GRU", "GRUCell", "LSTM", "LSTMCell"), (2,)),
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), (2,)),
}


def made(name):
    if name in ARGUMENTS:
        arguments = ARGUMENTS[name]
    elif "Depthwise" in name or "Pooling" in name and "Global" not in name:
        arguments = (2,)
    elif "Conv" in name:
        arguments = (2, 3)
    else:
        arguments = (0.1,) if "Drop" in name or "Noise" in name else ()
    return getattr(keras.layers, name)(*arguments)


def plainly(value):
    """JSON without what says where a class is."""
    if isinstance(value, dict):
        without = ("module", "registered_name", "shared_object_id")
        return {k: plainly(v) for k, v in value.items() if k not in without}
    return [plainly(v) for v in value] if isinstance(value, list) else value


def as_json(value):
    return json.loads(json.dumps(keras.saving.serialize_keras_object(value)))


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_what_keras_writes_is_kept(name):
    config = as_json(made(name))
    rebuilt = trust.rebuild(config, "config.json", {})
    assert plainly(rebuilt) == plainly(config)
    assert as_json(keras.saving.deserialize_keras_object(rebuilt)) == config


@pytest.mark.parametrize("name", LAYERS)
def test_every_argument_has_a_rule(name):
    cls = getattr(keras.layers, name)
    rules = grammar.keras_keywords(cls, "Layer")
    assert not set(grammar.keywords(cls)) - set(rules)


@pytest.mark.parametrize(
    "value",
    [
        keras.initializers.Constant(2.0),
        keras.initializers.VarianceScaling(0.1, "fan_avg", "uniform", seed=3),
        keras.initializers.Orthogonal(gain=2.0),
        keras.regularizers.L1L2(0.1, 0.2),
        keras.regularizers.OrthogonalRegularizer(),
        keras.constraints.MinMaxNorm(),
        keras.constraints.NonNeg(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parts_are_kept(value):
    config = as_json(value)
    assert plainly(trust.rebuild(config, "x", {})) == plainly(config)


@pytest.mark.parametrize("name", presets.names())
def test_the_zoo_is_kept(name):
    for file in ("config.json", "task.json"):
        path = presets.zoo_path() / name / file
        config = json.loads(path.read_text())
        assert plainly(trust.rebuild(config, path, {})) == plainly(config)


def sequential(*layers):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    config = as_json(network)
    config["config"]["layers"][1:] = layers
    config.pop("compile_config", None)
    return config


@pytest.mark.parametrize(
    "name, config",
    [
        ("RandomFlip", {}),
        ("Hashing", {"num_bins": 3}),
        ("Discretization", {"num_bins": 3}),
        ("Lambda", {"function": "x"}),
    ],
)
def test_the_old_format_is_no_way_around(folder, name, config):
    """Without `module` Keras goes by class_name, and not registered_name."""
    bad = layer(name, registered_name="keras_gans>GANGenerator", **config)
    del bad["module"]
    write(folder / "config.json", sequential(bad))
    refuse(folder, f"config.json must name only .*{name}")


@pytest.mark.parametrize(
    "bad",
    [
        {
            "class_name": "__numpy__",
            "registered_name": "keras_gans>GAN",
            "config": {"value": ["x"], "dtype": "S2000000000"},
        },
        {"class_name": "__tensor__", "config": {"value": [1], "dtype": "i1"}},
        layer("Dense", ["x"], units=1),
        layer("Dense", registered_name=["x"], units=1),
    ],
    ids=["numpy", "tensor", "module", "registered name"],
)
def test_what_is_no_layer(folder, bad):
    write(folder / "config.json", sequential(bad))
    refuse(folder, "config.json must name only")
    for keyword in ("activation", "kernel_initializer", "units", "dtype"):
        config = {"units": 1, keyword: bad}
        write(folder / "config.json", sequential(layer("Dense", **config)))
        refuse(folder, "config.json must (name only|give a)")


@pytest.mark.parametrize(
    "arguments",
    [
        {"units": 10**9},
        {"units": True},
        {"units": 1, "lora_rank": 4},
        {"units": 1, "quantization_config": {}},
        {"units": 1, "dtype": "string"},
        {"units": 1, "dtype": {"module": "keras"}},
        {"units": 1, "activation": "keras_gans"},
        {"units": 1, "use_bias": 1},
        {"units": 1, "unknown": None},
        {"units": 1, "kernel_initializer": layer("Dense", units=1)},
    ],
    ids=lambda value: list(value)[-1],
)
def test_arguments(folder, arguments):
    write(folder / "config.json", sequential(layer("Dense", **arguments)))
    refuse(folder, "config.json must give a Dense arguments that it has")


def test_calls_are_of_tensors():
    """A layer or operation that is called with numbers computes at once."""
    inputs = keras.Input((3,))
    network = keras.Model(inputs, keras.ops.tile(inputs, (1, 2)))
    config = as_json(network)
    assert trust.rebuild(config, "x", {})
    config["config"]["layers"][1]["inbound_nodes"][0]["args"] = [[1.0]]
    with pytest.raises(ValueError, match="x must give a layer arguments"):
        trust.rebuild(config, "x", {})


NUMPY = {
    "class_name": "__numpy__",
    "config": {"value": ["a"], "dtype": "S2000000000"},
}
STRANGERS = [
    layer("RandomFlip"),
    layer("StringLookup", vocabulary="/etc/hostname"),
    layer("Lambda", function="x"),
    layer("TFSMLayer", filepath="x"),
    layer("Dense", units=1),
    layer("Orthogonal", "keras.initializers"),
    layer("GAN", "keras_gans.models.gan", "keras_gans>GAN"),
    NUMPY,
    {"class_name": "__tensor__", "config": {"value": [1], "dtype": "int8"}},
    {"class_name": "__bytes__", "config": {"value": "x"}},
    {"class_name": "__lambda__", "config": {"value": "x"}},
    {"class_name": "function", "module": "builtins", "config": "eval"},
    {"class_name": ["x"], "config": {}},
    {"class_name": "__slice__", "config": {"start": NUMPY}},
    {
        "class_name": "__slice__",
        "config": {"start": NUMPY, "stop": None, "step": None},
    },
    {"class_name": "__ellipsis__", "config": {"x": NUMPY}},
    {"class_name": "__keras_tensor__", "config": {"shape": NUMPY}},
]


@pytest.mark.parametrize("bad", STRANGERS, ids=lambda v: str(v["class_name"]))
def test_calls_are_of_no_objects(bad):
    """Keras makes the objects that it finds in a call's arguments."""
    inputs = keras.Input((3,))
    config = as_json(keras.Model(inputs, keras.layers.Dense(2)(inputs)))
    node = config["config"]["layers"][1]["inbound_nodes"][0]
    tensors = node["args"]
    for args, kwargs in (
        (tensors, {"training": bad}),
        (tensors, {"x": [{"y": {"z": bad}}]}),
        (tensors, bad),
        ([*tensors, bad], {}),
        ([{"x": [*tensors, bad]}], {}),
    ):
        node.update(args=args, kwargs=kwargs)
        with pytest.raises(ValueError, match="must give a layer arguments"):
            trust.rebuild(config, "config.json", {})
    node.update(args=tensors, kwargs={"training": False})
    assert trust.rebuild(config, "config.json", {})


def test_parts_of_tensors(tmp_path):
    inputs = keras.Input((3,))
    part = inputs[..., :2][:, 1:][:, ::-1]
    dense = keras.layers.Dense(2)
    network = keras.Model(inputs, dense(part + inputs[:, 0:1]))
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model = keras_gans.GAN(network, discriminator, latent_dim=3)
    model.save_to_preset(tmp_path / "a")
    text = (tmp_path / "a" / "config.json").read_text()
    assert "__slice__" in text and "__ellipsis__" in text
    assert_same(model, presets.load(tmp_path / "a"))


def own(name, **config):
    return layer(name, "keras_gans", f"keras_gans>{name}", **config)


@pytest.mark.parametrize(
    "keyword, bad",
    [
        ("activation", own("FrechetDistance", extractor="inception_v3")),
        ("activation", "keras_gans>FrechetDistance"),
        ("activation", "keras_gans>CycleGAN"),
        ("kernel_initializer", own("GANGenerator")),
        ("kernel_initializer", "keras_gans>CycleGAN"),
        ("kernel_initializer", "keras_gans>hinge_generator_loss"),
        ("bias_regularizer", own("FrechetDistance")),
        ("kernel_constraint", own("PReLU")),
    ],
    ids=str,
)
def test_own_classes_where_they_belong(folder, keyword, bad):
    """A metric of the package loads weights when it is made."""
    dense = layer("Dense", units=2, **{keyword: bad})
    with pytest.raises(ValueError, match="x must give a Dense arguments"):
        trust.rebuild(sequential(dense), "x", {})
    trust.rebuild(sequential(layer("Dense", units=2)), "x", {})
    for good in (own("PReLU"), "keras_gans>hinge_generator_loss"):
        dense["config"] = {"units": 2, "activation": good}
        trust.rebuild(sequential(dense), "x", {})


@pytest.mark.parametrize("name", ["FrechetDistance", "KernelDistance"])
def test_metrics_are_not_made(folder, name, monkeypatch):
    asked = []
    monkeypatch.setattr(extractors, "get", asked.append)
    bad = own(name, extractor="inception_v3")
    write(folder / "config.json", bad)
    refuse(folder, "config.json must name only .*Distance")
    write(folder / "config.json", sequential(bad))
    refuse(folder, "config.json must give a Sequential arguments")
    shutil.copy(folder / "task.json", folder / "config.json")
    edit(folder / "task.json", "config", seed=bad, label_smoothing=[bad])
    refuse(folder, "must (name only|give a)")
    assert not asked


@pytest.mark.parametrize(
    "most, network",
    [
        (12, own("CycleGANGenerator", num_residual_blocks=6, filters=1)),
        (1, own("CycleGANGenerator", num_residual_blocks=100)),
        (1, own("GANGenerator", units=[1] * 64)),
        (3, own("UNetGenerator", depth=32)),
        (28, own("GANGenerator")),
        (28, own("CycleGAN")),
    ],
    ids=lambda value: value["class_name"] if isinstance(value, dict) else "",
)
def test_what_networks_make_is_counted(most, network):
    """All objects of a file share what there may be of layers."""
    trust.rebuild(sequential(*[network] * most), "x", {})
    with pytest.raises(ValueError, match="x must have at most 1024 layers"):
        trust.rebuild(sequential(*[network] * (2 * most + 2)), "x", {})


def test_shared_layers_and_several_inputs(tmp_path):
    inputs = [keras.Input((3,)), keras.Input((3,))]
    dense = keras.layers.Dense(3)
    joined = keras.layers.Concatenate()([dense(dense(x)) for x in inputs])
    network = keras.Model(inputs, [joined, joined * 2.0])
    config = as_json(network)
    rebuilt = trust.rebuild(config, "x", {})
    again = keras.saving.deserialize_keras_object(rebuilt)
    again.set_weights(network.get_weights())
    x = [np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")]
    for a, b in zip(network.predict_on_batch(x), again.predict_on_batch(x)):
        np.testing.assert_array_equal(a, b)


def test_an_alias_of_the_callers(tmp_path):
    @keras.saving.register_keras_serializable("test_grammar")
    class New(keras.layers.Dense):
        pass

    network = keras.Sequential([keras.Input((4,)), New(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model = keras_gans.GAN(network, discriminator, latent_dim=4)
    model.save_to_preset(tmp_path / "a")
    path = tmp_path / "a" / "config.json"
    write(path, path.read_text().replace("test_grammar>New", "Old"))
    loaded = presets.load(tmp_path / "a", custom_objects={"Old": New})
    assert_same(model, loaded)
