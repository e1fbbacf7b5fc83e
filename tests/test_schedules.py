import keras
import numpy as np
import pytest

from keras_gans.schedules import LinearDecay

pytestmark = pytest.mark.neutral


def rates(schedule, steps):
    return [float(keras.ops.convert_to_numpy(schedule(s))) for s in steps]


def test_constant_and_then_a_line_to_zero():
    schedule = LinearDecay(0.2, 100)
    np.testing.assert_allclose(
        rates(schedule, [0, 50, 75, 99, 100, 150]),
        [0.2, 0.2, 0.1, 0.004, 0, 0],
        atol=1e-7,
    )
    np.testing.assert_allclose(
        rates(LinearDecay(1.0, 10, start=0), [0, 5, 10]), [1, 0.5, 0]
    )


def test_round_trip_inside_an_optimizer():
    adam = keras.optimizers.Adam(LinearDecay(0.2, 100, start=20))
    config = keras.optimizers.serialize(adam)
    loaded = keras.optimizers.deserialize(config)
    assert loaded._learning_rate.get_config() == {
        "initial_learning_rate": 0.2,
        "decay_steps": 100,
        "start": 20,
    }


def test_start_is_checked():
    with pytest.raises(ValueError, match="Received: start=100"):
        LinearDecay(0.1, 100, start=100)
