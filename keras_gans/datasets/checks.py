"""Arguments, and the errors that sources share."""

import operator


def integer(name, value, least):
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ValueError(
            f"`{name}` must be an integer of {least} or more. "
            f"Received: {name}={value!r}"
        )
    return number


def unlabelled(name):
    return ValueError(
        "`labels` must be False for a source without labels (one integer per "
        "example, or for a folder: every image in a sub-folder). "
        f"Received: labels=True, source={name}"
    )


class SplitError(ValueError):
    """`split` is not one that the source has.

    Whoever would make do with another one, catches this.
    """


class UnknownData(ValueError):
    """A name is that of no data set, and of no folder or file.

    Whoever knows where such data are, catches this.
    """


def split_error(split, splits, name):
    return SplitError(
        f"`split` must be one of {splits}. Received: {split=}, source={name}"
    )


def no_images(fit, name):
    if fit.image_size is not None or fit.channels is not None:
        raise ValueError(
            "`image_size` and `channels` must be None for a source that is "
            f"not images. Received: image_size={fit.image_size}, "
            f"channels={fit.channels}, source={name}"
        )
