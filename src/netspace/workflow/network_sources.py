"""Networks as a command line names them: from the zoo, a file, a run, or a sampled population."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.serial import network_from_plain
from netspace.design.zoo import network
from netspace.errors import RunError, SpecError, UserError
from netspace.run.folder import RunFolder


def networks_of(
    sources: Sequence[str],
    *,
    resolution: tuple[int, int] | None = None,
    classes: int | None = None,
) -> tuple[Network, ...]:
    """The networks of all sources, each with a name of its own, and its layers known to fit.

    A source is a zoo name, a YAML file, the folder of a run (its winner), or a .jsonl file as
    `netspace sample -o` writes it. Raises UserError that names the source, or the network.
    """
    seen: Counter[str] = Counter()
    found = []
    for source in sources:
        for name, one in _read(source):
            seen[name] += 1
            own = name if seen[name] == 1 else f"{name} ({seen[name]})"
            adapted = one.for_input(resolution=resolution, classes=classes)
            found.append(_fitting(replace(adapted, name=own)))
    return tuple(found)


def _fitting(one: Network) -> Network:
    try:
        count(one)
    except SpecError as fault:
        height, width = one.resolution
        raise SpecError(f"{one.name} at {height}x{width}: {fault}") from None
    return one


def _read(source: str) -> Iterator[tuple[str, Network]]:
    """Names and networks of one source."""
    path = Path(source)
    if path.is_dir():
        yield _winner(RunFolder(path))
    elif path.suffix == ".jsonl":
        yield from _lines(path)
    else:
        one = network(source)
        yield one.name or path.stem, one


def _winner(folder: RunFolder) -> tuple[str, Network]:
    if not folder.winner.is_file():
        raise RunError(
            f"{folder.path} holds no winner (yet); finish the run first, or name another network"
        )
    one = network(str(folder.winner))
    return one.name or folder.path.name, one


def _lines(path: Path) -> Iterator[tuple[str, Network]]:
    """Each line's network, named by its place, since sampled networks have no names."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not text"
        raise UserError(
            f"{path}: cannot be read ({reason}); write it with netspace sample -o"
        ) from None
    if not any(line.strip() for line in lines):
        raise UserError(f"{path} holds no networks; write some with netspace sample -o")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            one = _line(line, f"{path} line {number}")
            yield one.name or f"{path.stem}-{number - 1}", one


def _line(line: str, where: str) -> Network:
    try:
        plain = json.loads(line)
    except json.JSONDecodeError:
        raise SpecError(f"{where} is not JSON; write the file with netspace sample -o") from None
    if not isinstance(plain, dict) or "network" not in plain:
        raise SpecError(f"{where} has no field 'network'; write the file with netspace sample -o")
    try:
        return network_from_plain(plain["network"])
    except SpecError as fault:
        raise SpecError(f"{where}: {fault}") from None
