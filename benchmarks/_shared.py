"""What all benchmark scripts need: the shared files, and the one JSON line printed last."""

import json
import os
import platform
from pathlib import Path

SHARED = Path(os.environ.get("NETSPACE_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def print_result(name: str, **figures: object) -> None:
    """Print one JSON line: the figure, its yardstick and their ratio (above 1 is better)."""
    print(json.dumps({"benchmark": name, **figures, "machine": _machine()}))


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    return f"{model}, {os.cpu_count()} cores"
