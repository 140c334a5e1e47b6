"""Where torch computes, and in which precision."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Self, TypeAlias

import torch

from netspace.errors import UserError
from netspace.recipe import Precision

_FAST_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})


Device: TypeAlias = torch.device


def use_threads(count: int) -> None:
    """Let torch compute on so many threads in this process."""
    torch.set_num_threads(count)


def device(name: str = "cpu") -> torch.device:
    """The torch device of this name. Raises UserError where this machine has none such."""
    try:
        found = torch.device(name)
    except RuntimeError:
        raise UserError(f"unknown device '{name}'; use cpu, cuda, cuda:0 or mps") from None
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available.get(found.type, False):
        raise UserError(f"device '{name}' is not available on this machine; use cpu")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """A device and the number format of its convolutions."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, device: torch.device, precision: Precision) -> Self:
        """The format asked for; auto is bf16 where the device computes in it, else fp32."""
        if precision == "auto":
            precision = "bf16" if _has_fast_bf16(device) else "fp32"
        return cls(device=device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)

    def autocast(self) -> torch.autocast:
        """The context in which a network is applied."""
        return torch.autocast(
            self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32
        )

    def setting(self) -> Mapping[str, str]:
        """What a result may depend on beside its recipe: versions, device, precision, threads."""
        return {
            "netspace": version("netspace"),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": _device_name(self.device),
            "precision": "bf16" if self.dtype == torch.bfloat16 else "fp32",
            "threads": str(torch.get_num_threads()),
        }


def _device_name(where: torch.device) -> str:
    if where.type == "cuda":
        return torch.cuda.get_device_name(where)
    return f"{where.type}, {_cpu_model()}"


def _has_fast_bf16(where: torch.device) -> bool:
    if where.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return where.type == "cpu" and bool(_FAST_BF16_FLAGS & _cpu_flags())


def _cpu_flags() -> frozenset[str]:
    return frozenset(_cpu_facts().get("flags", "").split())


def _cpu_model() -> str:
    return _cpu_facts().get("model name", platform.machine())


@cache
def _cpu_facts() -> Mapping[str, str]:
    """What Linux says of the first processor; nothing elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
