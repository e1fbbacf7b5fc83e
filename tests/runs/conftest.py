import shutil

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans import runs


@pytest.fixture
def keep_killed(monkeypatch):
    """Function of a folder, where what a run leaves behind is to be kept that
    is killed after its second epoch: no such run needs a training of its own.
    """

    def keep(folder):
        end = runs.Run.on_epoch_end

        def copy(self, epoch, logs=None):
            end(self, epoch, logs)
            if epoch == 1 and not folder.exists():
                shutil.copytree(self.folder, folder)

        monkeypatch.setattr(runs.Run, "on_epoch_end", copy)

    return keep


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny preset, and the data that trains it."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    gan = keras_gans.DCGAN(
        image_shape=(8, 8, 1), latent_dim=4, filters=4, ema_momentum=0.9
    )
    # 201 steps in a pass: an epoch of the run is one pass.
    images = np.random.default_rng(0).integers(0, 256, (1610, 8, 8, 1))
    np.savez(folder / "data.npz", x=images.astype("uint8"))
    recipe = {
        "dataset": str(folder / "data.npz"),
        "batch_size": 8,
        "seed": 0,
        "epochs": 3,
        "generator_optimizer": {
            "class_name": "Adam",
            "config": {
                "learning_rate": {
                    "class_name": "PolynomialDecay",
                    "config": {
                        "initial_learning_rate": 1e-3,
                        "decay_steps": 450,
                    },
                },
                "beta_1": 0.5,
            },
        },
    }
    gan.save_to_preset(folder / "preset", recipe=recipe, weights=False)
    return folder
