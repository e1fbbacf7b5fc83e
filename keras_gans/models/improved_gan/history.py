"""Historical averaging, section 3.3 of the paper."""

from keras import layers, ops


class WeightHistory(layers.Layer):
    """The mean of weights over all steps so far, as variables.

    Args:
        weights: List of `keras.Variable`.
    """

    def __init__(self, weights, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        # Every replica computes the same: any one's will do.
        options = {
            "initializer": "zeros",
            "trainable": False,
            "aggregation": "only_first_replica",
        }
        self.count = self.add_weight((), name="count", **options)
        self.means = [
            self.add_weight(w.shape, name=f"mean_{i}", **options)
            for i, w in enumerate(weights)
        ]
        self.built = True

    def take_in(self, weights):
        """Adds the weights of now to the mean."""
        count = self.count.value + 1.0
        for mean, w in zip(self.means, weights):
            value = ops.cast(ops.stop_gradient(w.value), "float32")
            mean.assign(mean.value + (value - mean.value) / count)
        self.count.assign(count)

    def squared_distance(self, weights):
        """`||weights - mean||^2`."""
        return sum(
            ops.sum(ops.square(ops.cast(w.value, "float32") - mean.value))
            for mean, w in zip(self.means, weights)
        )
