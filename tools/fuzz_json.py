"""JSON as strangers could make it, for `fuzz_presets.py`."""

import contextlib
import json


def layer(name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": registered,
    }


def without_module(value):
    return {key: item for key, item in value.items() if key != "module"}


def nested(depth, value=()):
    for _ in range(depth):
        value = [value]
    return value


OBJECTS = [
    layer("Lambda", function={"class_name": "__lambda__", "config": {}}),
    layer("StringLookup", vocabulary="/etc/hostname"),
    layer("RandomFlip"),
    layer("TFSMLayer", filepath="/etc"),
    layer("Canary", "x", "canary>Canary"),
    layer("Canary", "__main__"),
    layer("Dense", registered="canary>Canary", units=1),
    layer("system", "os"),
    layer("get_file", "keras.utils", origin="http://127.0.0.1:1/x"),
    layer("load_model", "keras.saving", filepath="/etc/x.keras"),
    layer("Dense", ["x"], units=1),
    layer("Dense", units=10**9),
    layer("Dense", units=1, kernel_initializer=layer("Orthogonal")),
    layer("Embedding", input_dim=10**9, output_dim=1),
    layer("GANGenerator", "x", "keras_gans>GANGenerator", units=[1] * 20_000),
    layer("GAN", "x", "keras_gans>GAN", generator=None),
    # Keras's old format goes by class_name.
    *(
        without_module(
            layer(name, registered="keras_gans>GANGenerator", **config)
        )
        for name, config in {
            "RandomFlip": {},
            "Hashing": {"num_bins": 3},
            "Discretization": {"num_bins": 3},
            "Lambda": {},
        }.items()
    ),
    {
        "class_name": "__numpy__",
        "registered_name": "keras_gans>GAN",
        "config": {"value": ["x"], "dtype": "S2000000000"},
    },
    {"class_name": "__tensor__", "config": {"value": [1], "dtype": "int8"}},
    {"class_name": "__lambda__", "config": {"value": "x"}},
    {"class_name": "__bytes__", "config": {"value": "x"}},
    {
        "class_name": "__typespec__",
        "spec_name": "x",
        "module": "os",
        "registered_name": None,
        "config": [],
    },
    {"class_name": "function", "module": "builtins", "config": "canary>sing"},
    {"class_name": "function", "module": "builtins", "config": "eval"},
    {"class_name": ["Dense"], "module": "keras.layers", "config": {}},
    {"class_name": None, "config": None},
    {"class_name": "Dense", "config": {"units": 1}},
]
STRINGS = [
    "", "x" * 300, "\0", "\ud800", "../../x", "huggingface:mnist",
    "https://[::1/x", "canary>Canary", "canary>sing", "keras_gans>DCGAN",
    "canary", "Orthogonal", "int8", "string", "gs://bucket/x", "/etc",
]  # fmt: skip
NUMBERS = [
    -1, 0, 1, 2, 3, 1000, 10**6, 10**9, 2**63, 10**30, -(10**9), 0.5, -2.5,
    1e308, float("nan"), float("inf"), True, False,
]  # fmt: skip
SHAPES = [
    [], {}, None, [[]], [1] * 20_000, [0.9], [None], [-1, 3], {"a": [1]},
]  # fmt: skip


def any_value(rng):
    """A value that nobody expects."""
    return rng.choice(
        [
            lambda: rng.choice(OBJECTS),
            lambda: rng.choice(STRINGS),
            lambda: rng.choice(NUMBERS),
            lambda: rng.choice(SHAPES),
            lambda: nested(rng.choice([3, 50, 150, 800])),
            lambda: [rng.choice(OBJECTS) for _ in range(3)],
        ]
    )()


def places(value):
    """All `(holder, key)` inside of JSON."""
    found, todo = [], [value]
    while todo:
        holder = todo.pop()
        pairs = (
            holder.items() if isinstance(holder, dict) else enumerate(holder)
        )
        for key, item in pairs:
            found.append((holder, key))
            if isinstance(item, (dict, list)):
                todo.append(item)
    return found


def change_call(rng, calls):
    """Puts an object where Keras would make it: into a call's arguments."""
    value = rng.choice(OBJECTS)
    value = rng.choice([value, [value], {"x": value}])
    call = rng.choice(calls)
    if isinstance(call.get("kwargs"), dict) and rng.random() < 0.5:
        name = rng.choice(["training", "mask", "x"])
        call["kwargs"] = rng.choice([{name: value}, value])
    elif isinstance(call.get("args"), list):
        call["args"] = rng.choice([[*call["args"], value], [value]])


def change(rng, content):
    """Changes parsed JSON in one place."""
    found = places(content)
    calls = [
        call
        for holder, key in found
        if key == "inbound_nodes" and isinstance(holder[key], list)
        for call in holder[key]
        if isinstance(call, dict)
    ]
    if calls and rng.random() < 0.5:
        change_call(rng, calls)
        return
    holder, key = rng.choice(found)
    value = holder[key]
    kind = rng.randrange(10)
    if kind < 4:
        holder[key] = any_value(rng)
    elif kind == 4:
        del holder[key]
    elif kind == 5 and isinstance(holder, dict):
        name = rng.choice(["x", "module", "dtype", "layers", "x" * 300])
        holder[name] = holder.pop(key)
    elif kind == 6 and isinstance(value, list):
        holder[key] = value * rng.choice([2, 100, 5000])
    elif kind == 7 and isinstance(value, (int, float)):
        holder[key] = value * rng.choice([-1, 2, 1000, 10**8])
    elif kind == 8:
        other, there = rng.choice(found)
        with contextlib.suppress(KeyError, IndexError, TypeError):
            holder[key], other[there] = json.loads(
                json.dumps([other[there], value])
            )
    elif isinstance(value, list):
        value.insert(rng.randrange(len(value) + 1), any_value(rng))
    elif isinstance(value, dict):
        name = rng.choice(["x", "seed", "units", "weights", "build_config"])
        value[name] = any_value(rng)
    else:
        holder[key] = rng.choice([[value], {"value": value}, str(value)])


def change_text(rng, path):
    """Changes the bytes of a JSON file."""
    content = path.read_bytes()
    place = rng.randrange(len(content) + 1)  # May be empty by now.
    other = bytes([rng.randrange(256)])
    changed = [
        lambda: content[:place],
        lambda: content[:place] + other + content[place + 1 :],
        lambda: content.decode().encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + content,
        lambda: b"[" * rng.choice([800, 10**5]),
        lambda: b'{"a":' * 900 + b"1" + b"}" * 900,
        lambda: b'{"seed": [' + b"[]," * 2_000_000 + b"[]]}",
        lambda: b'{"seed": ' + b"9" * 10**5 + b"}",
        lambda: content.replace(b"{", b'{"name": NaN, ', 1),
        lambda: b"null",
    ]
    path.write_bytes(rng.choice(changed)())
