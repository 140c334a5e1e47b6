"""Networks as plain dicts, from which YAML and JSON are written; and strict reading of such dicts.

Fields that hold their default are left out. A RegNet may be written by its six parameters under
`regnet:` instead of its stages.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from netspace.design.network import Network
from netspace.design.regnet import RegNet
from netspace.errors import SpecError, UserError, suggestion

Spec = TypeVar("Spec")


@dataclass(frozen=True, slots=True, kw_only=True)
class _RegNetFile:
    """A network file that gives a RegNet's parameters."""

    regnet: RegNet
    name: str = ""
    note: str = ""


def network_from_plain(plain: object) -> Network:
    """The network of a plain dict. Raises SpecError naming the field that is wrong."""
    if isinstance(plain, Mapping) and "regnet" in plain:
        file = read(_RegNetFile, plain, error=SpecError)
        note = "; ".join(part for part in (file.note, _fitting(file.regnet)) if part)
        return replace(file.regnet.network(), name=file.name, note=note)
    return read(Network, plain, error=SpecError)


def _fitting(regnet: RegNet) -> str:
    """What fitting to the groups did to the line's widths; empty if nothing."""
    raw = [width for width, _ in regnet.raw_stages()]
    fitted = [stage.width for stage in regnet.network().stages]
    return "" if raw == fitted else f"widths {raw} of the line, fitted to the groups: {fitted}"


def to_plain(value: Any, *, complete: bool = False) -> Any:
    """A spec as dicts, lists, numbers and strings.

    Fields that hold their default are left out, unless `complete`: then a later change of a default
    does not change what was written.
    """
    if is_dataclass(value):
        named = ((field, getattr(value, field.name)) for field in fields(value))
        return {
            f.name: to_plain(v, complete=complete)
            for f, v in named
            if complete or f.name == "kind" or v != _default(f)
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, complete=complete) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item, complete=complete) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read(
    kind: type[Spec], plain: object, *, where: str = "", error: type[UserError] = SpecError
) -> Spec:
    """The spec of this dataclass type in a plain dict, no unknown field allowed.

    Raises `error` with one line that names the path of the first fault.
    """
    try:
        key: Any = kind
        (spec,) = _adapter(key).validate_python([plain])
        return cast("Spec", spec)
    except ValidationError as fault:
        faults = fault.errors()
        details = next((f for f in faults if f["type"] == _UNKNOWN_FIELD), faults[0])
        place, known = _place(kind, details["loc"][1:])
        words = ": ".join(part for part in (where, *place) if part)
        message = _sentence(details, known)
        raise error(f"{words}: {message}" if words else message) from None


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    # Inside a tuple, the dataclasses at every depth inherit `extra="forbid"` from here.
    one_tuple: Any = tuple
    return TypeAdapter(one_tuple[kind], config=ConfigDict(extra="forbid"))


def _default(field: "Field[Any]") -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


_UNKNOWN_FIELD = "unexpected_keyword_argument"


def _place(kind: Any, location: Sequence[int | str]) -> tuple[list[str], list[str]]:
    """A fault's path in words, and the fields known where it ends.

    ('stages', 1, 'block', 'bottleneck', 'group_widht') to ['stage 2', 'block', 'group_widht'] and
    the fields of Bottleneck: pydantic puts the tag of a union's member into the path.
    """
    words: list[str] = []
    options = _specs(kind)
    for before, step in zip(("", *location), location, strict=False):
        owner = next((o for o in options if any(f.name == step for f in fields(o))), None)
        tagged = [o for o in options if step == _tag(o)]
        if isinstance(step, int):
            if not isinstance(before, int):  # else it is a part of a pair of name and layer
                words[-1:] = [f"{_singular(words[-1])} {step + 1}"] if words else [f"{step + 1}"]
        elif owner is not None:
            words.append(step)
            options = _specs(get_type_hints(owner, include_extras=True)[step])
        elif tagged:
            options = tagged
        else:
            words.append(step)
    return words, sorted({f.name for o in options for f in fields(o)})


def _singular(word: str) -> str:
    return word.removesuffix("es" if word.endswith("ches") else "s")


def _sentence(details: ErrorDetails, known: Sequence[str]) -> str:
    match details["type"]:
        case "unexpected_keyword_argument":  # _UNKNOWN_FIELD
            return f"unknown field; {suggestion(str(details['loc'][-1]), known)}"
        case "missing":
            return "is required"
        case "value_error":
            return details["msg"].removeprefix("Value error, ")
        case "dataclass_type":
            return f"must be a mapping of fields, not {details['input']!r}"
        case "union_tag_not_found":
            return "kind is required"
        case "union_tag_invalid":
            tags = [tag.strip(" '") for tag in details["ctx"]["expected_tags"].split(",")]
            tag = details["ctx"]["tag"]
            return f"unknown kind {tag!r}; {suggestion(str(tag), tags)}"
        case _:
            message = details["msg"]
            return f"{message[0].lower()}{message[1:]}, not {details['input']!r}"


def _specs(kind: Any) -> list[Any]:
    return [member for member in _members(kind) if is_dataclass(member)]


def _members(kind: Any) -> list[Any]:
    """The types in an annotation: through Annotated, unions and tuples."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _members(get_args(kind)[0])
    if origin in (Union, UnionType, tuple):
        return [member for part in get_args(kind) for member in _members(part)]
    return [kind]


def _tag(kind: Any) -> object:
    return next((f.default for f in fields(kind) if f.name == "kind"), None)
