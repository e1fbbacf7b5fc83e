"""Every preset of the zoo: it loads, draws what its card says, and has a card.

A new preset is tested without writing a test.
"""

import hashlib
import importlib
import json
import os
import pathlib
import shutil

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import cli, datasets, metrics, names, presets, runs, tasks
from keras_gans.presets.uninitialized import uninitialized

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = presets.names()
# Those of others, in another package: tests/presets/test_packaged.py.
PACKAGED = [n for n in NAMES if "package" in presets.info(n)]
TRAINED = [n for n in NAMES if presets.info(n)["weights"] and n not in PACKAGED]
MNIST = [n for n in TRAINED if presets.recipe(n)["dataset"] == "mnist"]
# The share of the rarest digit, where it is small, and of the commonest, where
# it is large: as their cards have it.
RAREST = {"wgan_mnist": 0.04, "improved_gan_mnist": 0.02}
COMMONEST = {"improved_gan_mnist": 0.25}
CARD = ("Paper", "Data", "Command", "Scores", "Known failures", "samples.png")


@pytest.fixture(scope="module")
def tool():
    """Imports a module of tools/."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module


@pytest.fixture(scope="module")
def model(request):
    """The preset of that name, loaded once for all that looks at it."""
    name = request.param
    if name in TRAINED:
        return presets.load(name)
    with uninitialized():
        return presets.load(name, load_weights=False)


of_all = pytest.mark.parametrize(
    ("name", "model"), [(n, n) for n in NAMES], indirect=["model"], ids=NAMES
)
of_trained = pytest.mark.parametrize(
    ("name", "model"),
    [(n, n) for n in TRAINED],
    indirect=["model"],
    ids=TRAINED,
)


@pytest.fixture(scope="module")
def judge(tool):
    """The judge, and the module that knows how to use it."""
    module = tool("judge")
    return module, module.load_classifier()


@pytest.fixture
def mnist_test():
    """Function of a batch size: MNIST's test images, with labels, in order."""
    places = os.environ.get("TFDS_DATA_DIR", ROOT.parent / "shared" / "tfds")
    if not (pathlib.Path(places) / "mnist").exists():
        pytest.skip("needs MNIST in TFDS_DATA_DIR")
    return lambda batch_size: datasets.load(
        "mnist",
        batch_size,
        split="test",
        labels=True,
        shuffle=False,
        data_dir=places,
        download=False,
    )


@pytest.mark.neutral
def test_every_preset_has_an_entry_and_is_listed(tool):
    publishing, index = tool("publishing"), tool("presets")
    listed = json.loads((publishing.ZOO / "index.json").read_text())["presets"]
    assert set(listed) == set(index.PRESETS)
    for name, found in listed.items():
        facts = publishing.read_metadata(name)
        assert found == publishing.index_entry(name, facts)


@pytest.mark.neutral
def test_presets_keep_their_places_and_new_ones_follow_their_family(
    tool, monkeypatch
):
    index = tool("presets")
    listed = json.loads((ROOT / "zoo" / "index.json").read_text())["presets"]
    assert index.in_order(listed) == list(listed)
    families = {"a": "one", "b": "two", "c": "one", "d": "three", "e": "two"}
    entries = {name: {"family": family} for name, family in families.items()}
    monkeypatch.setattr(index, "PRESETS", entries)
    assert index.in_order(["gone", "b", "a"]) == ["b", "e", "a", "c", "d"]


@pytest.mark.neutral
def test_a_preset_is_in_one_file(tool, monkeypatch):
    index = tool("presets")
    monkeypatch.setattr(
        tool("presets.wgan"), "PRESETS", tool("presets.gan").PRESETS
    )
    with pytest.raises(ValueError, match="'gan_ring' again in wgan.py"):
        index.collect()


@pytest.mark.neutral
@pytest.mark.parametrize("task", tasks.names())
def test_every_kind_of_model_can_be_published(task, tool):
    module = tool("measuring").get(task)
    for ranking in tasks.get(task).best_by.values():
        assert ranking.columns[-1] in module.BEST_BY


