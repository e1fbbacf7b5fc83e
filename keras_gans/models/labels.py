"""What a model does that draws by labels, and what others do in its place."""

import keras
import numpy as np

from keras_gans.checks import check_integer
from keras_gans.models.data_checks import Part, check_labels_of


class Labels:
    """What stands before `AdversarialModel` in the bases of a `SamplingModel`.

    With `num_classes` the generator takes `[latents, labels]`, the
    discriminator `[examples, labels]`, and `fit` examples with their labels.
    """

    num_classes = None
    # Whether the step draws by labels and shows them to the discriminator.
    takes_labels = False
    # Whether both networks see labels.
    is_conditional = False

    def check_num_classes(self, num_classes, networks):
        """Makes the model conditional, if there are classes.

        Args:
            num_classes: Integer, labels are less; or `None`.
            networks: Dict of names to networks, or `None`, which may know.
        """
        if num_classes is None:
            return
        if not self.takes_labels:
            raise ValueError(
                f"num_classes must be None: the step of {type(self).__name__} "
                f"takes no labels. Received: num_classes={num_classes!r}"
            )
        check_integer("num_classes", num_classes, minimum=1)
        for name, network in networks.items():
            own = getattr(network, "num_classes", num_classes)
            if own != num_classes:
                raise ValueError(
                    f"num_classes must be the {name}'s, {own}. "
                    f"Received: num_classes={num_classes}"
                )
        self.num_classes = num_classes
        self.is_conditional = True

    @property
    def num_labels(self):
        """Integer, labels of `generate` are less; 0 where it takes none."""
        return self.num_classes or 0

    def facts(self):
        own = {"num_classes": self.num_labels} if self.num_labels else {}
        return {**super().facts(), **own}

    @property
    def trains_on(self):
        if not self.is_conditional:
            return super().trains_on
        return (
            "(images, labels): pass y, or a dataset of pairs "
            "(datasets.load(..., labels=True))"
        )

    def symbolic_inputs(self):
        latents = keras.KerasTensor((None, self.latent_dim), name="latents")
        if not self.is_conditional:
            return latents
        labels = keras.KerasTensor((None,), dtype="int32", name="labels")
        return [latents, labels]

    def wanted_inputs(self):
        if self.is_conditional:
            return super().wanted_inputs()
        return (
            "latents of shape (batch, latent_dim)",
            f"latent_dim={self.latent_dim}, so ",
        )

    def discriminator_inputs(self, examples, inputs):
        return [examples, inputs[1]] if self.is_conditional else examples

    def generator_inputs(self, latents, labels):
        """The inference network's inputs for a batch of `generate`."""
        return [latents, labels] if self.is_conditional else latents

    def batch_parts(self):
        examples, labels = super().batch_parts()
        if self.is_conditional:
            labels = Part("y", kind="label", num_classes=self.num_classes)
        return examples, labels

    def keep_class_names(self, names):
        if self.num_classes is not None and len(names or ()) == (
            self.num_classes
        ):
            self.class_names = tuple(map(str, names))

    def check_classes(self, names):
        if not self.is_conditional or names is None:
            return
        if len(names) != self.num_classes:
            raise ValueError(
                f"num_classes must be the number of the data's classes, "
                f"{len(names)} ({', '.join(names[:10])}). Received: "
                f"num_classes={self.num_classes}"
            )

    def numbers_of(self, labels):
        """Labels in which names of classes are their numbers.

        Args:
            labels: An integer or a name, or a sequence of them.
        """
        names = self.class_names or ()

        def number(label):
            if not isinstance(label, str) or label in names:
                return names.index(label) if label in names else label
            known = f"one of {', '.join(names)}" if names else "integers"
            raise ValueError(
                f"labels must be {known}. Received: labels={label!r:.100}"
            )

        if isinstance(labels, str):
            return number(labels)
        if isinstance(labels, (list, tuple)):
            return [number(label) for label in labels]
        return labels

    def check_labels(self, labels, n):
        """The labels of `generate` as an array `(n,)`, or an error."""
        if self.is_conditional:
            if labels is None:
                labels = np.arange(n) % self.num_classes
            labels = self.numbers_of(labels)
            return check_labels_of(labels, n, self.num_classes)
        if labels is not None:
            raise ValueError(
                f"{type(self).__name__} is not conditional, labels must be "
                f"None. Received: labels={labels!r}"
            )
        return None
