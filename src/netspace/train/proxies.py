"""Estimates of how good a network will be, made before it is trained: zero-cost proxies.

Each takes a freshly initialised network and at most one batch of training images. Higher is better.
What they are worth is not known beforehand: flops and params stand among them as the baselines that
an estimate must beat to earn its cost.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor, nn
from torch.nn import functional

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.errors import TrainingError, UnknownNameError, UserError
from netspace.train.batches import Batches, stratified_part
from netspace.train.build import ACTIVATIONS, build
from netspace.train.data import DataSet, Split
from netspace.train.device import Compute, use_threads
from netspace.train.resizing import fitted

BATCH = 64
"""Images that an estimate sees."""

BASELINES = ("flops", "params")
"""The estimates that cost nothing, and look at no weight and no image."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Untrained:
    """A network before training, and a batch: normalised images (N, C, H, W), labels (N,)."""

    network: Network
    images: Tensor
    labels: Tensor
    seed: int
    device: torch.device

    def module(self) -> nn.Module:
        """The network as the training of this seed would begin with it."""
        return build(self.network, seed=self.seed).to(self.device)


def score(
    name: str,
    network: Network,
    images: Tensor,
    labels: Tensor,
    *,
    seed: int,
    device: torch.device,
) -> float:
    """The estimate of this name for a network initialised by the seed; higher is better.

    images: normalised (N, C, H, W), at the network's resolution; labels: (N,).
    Raises TrainingError where it is not finite, or memory runs out.
    """
    if name not in PROXIES:
        raise UnknownNameError.of("proxy", name, PROXIES)
    if len(images) < 2:
        raise UserError(f"a batch of {len(images)} must have at least 2 images; {BATCH} is usual")
    on = images.to(device), labels.to(device)
    case = Untrained(network=network, images=on[0], labels=on[1], seed=seed, device=device)
    try:
        value = PROXIES[name](case)
    except (MemoryError, torch.OutOfMemoryError) as fault:
        raise TrainingError(f"{name}: out of memory: {str(fault).splitlines()[0]}") from None
    if not isfinite(value):
        raise TrainingError(f"{name} is {value}, not a finite number, so there is no estimate")
    return value


def batch(
    data: DataSet, resolution: tuple[int, int], *, seed: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """64 images (N, C, H, W) of the train split, normalised, and their labels (N,).

    Classes come in about their shares; the same seed draws the same images.
    """
    rows = stratified_part(data.train.labels, BATCH, seed)
    drawn = Split(images=data.train.images[rows], labels=data.train.labels[rows])
    compute = Compute(device=device, dtype=torch.float32)
    return next(Batches(fitted(drawn, resolution), data, compute).in_order(BATCH))


@contextmanager
def on_threads(number: int) -> Iterator[None]:
    """Compute on so many threads for a while, so that seconds compare with those of a training."""
    before = torch.get_num_threads()
    use_threads(number)
    try:
        yield
    finally:
        use_threads(before)


def timed(
    name: str, network: Network, images: Tensor, labels: Tensor, *, seed: int, device: torch.device
) -> tuple[float | str, float]:
    """The estimate, or the reason why there is none; and its seconds, building included."""
    began = time.perf_counter()
    found: float | str
    try:
        found = score(name, network, images, labels, seed=seed, device=device)
    except TrainingError as fault:
        found = str(fault)
    return found, time.perf_counter() - began


def _synflow(case: Untrained) -> float:
    """Log of the sum of |w * dR/dw|, R the summed output for an image of ones, all w positive.

    Norms are left out, and so are activations, since a ReLU lets positive numbers pass; SiLU,
    hardswish, ReLU6 and tanh do so too here, for they would flatten the flow. Gates stay. The
    logarithm keeps the order, and in double precision deep networks do not overflow.
    Source: Tanaka et al. 2020, algorithm 1, its score over all
    weights once.
    """
    where = torch.device("cpu") if case.device.type == "mps" else case.device  # mps has no double
    module = case.module().to(where, torch.float64).eval()
    _let_through(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    ones = torch.ones((1, *case.images.shape[1:]), dtype=torch.float64, device=where)
    module(ones).sum().backward()
    flow = torch.stack([(weight * gradient).sum() for weight, gradient in _gradients(module)])
    return float(flow.sum().log())


PASSED = (nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Tanh)


def _let_through(module: nn.Module) -> None:
    """Replace norms and activations by identities; the sigmoids of gates stay."""
    for part in module.modules():
        for name, child in part.named_children():
            if isinstance(child, PASSED):
                setattr(part, name, nn.Identity())


@torch.no_grad()
def _naswot(case: Untrained) -> float:
    """Log-determinant of how many activations each two images pass alike.

    An image's code has a bit for each element that goes into an activation: whether it is above 0,
    where a ReLU turns on, and SiLU, hardswish, sigmoid and the others pass their middle. Entry i, j
    of the kernel is the number of equal bits of images i and j. Raises TrainingError where it is
    singular: the codes do not tell the images apart. Source: Mellor et al. 2021, section 3.
    """
    eigenvalues = torch.linalg.eigvalsh(_kernel(_as_in_training(case.module()), case.images))
    smallest, largest = eigenvalues[0], eigenvalues[-1]
    if smallest <= len(eigenvalues) * torch.finfo(torch.float64).eps * largest:
        raise TrainingError(
            f"naswot: the codes of its activations do not tell the {len(case.images)} images apart"
        )
    return float(eigenvalues.log().sum())


def _kernel(module: nn.Module, images: Tensor) -> Tensor:
    """Equal bits of each two images (N, N), over all activations, in double precision."""
    kernel = torch.zeros((len(images), len(images)), dtype=torch.float64)

    def add(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        code = (given[0] > 0).flatten(1).float()
        on = code.sum(dim=1)
        equal = 2 * code @ code.T + code.shape[1] - on[:, None] - on[None, :]
        kernel.add_(equal.cpu())

    for part in module.modules():
        if isinstance(part, tuple(ACTIVATIONS.values())):
            part.register_forward_pre_hook(add)  # before one that works in place
    module(images)
    return kernel


def _gradient_norm(case: Untrained) -> float:
    """Sum over convolutions and linear layers of the Euclidean norm of their weight's gradient.

    Of the mean cross entropy of one batch. Source: Abdelfattah et al. 2021.
    """
    module = _as_in_training(case.module())
    loss = functional.cross_entropy(module(case.images), case.labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return float(torch.stack([gradient.norm() for _, gradient in _gradients(module)]).sum())


def _as_in_training(module: nn.Module) -> nn.Module:
    """Norms take the batch's own mean and variance, but nothing is dropped at random."""
    module.eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.train()
    return module


def _gradients(module: nn.Module) -> Iterator[tuple[Tensor, Tensor]]:
    """Weight and gradient of each convolution and linear layer."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            gradient = part.weight.grad
            assert gradient is not None, "every layer has a part in the output"
            yield part.weight.detach(), gradient


PROXIES: Mapping[str, Callable[[Untrained], float]] = {
    "synflow": _synflow,
    "naswot": _naswot,
    "gradient_norm": _gradient_norm,
    "flops": lambda case: float(count(case.network).flops),
    "params": lambda case: float(count(case.network).params),
}
