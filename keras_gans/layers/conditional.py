"""Normalization by a condition."""

from keras import layers


def conditional_batch_normalization(x, condition, num_classes=None):
    """Batch normalization whose scale and offset follow from a condition.

    Args:
        x: Symbolic features `(batch, height, width, channels)`.
        condition: Symbolic labels `(batch,)`, each of which has a scale and an
            offset of its own (Dumoulin et al., 2017; Miyato and Koyama, 2018),
            or vectors `(batch, size)`, of which they are linear functions
            (BigGAN, Brock et al., 2019).
        num_classes: Integer, of labels; `None` for vectors.

    Returns:
        Symbolic features of the same shape. Scales start at 1 or near it,
        offsets at 0.
    """
    channels = x.shape[-1]
    x = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, center=False, scale=False
    )(x)
    if num_classes is not None:
        scale = layers.Embedding(
            num_classes, channels, embeddings_initializer="ones"
        )(condition)
        offset = layers.Embedding(
            num_classes, channels, embeddings_initializer="zeros"
        )(condition)
    else:
        scale = layers.Dense(channels, bias_initializer="ones")(condition)
        offset = layers.Dense(channels)(condition)
    scale, offset = (
        layers.Reshape((1, 1, channels))(y) for y in (scale, offset)
    )
    return layers.Add()([layers.Multiply()([x, scale]), offset])
