"""Write api.md: the public names of netspace with their signatures and docstrings.

`python docs/api.py` reads them off the package, so a name added to `netspace.__all__` is in.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import netspace

PAGE = Path(__file__).resolve().parent / "api.md"
PACKAGE = Path(__file__).resolve().parents[1] / "src"
WIDEST, LONGEST_DEFAULT = 96, 60

OPENING = """# The Python interface

```python
import netspace as ns
```

Names resolve on first use, so the import itself is light: torch is loaded by the first name that
needs it. Every value is immutable; `dataclasses.replace` makes a changed one. Everything that is
raised on purpose is a `NetspaceError`, and a mistake of yours also a `ValueError`. This page is
written by `docs/api.py` from the docstrings.
"""
KINDS: dict[str, tuple[str, ...]] = {
    "Networks": ("network", "Network", "Stem", "Stage", "Head"),
    "Blocks": (
        "Plain",
        "Vanilla",
        "Basic",
        "Bottleneck",
        "MBConv",
        "Separable",
        "Inception",
        "Squeeze",
        "Pooling",
    ),
    "Counting, drawing, scaling": ("count", "Complexity", "draw", "scale", "fit_regnet", "RegNet"),
    "Spaces": ("space", "Space"),
    "Training": ("build", "features", "load", "load_weights", "Recipe", "Study", "load_study"),
    "Populations": ("edf", "summarise", "expected_best", "compare", "good_range"),
    "Errors": ("NetspaceError", "UserError"),
}
"""Headings and the names below them; a name that stands nowhere comes under the last heading."""
OTHERS = "Further names"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    print(PAGE)


def page() -> str:
    """The text of the page."""
    return "\n".join([OPENING, *_contents(), *_sections()])


def grouped() -> dict[str, list[str]]:
    """Every public name under its heading; headings without a name are left out."""
    names = list(netspace.__all__)
    placed = {name for group in KINDS.values() for name in group}
    groups = {kind: [name for name in own if name in names] for kind, own in KINDS.items()}
    groups[OTHERS] = [name for name in names if name not in placed]
    return {kind: own for kind, own in groups.items() if own}


def _contents() -> Iterator[str]:
    for kind, names in grouped().items():
        links = ", ".join(f"[`{name}`](#{anchor(name)})" for name in names)
        yield f"- **{kind}:** {links}"
    yield ""


def anchor(name: str) -> str:
    """Where the name's heading is found on the page: a class and a function may share a name."""
    return re.sub(r"[^\w -]", "", _heading(name).lower()).replace(" ", "-")


def _heading(name: str) -> str:
    return f"`{name}`, a {'class' if inspect.isclass(getattr(netspace, name)) else 'function'}"


def _sections() -> Iterator[str]:
    for kind, names in grouped().items():
        yield f"## {kind}\n"
        for name in names:
            yield from _entry(name, getattr(netspace, name))


def _entry(name: str, value: Any) -> Iterator[str]:
    yield f"### {_heading(name)}\n"
    if is_dataclass(value):
        types = annotations(value)
        said = [f"{field.name}: {types[field.name]}{_default(field)}" for field in fields(value)]
        yield code(_call(name, ["*", *said]))
    elif inspect.isclass(value):
        yield code(f"class {name}({', '.join(base.__name__ for base in value.__bases__)})")
    else:
        yield code(_signature(name, value))
    yield f"{_said(value, annotations(value))}\n"
    if inspect.isclass(value):
        yield from _members(value)
    yield f"Defined in `{_home(value)}`.\n"


def _members(value: type) -> Iterator[str]:
    """What the class itself adds: properties and methods, in the order of its source."""
    found = [
        (name, member)
        for name, member in vars(value).items()
        if not name.startswith("_") and (isinstance(member, property) or inspect.isroutine(member))
    ]
    for name, member in found:
        if isinstance(member, property):
            yield f"- `.{name}`: {_first_line(member)}"
        else:
            call = _signature(f".{name}", getattr(value, name), brief=True)
            yield f"- `{call}`: {_first_line(getattr(value, name))}"
    if found:
        yield ""


def _default(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f" = {getattr(field.default_factory, '__name__', '…')}()"
    return "" if field.default is MISSING else f" = {shown(field.default)}"


def shown(default: object) -> str:
    """A default as it is written; a long one by its first letters."""
    text = repr(default)
    return text if len(text) <= LONGEST_DEFAULT else f"{text[: text.index('(') + 1]}…)"


def annotations(value: Any) -> dict[str, str]:
    """The types of fields, or of parameters and `return`, in the words of the source."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    if isinstance(node, ast.ClassDef):
        own = [line for line in node.body if isinstance(line, ast.AnnAssign)]
        return {ast.unparse(line.target): ast.unparse(line.annotation) for line in own}
    assert isinstance(node, ast.FunctionDef), value
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    found = {one.arg: ast.unparse(one.annotation) for one in every if one.annotation}
    return found | ({"return": ast.unparse(node.returns)} if node.returns else {})


def _signature(name: str, function: Callable[..., Any], *, brief: bool = False) -> str:
    """The call with its parameters; brief: names only."""
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    if brief:
        return f"{name}({', '.join(p.name for p in parameters)})"
    types, said, keywords = annotations(function), list[str](), False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords:
            said.append("*")
            keywords = True
        default = "" if parameter.default is parameter.empty else f" = {shown(parameter.default)}"
        said.append(f"{parameter.name}: {types[parameter.name]}{default}")
    return _call(name, said, f" -> {types['return']}")


def _call(name: str, parameters: list[str], result: str = "") -> str:
    """On one line where it fits, else with a line for each parameter."""
    short = f"{name}({', '.join(parameters)}){result}"
    if len(short) <= WIDEST:
        return short
    return "\n".join([f"{name}(", *(f"    {one}," for one in parameters), f"){result}"])


def code(text: str) -> str:
    """A block of Python."""
    return f"```python\n{text}\n```\n"


def _said(value: object, named: Iterable[str]) -> str:
    """The docstring; lines that begin with a field's or parameter's name are made a list."""
    names = "|".join(re.escape(name) for name in named) or "-"
    begins = re.compile(rf"((?:{names})(?:, (?:{names}))*): ")
    lines, listed = list[str](), False
    for line in (inspect.getdoc(value) or "").splitlines():
        begun = begins.match(line)
        if begun and not listed and lines[-1]:
            lines.append("")
        listed = bool(begun) or (listed and bool(line) and not line.startswith("Raises"))
        indent = "  " if listed else ""
        lines.append(f"- *{begun[1]}*: {line[begun.end() :]}" if begun else f"{indent}{line}")
    return "\n".join(lines)


def _first_line(value: object) -> str:
    return (inspect.getdoc(value) or "").splitlines()[0]


def _home(value: Any) -> str:
    path = Path(inspect.getsourcefile(value) or "")
    return str(path.relative_to(PACKAGE))


if __name__ == "__main__":
    main()
