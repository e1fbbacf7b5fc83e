"""Checkpoints as PyTorch writes them."""

import pytest


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="reads and writes checkpoints")


@pytest.fixture(scope="module")
def networks(torch):
    import pytorch_networks

    return pytorch_networks


@pytest.fixture
def save(torch, tmp_path):
    """Writes a network's state, or another object, to a file."""

    def write(what, name="latest_net_G.pth", **kwargs):
        if isinstance(what, torch.nn.Module):
            what = what.state_dict()
        torch.save(what, tmp_path / name, **kwargs)
        return tmp_path / name

    return write