@pytest.mark.neutral
def test_a_kind_that_nothing_measures_names_the_file_to_write(tool):
    with pytest.raises(ValueError, match="write tools/measuring/pottery.py"):
        tool("measuring").get("pottery")


@pytest.mark.slow
@pytest.mark.neutral
@of_all
def test_entry_config_and_recipe_agree_with_the_tool(name, model, tool):
    if name not in PACKAGED:
        assert presets.recipe(name) == tool("presets").PRESETS[name]["recipe"]
    details = presets.info(name)
    assert type(model).__name__ == details["class"]
    assert details["metadata"].items() >= model.facts().items()
    config = model.get_config()
    with uninitialized():
        expected = tool("publishing").make_model(name).get_config()
    for value in (config, expected):  # These are each model's own.
        value.pop("seed", None)
        del value["name"]
    assert config == expected


@pytest.mark.slow
@pytest.mark.neutral
def test_recipes_for_a_gpu_can_be_followed(tool):
    index = tool("presets")
    keras_gans.import_models()
    for name, entry in index.PRESETS.items():
        if name in PACKAGED:
            continue
        gpu = index.for_gpu(name)
        assert "on_gpu" not in gpu
        if "on_gpu" not in entry:
            assert gpu["recipe"] == entry["recipe"]
            continue
        with uninitialized():
            model = gpu["model"]()
        assert type(model).__name__ == presets.info(name)["class"]
        runs.check_recipe(gpu["recipe"], model.task)
        model.task.compile_arguments(model, gpu["recipe"])
        keras.DTypePolicy(gpu["dtype_policy"])


@pytest.mark.slow
@of_trained
def test_weights_draw_the_golden_samples(name, model):
    golden = presets.info(name)["metadata"]["golden"]
    np.testing.assert_allclose(model.task.golden(model), golden, atol=0.05)


@pytest.mark.slow
@pytest.mark.neutral
@of_trained
def test_plain_keras_opens_the_inference_network(name, model):
    network = keras.saving.load_model(presets.resolve(name))
    inputs = model.task.inputs(model, 2)
    np.testing.assert_array_equal(
        network.predict_on_batch(inputs),
        model.inference_network.predict_on_batch(inputs),
    )


@pytest.mark.neutral
@pytest.mark.parametrize("name", NAMES)
def test_card_is_the_one_that_the_tool_writes(name, tool):
    card = (presets.zoo_path() / name / "README.md").read_text()
    assert card == tool("publishing").make_card(name)


@pytest.mark.neutral
def test_what_is_not_good_is_called_a_demonstration(tool, capsys):
    listed = tool("presets").PRESETS
    said = {n for n in listed if presets.info(n).get("demonstration")}
    assert said == {n for n in TRAINED if listed[n].get("demonstration")}
    assert said
    assert cli.main(["list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    table = (ROOT / "README.md").read_text()
    for name in NAMES:
        (row,) = (r for r in rows if r.split()[:1] == [name])
        assert (" MB*" in row) == (name in said)
        (line,) = (
            r for r in table.splitlines() if r.startswith(f"| [`{name}`")
        )
        assert ("demonstration" in line) == (name in said)
        card = (presets.zoo_path() / name / "README.md").read_text()
        assert ("**A demonstration**" in card) == (name in said)


@pytest.mark.neutral
def test_what_training_images_score_is_what_the_cards_say(tool):
    data = tool("data_sets")
    texts = (data.MNIST_FLOOR, data.CIFAR10_FLOOR, data.PIXEL_AVATARS_FLOOR)
    assert len(data.FLOORS) == len(texts)
    for text, floor in zip(texts, data.FLOORS.values()):
        for name, value in floor.items():
            assert f"{name} of {value:.{2 if value > 0.1 else 3}f}" in text
    beside = presets.info("dcgan_mnist")["beside"]
    assert beside == {"training images": {"FID": 0.079}}
    beside = presets.info("srgan_x4_bsds500")["beside"]["bicubic"]
    assert beside["PSNR"] == pytest.approx(28.42, abs=0.05)


@pytest.mark.neutral
def test_a_run_of_another_recipe_is_not_published(tool, tmp_path):
    publishing = tool("publishing")
    recipe = dict(tool("presets").PRESETS["sngan_cifar10"]["recipe"])
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"recipe": {**recipe, "dataset": "elsewhere"}}))
    publishing.check_recipe_of_run("sngan_cifar10", tmp_path)
    run.write_text(json.dumps({"recipe": {**recipe, "steps": 7}}))
    with pytest.raises(SystemExit, match='"steps": 7'):
        publishing.publish("sngan_cifar10", tmp_path, "last", "a GPU", recipe)


