"""The same GANs in plain PyTorch, as a good PyTorch user would write them.

Networks, initial weights, losses, optimizers and the order of the step are
those of keras_gans; nothing is shared with it. The networks and the step of a
family lie in its file in `families/`, what surrounds them here. Where PyTorch
leaves a choice, the faster one is taken: the discriminator is frozen in the
generator's step (no gradients that nobody uses), fakes for the discriminator
are made without a graph, gradients are set to `None`, Adam is the `foreach`
one, and both memory layouts of the convolutions are timed.
"""

import contextlib
import math
import os
import time

import torch
from rows import FAMILIES
from torch import nn


class PlainPyTorch:
    """A worker's side: trainers, and what is timed of them."""

    def __init__(self, settings):
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        # Two layouts, two networks, with and without gradients: more than 8
        # compilations, beyond which the default falls back to eager.
        torch._dynamo.config.recompile_limit = 64
        if settings["quick"]:  # Others compile as well.
            threads = str(max(1, (os.cpu_count() or 1) // 4))
            os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", threads)
        self.settings = settings
        self.family = FAMILIES[settings["family"]]
        self.sync = (
            torch.cuda.synchronize if settings["device"] == "gpu" else int
        )
        self.notes, self.first_steps = {}, {}
        self.setup = time.time() - settings["started"]
        self.trainers = {}
        if settings["compile"] != "alone":
            self.make_eager_trainers()
        if settings["compile"]:
            try:
                self.trainers["pytorch compiled"] = self.fastest(compiled=True)
            except Exception as error:
                self.notes["pytorch compiled"] = f"failed: {error}"[:500]
        self.tasks = {
            name: lambda n, trainer=trainer: self.steps(trainer, n)
            for name, trainer in self.trainers.items()
        }
        for name in ("pytorch eager", "pytorch compiled"):
            if name in self.trainers and self.family.generate:
                self.tasks[f"{name}, generate"] = (
                    lambda n, trainer=self.trainers[name]: self.generate(
                        trainer, n
                    )
                )
        self.sizes = sorted(
            p.numel()
            for trainer in list(self.trainers.values())[:1]
            for parameters in trainer.parameters.values()
            for p in parameters
        )

    def make_eager_trainers(self):
        eager = self.fastest(compiled=False)
        self.trainers["pytorch eager"] = eager
        variants = {} if self.settings["quick"] else self.family.variants
        for name, step in variants.items():
            self.trainers[f"pytorch eager, {name}"] = self.trainer(
                channels_last=eager.channels_last, step=step
            )

    def trainer(self, **kwargs):
        return Trainer(self.family, self.settings, **kwargs)

    def fastest(self, compiled):
        """A trainer in the memory layout in which its steps are faster."""
        layouts = (False, True) if self.family.convolutional else (False,)
        if self.settings["quick"]:  # Neighbours are at work: no race is fair.
            layouts = layouts[-1:]
        trainers, first_steps = {}, {}
        for last in layouts:
            start = time.time()
            trainers[last] = self.trainer(compiled=compiled, channels_last=last)
            self.steps(trainers[last], 1)
            first_steps[last] = self.setup + time.time() - start
            self.steps(trainers[last], 2)
        times = {last: [] for last in layouts}
        for _ in range(3 if len(layouts) > 1 else 1):
            for last, trainer in trainers.items():
                times[last].append(self.steps(trainer, 3))
        best = min(layouts, key=lambda last: min(times[last]))
        name = "pytorch compiled" if compiled else "pytorch eager"
        self.first_steps[name] = first_steps[layouts[0]]  # The cold one.
        if self.family.convolutional:
            self.notes[name] = f"channels {'last' if best else 'first'}"
        return trainers[best]

    def steps(self, trainer, n):
        batch = trainer.batch(*self.family.batch(self.settings))
        self.sync()
        start = time.perf_counter()
        for _ in range(n):
            losses = trainer.step(*batch)
        assert all(map(math.isfinite, losses))  # Waits for the device.
        return time.perf_counter() - start

    def generate(self, trainer, n):
        start = time.perf_counter()
        images = self.family.generate(trainer, n)
        seconds = time.perf_counter() - start
        assert images.shape == (n, *self.settings["image_shape"])
        assert images.dtype == "uint8"
        return seconds


class Trainer:
    """A family's networks, their optimizers, and the step.

    Args:
        family: A `family.Family`.
        settings: As the family takes them, with "device": "cpu" or "gpu".
        compiled: Whether `torch.compile` makes the networks' code.
        channels_last: The memory layout of images and kernels.
        step: One of the family's `variants`, instead of its `step`.

    Attributes:
        networks: Dictionary of what the family's `theirs` returned, compiled
            or not. Each of them is an attribute as well: `trainer.generator`.
        plain: The same, not compiled.
        parameters: Dictionary, names of networks to lists of what is trained.
        kept: Dictionary, for what a step needs again in the next one.
    """

    def __init__(
        self, family, settings, compiled=False, channels_last=False, step=None
    ):
        self.device = "cuda" if settings["device"] == "gpu" else "cpu"
        self.channels_last = channels_last
        self.format = (
            torch.channels_last if channels_last else torch.contiguous_format
        )
        self.plain = {
            name: network.to(self.device, memory_format=self.format)
            for name, network in family.theirs(settings).items()
        }
        self.parameters = {
            name: [p for p in network.parameters() if p.requires_grad]
            for name, network in self.plain.items()
        }
        self.optimizers = {
            name: torch.optim.Adam(
                parameters, family.learning_rate, family.betas, foreach=True
            )
            for name, parameters in self.parameters.items()
            if parameters
        }
        # Compiled modules share their parameters with the plain ones.
        self.networks = {
            name: compile_network(network) if compiled else network
            for name, network in self.plain.items()
        }
        vars(self).update(self.networks)
        self.kept = {}
        self._step = step or family.step

    def step(self, *batch):
        """One step of all networks; returns losses, with no graph."""
        return self._step(self, *batch)

    def batch(self, *arrays):
        """NumPy arrays in keras_gans' layout to tensors in PyTorch's."""
        tensors = []
        for array in arrays:
            x = torch.from_numpy(array).to(self.device)
            if x.is_floating_point():  # Images.
                x = x.permute(0, 3, 1, 2).contiguous(memory_format=self.format)
                tensors.append(x)
            else:
                tensors.append(x.long())
        return tensors

    def autocast(self):
        return torch.autocast(
            self.device, torch.bfloat16, enabled=self.device == "cuda"
        )

    def update(self, name, loss):
        """One update of a network by the gradients of `loss`."""
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    @contextlib.contextmanager
    def frozen(self, name):
        """In here no gradients are made for that network's parameters."""
        for parameter in self.parameters[name]:
            parameter.requires_grad_(False)
        yield
        for parameter in self.parameters[name]:
            parameter.requires_grad_(True)


def compile_network(network):
    if isinstance(network, nn.ModuleList):
        # One by one: the cache serves the second.
        return type(network)(torch.compile(part) for part in network)
    return torch.compile(network)
