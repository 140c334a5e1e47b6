"""A table of results made elsewhere, read from CSV (also gzipped) or parquet."""

import csv
import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from netspace.errors import DataError, UnknownNameError
from netspace.present.wording import counted
from netspace.table import Floats

MISSING = ("", "-", "na", "n/a", "nan", "none", "null")
"""What stands for no value, in small letters."""

MOST_CHOICES = 8
"""A string of digits is a list of choices if no place has more than so many different ones."""

_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"
_LISTED = r"^\[[-+.,eE0-9\s]*\]$"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableFile:
    """The columns of a file, a row for each network. fingerprint: SHA-256 of the file."""

    path: Path
    fingerprint: str
    table: pa.Table = field(repr=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.table.column_names)

    def texts(self, name: str) -> list[str]:
        """A column's cells as they stand there, `n` of them; empty where there is none."""
        texts = pc.fill_null(pc.cast(self.column(name), pa.string()), "")
        return [str(text).strip() for text in texts.to_pylist()]

    def numbers(self, name: str) -> Floats | None:
        """A column of numbers, `(n,)`, NaN where there is none; None if it holds something else."""
        return _numbers(self.column(name))

    def choices(self, name: str) -> Floats | None:
        """A column of digit strings such as '0021', `(n, length)`; None if it holds others.

        Only a leading zero tells them from numbers, and few different digits a place from an id.
        """
        column = self.column(name)
        if not _is_text(column) or not len(self):
            return None
        texts = self.texts(name)
        length = len(texts[0])
        whole = all(len(text) == length and text.isascii() and text.isdigit() for text in texts)
        if not whole or length < 2 or not any(text.startswith("0") for text in texts):
            return None
        digits = np.array([list(text.encode()) for text in texts], dtype=np.float64) - ord("0")
        most = max(len(np.unique(place)) for place in digits.T)
        return digits if most <= MOST_CHOICES else None

    def lists(self, name: str) -> Floats | None:
        """A column of lists such as '[16, 24]', `(n, longest)`; None if it holds something else."""
        column = self.column(name)
        if not _is_text(column):
            return _listed(column.to_pylist()) if _is_list(column) else None
        words = _present(column)
        if not pc.all(pc.match_substring_regex(words, _LISTED)).as_py():
            return None
        cells = [
            None if word is None else word.strip("[] ").split(",") for word in words.to_pylist()
        ]
        return _listed(cells)

    def column(self, name: str) -> Any:
        """A column by its name. Raises UnknownNameError if there is none."""
        if name not in self.names:
            raise UnknownNameError.of(f"column of {self.path}:", name, self.names)
        return self.table.column(name)


def read_table_file(path: Path) -> TableFile:
    """The table in a file. Raises DataError, in one line, if there is none."""
    if not path.is_file():
        raise DataError(f"{path}: no file there; give a table as .csv, .csv.gz or .parquet")
    try:
        table = pq.read_table(path) if path.suffix == ".parquet" else _read_csv(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pa.ArrowException) as no:
        reason = str(no).strip().splitlines()[0]
        raise DataError(f"{path}: cannot be read as a table ({reason})") from None
    names = [str(name).strip() for name in table.column_names]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path}: two columns are called '{twice}'; rename one of them")
    if table.num_rows < 2:
        raise DataError(
            f"{path}: {counted(table.num_rows, 'row')} below the header; a population needs 2"
        )
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
    return TableFile(path=path, fingerprint=fingerprint, table=table.rename_columns(names))


def _read_csv(path: Path) -> pa.Table:
    """Every column as text: what is a number is decided later."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), [])
    if not header:
        raise csv.Error("it is empty")
    texts = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()))
    several_lines = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(path, parse_options=several_lines, convert_options=texts)


def _is_text(column: Any) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _is_list(column: Any) -> bool:
    kind = column.type
    return bool(pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type))


def _present(column: Any) -> Any:
    """Texts without the spaces around them; null where nothing is meant to stand."""
    words = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(pc.utf8_lower(words), value_set=pa.array(MISSING, words.type))
    return pc.if_else(missing, pa.scalar(None, words.type), words)


def _numbers(column: Any) -> Floats | None:
    if _is_text(column):
        words = _present(column)
        plain = pc.replace_substring(words, ",", "")
        column = pc.if_else(pc.match_substring_regex(words, _THOUSANDS), plain, words)
    if pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        return None
    try:
        found = pc.cast(_decided(column), pa.float64()).to_numpy()
    except pa.ArrowException:
        return None
    return np.where(np.isfinite(found), found, np.nan)


def _decided(column: Any) -> Any:
    """Columns of true and false as such; others as they are."""
    if _is_text(column):
        lower = pc.utf8_lower(column)
        if pc.all(pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type))).as_py():
            column = pc.cast(lower, pa.bool_())
    return pc.cast(column, pa.uint8()) if pa.types.is_boolean(column.type) else column


def _listed(cells: Sequence[Sequence[Any] | None]) -> Floats | None:
    """Lists below each other, filled up with NaN."""
    try:
        return np.array(list(zip_longest(*(cell or () for cell in cells))), dtype=np.float64).T
    except (TypeError, ValueError):
        return None