@pytest.mark.neutral
def test_card_of_weights_without_a_log_has_no_best_checkpoint(tool):
    facts = tool("publishing").read_metadata("sngan_cifar10")
    assert set(facts["evaluation"]) == {"protocol", "last"}
    card = (presets.resolve("sngan_cifar10") / "README.md").read_text()
    assert f"| {facts['evaluation']['protocol']} | last |" in card
    assert "as the run's log has it" not in card
    # What trained it, and not what published it.
    assert facts["backend"] == "tensorflow" and "on jax." in card


@pytest.mark.neutral
def test_tables_of_the_readme_are_those_that_the_tool_writes(tool):
    text = (ROOT / "README.md").read_text()
    assert text == tool("publishing").make_readme(text)


@pytest.mark.neutral
@pytest.mark.parametrize("name", TRAINED)
def test_card(name):
    folder = presets.resolve(name)
    card = " ".join((folder / "README.md").read_text().split())
    for part in CARD:
        assert part in card, part
    assert f"keras-gans train {name}" in card
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["dataset"]["license"] in card
    assert metadata["license"] == "Apache-2.0"
    assert metadata["scores"]
    # Small enough to travel inside the wheel.
    assert sum(p.stat().st_size for p in folder.iterdir()) < 12e6


@pytest.mark.neutral
@pytest.mark.slow
def test_scores_of_a_run_reach_metadata_card_and_readme(
    tool, tmp_path, monkeypatch
):
    publishing, cards = tool("publishing"), tool("cards")
    shutil.copytree(publishing.ZOO, tmp_path / "zoo")
    shutil.copy(ROOT / "README.md", tmp_path)
    monkeypatch.setattr(publishing, "ZOO", tmp_path / "zoo")
    for checkpoint in ("best", "last"):
        shutil.copytree(
            presets.resolve("gan_ring"), tmp_path / "run" / checkpoint
        )
    publishing.score("gan_ring", tmp_path / "run")
    evaluation = publishing.read_metadata("gan_ring")["evaluation"]
    assert evaluation["best"] == evaluation["last"]
    assert evaluation["last"]["modes"] == [8, None]
    protocol = "points v1, 10,000/10,000, ring train"
    card = (tmp_path / "zoo" / "gan_ring" / "README.md").read_text()
    assert f"| {protocol} | best | last |" in card
    assert "| modes | 8 | 8 |" in card
    readme = (tmp_path / "README.md").read_text()
    assert f"modes 8 ({protocol}) |" in readme
    last = evaluation["last"]
    cells = [
        f"{cards.format_score(last[n][0])} / {cards.format_score(last[n][0])}"
        for n in ("FID", "KID", "precision", "recall")
    ]
    row = f"| `gan_ring` | {' | '.join(cells)} | {protocol} |"
    assert row in readme.splitlines()


def translation(name):
    return presets.info(name)["metadata"]["translation"]["scores"]


@pytest.mark.neutral
def test_pix2pix_emoji_is_better_than_l1_alone():
    ours = translation("pix2pix_emoji")["this preset"]
    # Of a smaller network that knows no game: see the card.
    assert ours["FID"][0] < 12.39
    assert ours["KID"][0] < 0.4951
    assert ours["KID"][0] < ours["KID of inputs"][0]


