"""Which runs there are to look at."""

from collections.abc import Sequence
from pathlib import Path

from netspace.run.folder import RunFolder


def run_folders(folders: Sequence[Path]) -> tuple[Path, ...]:
    """The run folders among these and directly inside them; each once, in order of name."""
    found: dict[Path, None] = {}
    for folder in folders:
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        for path in (folder, *inside):
            if RunFolder(path).database.is_file():
                found.setdefault(path)
    return tuple(found)
