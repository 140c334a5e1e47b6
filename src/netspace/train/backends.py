"""Ways to run a network: each makes it ready to answer one batch again and again."""

import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, TypeAlias, assert_never, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netspace.design.network import Network
from netspace.errors import UnknownNameError, UserError
from netspace.train.build import build

Backend: TypeAlias = Literal[
    "eager", "channels_last", "compile", "onnx", "onnx_int8_dynamic", "onnx_int8_static"
]
Answer: TypeAlias = Tensor | NDArray[np.float32]
Run: TypeAlias = Callable[[], Answer]

BACKENDS: tuple[Backend, ...] = get_args(Backend)
MEANINGS: dict[Backend, str] = {
    "eager": "PyTorch as it comes, fp32",
    "channels_last": "PyTorch with the channels last in memory, fp32",
    "compile": "torch.compile of channels_last, fp32",
    "onnx": "ONNX Runtime, fp32",
    "onnx_int8_dynamic": "ONNX Runtime, int8, ranges of activations found at every run",
    "onnx_int8_static": "ONNX Runtime, int8, ranges of activations calibrated beforehand",
}
USUAL: tuple[Backend, ...] = ("eager", "channels_last", "onnx")
CPU = torch.device("cpu")
CALIBRATION = 8
"""Images of noise that static int8 is calibrated on where none are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Images in a batch, threads of one operation, and the device.

    ONNX Runtime takes the threads from here; torch's are the whole process's (`use_threads`).
    """

    batch_size: int = 1
    threads: int = 1
    device: torch.device = CPU

    def __post_init__(self) -> None:
        for name in ("batch_size", "threads"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)} must be at least 1")


def named(name: str) -> Backend:
    """The backend of this name; '-' is as good as '_'. Raises UnknownNameError."""
    plain = name.strip().replace("-", "_")
    for backend in BACKENDS:
        if backend == plain:
            return backend
    raise UnknownNameError.of("backend", name, BACKENDS)


def usual(device: torch.device = CPU) -> tuple[Backend, ...]:
    """The backends to measure where none is named: those of `USUAL` that can run here."""
    return tuple(backend for backend in USUAL if obstacle(backend, device) is None)


def require(backend: Backend, device: torch.device = CPU) -> None:
    """Raise UserError where the backend cannot run here."""
    found = obstacle(backend, device)
    if found is not None:
        raise UserError(f"backend {backend}: {found}")


def obstacle(backend: Backend, device: torch.device = CPU) -> str | None:
    """Why the backend cannot run here, and the remedy; None where nothing is known against it."""
    if not backend.startswith("onnx"):
        return None
    if device.type != "cpu":
        return f"ONNX Runtime runs here on cpu only, not on {device.type}; leave --device out"
    missing = next((name for name in ("onnx", "onnxruntime") if find_spec(name) is None), None)
    return f"{missing} is not installed; pip install 'netspace[onnx]'" if missing else None


def prepare(
    network: Network,
    backend: Backend,
    conditions: Conditions | None = None,
    *,
    images: Tensor | None = None,
) -> Run:
    """What runs one batch of noise through the untrained network, and returns its logits.

    Every backend has the same weights and the same batch, which lies on the device beforehand. A
    run returns when it has handed its work to an accelerator, not when that is done. images
    `(n, C, H, W)` calibrate static int8; None calibrates on noise, which is as good to time, since
    speed depends on shapes and formats, not on values. compile compiles here, once.
    Raises UserError where the backend cannot run here, SpecError where layers do not fit.
    """
    return builder(network, backend, conditions, images=images)()


def builder(
    network: Network,
    backend: Backend,
    conditions: Conditions | None = None,
    *,
    images: Tensor | None = None,
) -> Callable[[], Run]:
    """What prepares the network anew at each call, in memory of its own.

    An ONNX model is made here, once for all calls; each of them opens a session of its own.
    """
    where = conditions or Conditions()
    require(backend, where.device)
    batch = noise(network, where.batch_size).to(where.device)
    match backend:
        case "eager":
            return lambda: _of_module(_module(network, where), batch)
        case "channels_last":
            return lambda: _of_module(_channels_last(_module(network, where)), _last(batch))
        case "compile":
            return lambda: _compiled(network, _channels_last(_module(network, where)), _last(batch))
        case "onnx" | "onnx_int8_dynamic" | "onnx_int8_static":
            model = _exported(network, _module(network, where), backend, images)
            return lambda: _of_session(model, batch, where.threads)
        case _:
            assert_never(backend)


def _module(network: Network, where: Conditions) -> nn.Module:
    return build(network).to(where.device).eval()


def noise(network: Network, images: int, seed: int = 0) -> Tensor:
    """Normal noise (N, C, H, W), the same for each seed."""
    chance = torch.Generator().manual_seed(seed)
    return torch.randn((images, network.channels, *network.resolution), generator=chance)


def _last(batch: Tensor) -> Tensor:
    return batch.contiguous(memory_format=torch.channels_last)


def _channels_last(module: nn.Module) -> nn.Module:
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _of_module(module: Callable[[Tensor], Tensor], batch: Tensor) -> Run:
    def run() -> Tensor:
        with torch.inference_mode():
            return module(batch)

    return run


def _compiled(network: Network, module: nn.Module, batch: Tensor) -> Run:
    """Compiled whole and run once. Raises UserError where there is no compiler for it."""
    run = _of_module(torch.compile(_apart(module), fullgraph=True, dynamic=False), batch)
    try:
        run()
    except Exception as fault:  # torch raises errors of many kinds here, some of them private
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        reason = " ".join(lines[: 2 if lines[0].endswith(":") else 1])
        raise UserError(
            f"backend compile: torch.compile failed on {network.name or 'the network'}: {reason}; "
            "it needs a C++ compiler: install g++ or set CXX, or leave compile out"
        ) from fault
    return run


def _apart(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The module as a function with code of its own.

    torch.compile keeps what it compiled with the code that was called, looks through all of that at
    each call, and gives up after eight; all our modules share their code.
    """

    def answer(batch: Tensor) -> Tensor:
        return module(batch)  # type: ignore[no-any-return]

    code = answer.__code__.replace()
    return types.FunctionType(code, answer.__globals__, closure=answer.__closure__)


def _exported(
    network: Network, module: nn.Module, backend: Backend, calibration: Tensor | None
) -> bytes:
    from netspace.train.onnx_export import onnx_model, quantised  # only where it is installed

    model = onnx_model(network, module)
    if backend == "onnx":
        return model
    if backend == "onnx_int8_dynamic":
        return quantised(model, how="dynamic")
    images = noise(network, CALIBRATION, seed=1) if calibration is None else calibration
    return quantised(model, how="static", calibration=[images.numpy()])


def _of_session(model: bytes, batch: Tensor, threads: int) -> Run:
    from netspace.train.onnx_export import INPUT, session

    opened = session(model, threads=threads)
    inputs = {INPUT: batch.numpy()}

    def run() -> NDArray[np.float32]:
        answer: NDArray[np.float32] = opened.run(None, inputs)[0]
        return answer

    return run