@pytest.mark.neutral
def test_cyclegan_emoji_comes_back_and_changes_the_style():
    ours = translation("cyclegan_emoji")["this preset"]
    for way in ("ab", "ba"):
        assert ours[f"{way} cycle"][0] < 12
        assert ours[f"{way} KID"][0] < ours[f"{way} KID of inputs"][0]


def upscaling(name):
    """The means over Set5 of each column of the card's table."""
    scores = presets.info(name)["metadata"]["upscaling"]["scores"]
    return {
        column: {row: np.mean(values) for row, values in found.items()}
        for column, found in scores.items()
    }


@pytest.mark.neutral
def test_srresnet_is_better_than_bicubic():
    scores = upscaling("srresnet_x4_bsds500")
    # The field's figures: they tell that it is measured as the field does.
    assert scores["bicubic"]["PSNR"] == pytest.approx(28.42, abs=0.05)
    assert scores["bicubic"]["SSIM"] == pytest.approx(0.810, abs=0.003)
    assert scores["this preset"]["PSNR"] >= 30.3


@pytest.mark.neutral
def test_upscale_takes_what_is_nearest_to_the_truth():
    scores = upscaling(names.UPSCALER)
    best = max(scores, key=lambda column: scores[column]["PSNR"])
    assert best == "this preset"
    assert {"srresnet_x4_bsds500", "srgan_x4_bsds500"} < set(scores)


@pytest.mark.neutral
def test_srgan_is_sharper_than_what_it_started_from():
    scores = upscaling("srgan_x4_bsds500")
    ours, start = scores["this preset"], scores["srresnet_x4_bsds500"]
    assert ours["PSNR"] >= scores["bicubic"]["PSNR"]
    assert ours["sharpness"] > 1.2 * start["sharpness"]
    # Less than SRResNet's it is not: see the card.
    assert ours["perceptual"] < scores["bicubic"]["perceptual"]


def test_gan_ring_covers_all_modes():
    gan = keras_gans.GAN.from_preset("gan_ring")
    covered, good = metrics.mode_coverage(
        gan.generate(2500, seed=1), *datasets.ring_modes()
    )
    assert covered == 8
    assert good > 0.9


@pytest.mark.slow
@pytest.mark.neutral
def test_classifier_is_a_judge(judge, mnist_test):
    module, network = judge
    assert module.accuracy(network, mnist_test(1000)) >= 0.99


@pytest.mark.neutral
def test_metadata_know_the_files_that_lie_beside_them():
    """Who draws a picture anew writes them, and the card, once more."""
    zoo = ROOT / "zoo"
    for metadata in sorted(zoo.glob("*/metadata.json")):
        files = json.loads(metadata.read_text()).get("files", {})
        for name, told in files.items():
            data = (metadata.parent / name).read_bytes()
            found = {"sha256": hashlib.sha256(data).hexdigest()}
            assert told == {**found, "size": len(data)}, metadata.parent / name


@pytest.mark.neutral
@pytest.mark.slow
@pytest.mark.parametrize("name", MNIST)
def test_digits_are_what_a_classifier_takes_them_for(name, judge):
    module, network = judge
    model = presets.load(name)
    found, _ = module.predict(network, model.generate(4000, seed=1))
    if presets.recipe(name).get("labels"):
        assert (found == np.arange(4000) % 10).mean() >= 0.97
    else:
        shares = np.bincount(found, minlength=10) / len(found)
        assert shares.min() > RAREST.get(name, 0.05)
        assert shares.max() < COMMONEST.get(name, 0.20)


@pytest.mark.neutral
def test_improved_gan_classifies_digits(mnist_test):
    images, labels = map(np.asarray, next(iter(mnist_test(2000))))
    model = presets.load("improved_gan_mnist")
    # Its card says 330 of 10,000.
    assert 1 < 100 * (model.classify(images) != labels).mean() < 5
