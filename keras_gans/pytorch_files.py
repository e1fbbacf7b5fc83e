"""Files of PyTorch, read as tensors only: no code of theirs is run."""

import hashlib
import io
import re
import zipfile

from keras_gans import optional


def import_torch(path):
    """PyTorch, which reads its own files, or an `ImportError`."""
    return optional.load(
        "torch",
        "convert",
        "PyTorch's checkpoints are read by PyTorch",
        f". Received: {str(path)!r}",
    )


def read(path, unwrap=None):
    """A checkpoint as `(arrays, sha256)`: a dict of float32 arrays.

    Args:
        path: `pathlib.Path`.
        unwrap: Function of what the file holds that returns the state dict in
            it, or `None`.

    Raises:
        ImportError: Without PyTorch.
        FileNotFoundError: If there is no such file.
        ValueError: If it holds anything but named tensors.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"checkpoint must be a file. Received: {str(path)!r}"
        )
    torch = import_torch(path)
    # Once, so that the hash is that of what was read.
    content = path.read_bytes()
    problem = _archive_problem(content)
    if problem:
        raise ValueError(
            f"{path} must be a state dict, as torch.save("
            f"network.state_dict()) writes it. Received: {problem}"
        )
    try:
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:
        # PyTorch's own message is long, and recommends to allow it.
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))
        received = (
            f"a file that asks for {wanted[1]}, which was not run"
            if wanted
            else f"a file that PyTorch cannot read as tensors only "
            f"({type(error).__name__})"
        )
        raise ValueError(
            f"{path} must be a state dict, as torch.save("
            f"network.state_dict()) writes it. Received: {received}"
        ) from error
    if unwrap is not None:
        state = unwrap(state)
    problem = _state_problem(state, len(content), torch)
    if problem:
        raise ValueError(
            f"{path} must be a state dict, names and tensors. "
            f"Received: {problem}"
        )
    # DataParallel and torch.compile put their own name before all others.
    for prefix in ("module.", "_orig_mod.", "module."):
        if all(name.startswith(prefix) for name in state):
            state = {n.removeprefix(prefix): v for n, v in state.items()}
    arrays = {n: v.detach().float().numpy() for n, v in state.items()}
    return arrays, hashlib.sha256(content).hexdigest()


def _archive_problem(content):
    """Why this is no archive that PyTorch wrote, or `None`.

    PyTorch stores what it writes, and takes memory for what others compress:
    a thousand times the file.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return None  # Of the form before, or what PyTorch refuses.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "a damaged archive"
    if inside > len(content):
        return f"{inside:,} bytes compressed in {len(content):,}"
    return None


def _state_problem(state, size, torch):
    """Why this is no state dict of a file of this many bytes, or `None`."""
    if not isinstance(state, dict):
        return f"a {type(state).__name__}"
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            return f"{name!r} of type {type(value).__name__}"
        plain = value.layout is torch.strided and value.device.type == "cpu"
        if not plain or value.is_quantized or value.is_complex():
            return f"{name} of a kind without plain numbers"
    # A few bytes can declare a tensor of any size: one value, repeated.
    declared = sum(v.numel() * v.element_size() for v in state.values())
    if declared > size:
        return f"tensors of {declared:,} bytes in a file of {size:,}"
    return None if state else "an empty one"
