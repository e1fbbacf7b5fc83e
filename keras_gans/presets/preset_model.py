"""What loads from a preset, and is saved to one."""

import keras


class PresetModel:
    """What loads from a preset, and is saved to one.

    Its `get_config` holds its networks, one of which, or its EMA copy, is its
    `inference_network`.
    """

    @classmethod
    def from_config(cls, config):
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )

    @classmethod
    def from_preset(cls, preset, load_weights=True, **kwargs):
        """Loads a model from a preset.

        Args:
            preset: The name of a built-in preset (`keras-gans list`), the
                path of a preset's folder, `hf://organisation/name`, or the
                `https://` address of a preset's folder.
            load_weights: `False` for freshly initialised weights.
            **kwargs: Arguments of the model that override the preset's, and
                `custom_objects`, a dict of your own classes that it may use.

        Returns:
            An instance of the preset's class, `cls` or a subclass of it.
        """
        from keras_gans import presets

        return presets.load(
            preset, cls=cls, load_weights=load_weights, **kwargs
        )

    def save_to_preset(self, path, **kwargs):
        """Writes the model to a folder that `from_preset` reads.

        Args:
            path: The folder, made if it does not exist.
            **kwargs: See `keras_gans.presets.save`.
        """
        from keras_gans import presets

        presets.save(self, path, **kwargs)
