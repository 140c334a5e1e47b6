"""Named networks: packaged YAML files, a user's own YAML files, and plain dicts."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from netspace.design.network import Network
from netspace.design.serial import network_from_plain
from netspace.errors import SpecError, UnknownNameError, UserError

_FOLDER = files("netspace.design") / "zoo"
_ALIASES = "aliases.yaml"


@cache
def names() -> tuple[str, ...]:
    """The names of all packaged networks, sorted."""
    entries = (entry.name for entry in _FOLDER.iterdir() if entry.name != _ALIASES)
    return tuple(sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml")))


@cache
def aliases() -> Mapping[str, str]:
    """The names used by timm, to ours."""
    found: dict[str, str] = yaml.safe_load((_FOLDER / _ALIASES).read_text("utf-8"))
    return found


def network(source: str | Path | Mapping[str, object]) -> Network:
    """The network of a zoo name, of a YAML file's path, or of a plain dict.

    Raises UnknownNameError for an unknown name, SpecError for an invalid network.
    """
    if isinstance(source, Mapping):
        return network_from_plain(source)
    name = aliases().get(str(source), str(source))
    if name in names():
        plain = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
        return network_from_plain({"name": name, **plain})
    return _from_file(name, Path(source))


def _from_file(name: str, path: Path) -> Network:
    if not path.is_file():
        if name and (path.suffix in (".yaml", ".yml") or path.is_dir()):
            raise UserError(f"network file '{path}' does not exist; give a YAML file or a zoo name")
        raise UnknownNameError.of("network", name, (*names(), *aliases()))
    try:
        plain = yaml.safe_load(path.read_text("utf-8"))
    except OSError as fault:
        raise UserError(
            f"{path}: cannot be read ({fault.strerror}); check its permissions"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise SpecError(f"{path} is not YAML: {' '.join(str(fault).split())}") from None
    try:
        return network_from_plain(plain)
    except SpecError as fault:
        raise SpecError(f"{path}: {fault}") from None
