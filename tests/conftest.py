import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from netspace import cli
from tests.commands import Netspace, Told

# Read by torch when it is first imported. Tests run small tensors in several processes at once:
# there, more than one thread each makes them many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def _importable_torchvision() -> object:
    """Give torch the two operators without which torchvision cannot be imported; keep the result.

    torchvision's wheel may be built for another torch than the one installed (CUDA beside a CPU
    build). Then its own operators do not load, and the first one it describes stops the import. The
    reference networks of the tests use none of them.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        from torch.library import Library

        library = Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None


_OPERATORS = _importable_torchvision()  # torch forgets them with the library

settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts and data: $NETSPACE_SHARED, else ../shared beside the project."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("NETSPACE_SHARED") or beside)
    if not folder.is_dir():
        pytest.skip(f"no folder of shared files at {folder}; set NETSPACE_SHARED to it")
    return folder


@pytest.fixture
def netspace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Netspace:
    """The command line: netspace("count", "resnet50") gives exit code, stdout and stderr."""

    def run(*words: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["netspace", *(str(word) for word in words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        captured = capsys.readouterr()
        return Told(int(left.value.code or 0), captured.out, captured.err)

    return run
