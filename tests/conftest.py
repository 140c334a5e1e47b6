import os
from pathlib import Path

import pytest
from hypothesis import settings

# Read by torch when it is first imported. Tests run small tensors in several processes at once:
# there, more than one thread each makes them many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

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
