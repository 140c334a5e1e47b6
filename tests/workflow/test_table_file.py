"""What a column of a table holds: numbers, choices, lists or text."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.errors import UnknownNameError
from netspace.workflow.table_file import MOST_CHOICES, TableFile

NAN = np.nan


def file(**columns: list[object]) -> TableFile:
    return TableFile(path=Path("t.csv"), fingerprint="", table=pa.table(columns))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "-2.5", "3e2"], [1, -2.5, 300]),
        (["1,014.45", " 12,345,678 ", "1"], [1014.45, 12345678, 1]),
        (["", "NaN", "n/a"], [NAN, NAN, NAN]),
        (["-", "None", "inf"], [NAN, NAN, NAN]),
        (["True", "false", "TRUE"], [1, 0, 1]),
        ([1, None, 3], [1, NAN, 3]),
        ([True, False, None], [1, 0, NAN]),
        (["1", "2", "three"], None),
        (["1,01", "2", "3"], None),
        (["1;2", "2", "3"], None),
        ([[1], [2], [3]], None),
    ],
)
def test_numbers(cells: list[object], numbers: list[float] | None) -> None:
    found = file(x=cells).numbers("x")
    if numbers is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, numbers)


@given(st.lists(st.floats(-1e15, 1e15), min_size=1))
def test_numbers_with_thousands_are_those_without(values: list[float]) -> None:
    cells = [f"{value:,.4f}" for value in values]
    plain = [float(f"{value:.4f}") for value in values]
    np.testing.assert_array_equal(file(x=cells).numbers("x"), plain)


@pytest.mark.parametrize(
    ("cells", "choices"),
    [
        (["012", "210"], [[0, 1, 2], [2, 1, 0]]),
        (["12", "21"], None),  # plain numbers as well
        (["012", "10"], None),
        (["0a", "b0"], None),
        (["0.1", "0.2"], None),
        (["0", "1"], None),
        (["", ""], None),
        ([12, 21], None),
    ],
)
def test_choices_are_strings_of_digits_that_are_no_numbers(
    cells: list[object], choices: list[list[int]] | None
) -> None:
    found = file(x=cells).choices("x")
    assert (None if found is None else found.tolist()) == choices


@pytest.mark.parametrize("different", [MOST_CHOICES, MOST_CHOICES + 1])
def test_a_numbered_id_is_no_list_of_choices(different: int) -> None:
    found = file(x=[f"{number:03d}" for number in range(different)]).choices("x")
    assert (found is not None) == (different <= MOST_CHOICES)


@pytest.mark.parametrize(
    ("cells", "lists"),
    [
        (["[16, 24]", "[8]", ""], [[16, 24], [8, NAN], [NAN, NAN]]),
        (["[1.5,-2]", "[3,4]"], [[1.5, -2], [3, 4]]),
        (["[1, 2]", "3"], None),
        (["[1, 2]", "[a]"], None),
        (["[1, 2]", "[1-2]"], None),
        ([[1, 2], None, [3]], [[1, 2], [NAN, NAN], [3, NAN]]),
        ([["a"], ["b"]], None),
        ([[[1]], [[2]]], None),
        ([1, 2], None),
    ],
)
def test_lists(cells: list[object], lists: list[list[float]] | None) -> None:
    found = file(x=cells).lists("x")
    if lists is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, lists)


def test_texts_are_the_cells_as_they_stand() -> None:
    assert file(x=[" a ", None, "1,0"]).texts("x") == ["a", "", "1,0"]
    assert file(x=[224, 384]).texts("x") == ["224", "384"]


def test_a_column_that_is_not_there_is_refused() -> None:
    for read in (TableFile.numbers, TableFile.texts, TableFile.choices, TableFile.lists):
        with pytest.raises(UnknownNameError, match=r"t.csv: 'flop'; did you mean 'flops'"):
            read(file(flops=["1"]), "flop")
