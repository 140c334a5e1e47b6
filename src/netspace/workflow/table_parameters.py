"""Which columns of a table are parameters of its networks, and which belong together."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from netspace.errors import DataError, UnknownNameError
from netspace.table import Floats
from netspace.workflow.table_file import TableFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameters:
    """values: name to `(n, size)`; left_out: column to why it is none of them."""

    values: Mapping[str, Floats]
    left_out: Mapping[str, str]


def named_parameters(file: TableFile, columns: Sequence[str]) -> Parameters:
    """The parameters that these columns hold. Raises DataError if one of them holds text."""
    found = _grouped({name: _values(file, name) for name in columns})
    for name, values in found.items():
        if values is None:
            raise DataError(
                f"{file.path}: column '{name}' holds text ('{max(file.texts(name))}'), so it is no "
                "parameter; leave it out of --parameters"
            )
    return _parameters(file, found, {})


def likely_parameters(file: TableFile, columns: Sequence[str], errors: Floats) -> Parameters:
    """The parameters among these columns; text and what cannot tell networks apart is left out.

    errors: `(n,)`; a column that only repeats them is none.
    """
    found = _grouped({name: _values(file, name) for name in columns})
    useless = {
        name: "text" if values is None else _useless(values, errors)
        for name, values in found.items()
    }
    return _parameters(file, found, {name: why for name, why in useless.items() if why})


def _parameters(
    file: TableFile, found: Mapping[str, Floats | None], left_out: Mapping[str, str]
) -> Parameters:
    kept = {name: values for name, values in found.items() if name not in left_out}
    called = Counter(snake(name) for name in kept)
    twice = [name for name in kept if called[snake(name)] > 1]
    if twice:
        raise DataError(
            f"{file.path}: columns '{twice[0]}' and '{twice[1]}' are both called "
            f"'{snake(twice[0])}' as parameters; name one of them in --without"
        )
    values = {snake(name): values for name, values in kept.items() if values is not None}
    return Parameters(values=values, left_out=left_out)


def chosen(file: TableFile, written: str) -> tuple[str, ...]:
    """The columns that 'A,B,C*' names, * standing for anything, in the file's order.

    Raises UnknownNameError for a name or pattern that fits none.
    """
    found: set[str] = set()
    for word in (word.strip() for word in written.split(",")):
        fitting = {name for name in file.names if name == word or fnmatchcase(name, word)}
        if not fitting:
            raise UnknownNameError.of(f"column of {file.path}:", word, file.names)
        found |= fitting
    return tuple(name for name in file.names if name in found)


def snake(name: str) -> str:
    """'Kernel size' and 'kernelSize' to 'kernel_size'."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_") or "column"


def _values(file: TableFile, name: str) -> Floats | None:
    """A column's values, `(n, size)`: of digit strings, numbers or lists; None if it holds text."""
    digits = file.choices(name)
    if digits is not None:
        return digits
    numbers = file.numbers(name)
    return file.lists(name) if numbers is None else numbers[:, np.newaxis]


def _grouped(columns: Mapping[str, Floats | None]) -> dict[str, Floats | None]:
    """The columns, those that differ by a number only put together in its order."""
    single = [name for name, found in columns.items() if found is not None and found.shape[1] == 1]
    groups = {members[0]: (name, members) for name, members in _numbered(single)}
    inside = {member for _, members in groups.values() for member in members}
    found: dict[str, Floats | None] = {}
    for column, values in columns.items():
        if column in groups:
            name, members = groups[column]
            found[name] = np.hstack([part for m in members if (part := columns[m]) is not None])
        elif column not in inside:
            found[column] = values
    return found


def _numbered(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Groups such as block0_e … block6_e, numbered without a gap from 0 or 1, largest first."""
    families: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in names:
        for digits in re.finditer(r"\d+", name):
            key = name[: digits.start()], name[digits.end() :]
            families[key].setdefault(int(digits.group()), name)
    taken: set[str] = set()
    groups = []
    for (before, after), members in sorted(families.items(), key=lambda item: -len(item[1])):
        numbers = sorted(members)
        complete = numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[-1] + 1))
        if len(numbers) > 1 and complete and taken.isdisjoint(members.values()):
            ordered = [members[number] for number in numbers]
            taken.update(ordered)
            groups.append((f"{before}{after}", ordered))
    return groups


def _useless(values: Floats, errors: Floats) -> str:
    """Why a column cannot tell networks apart; empty if it can."""
    known = values[~np.isnan(values)]
    if not known.size:
        return "empty"
    if np.all(values == values[0]):
        return "the same in all rows"
    if values.shape[1] > 1:
        return ""
    column = values[:, 0]
    if len(column) > 2 and column[0] in (0, 1) and np.all(np.diff(column) == 1):
        return "counts the rows"
    both = np.isfinite(column) & np.isfinite(errors)
    copied = any(np.allclose(c[both], errors[both], atol=1e-6) for c in (column, 100.0 - column))
    return "the error again" if both.any() and copied else ""
