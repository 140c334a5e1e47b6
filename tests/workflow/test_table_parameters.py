"""Which columns of a table are parameters, and which of them belong together."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from netspace.errors import DataError, UnknownNameError
from netspace.workflow.table_file import TableFile
from netspace.workflow.table_parameters import (
    chosen,
    likely_parameters,
    named_parameters,
    snake,
)

ERRORS = np.array([30.0, 20.0, np.nan])


def file(**columns: list[object]) -> TableFile:
    return TableFile(path=Path("t.csv"), fingerprint="", table=pa.table(columns))


def shapes(*names: str) -> dict[str, int]:
    """What becomes of columns of numbers with these names: parameters and their sizes."""
    whole = file(**{name: [str(place), "7", "5"] for place, name in enumerate(names)})
    found = named_parameters(whole, names)
    return {name: values.shape[1] for name, values in found.values.items()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("block0_e", "block1_e", "block0_k", "block1_k"), {"block_e": 2, "block_k": 2}),
        (("w1", "w2", "w3"), {"w": 3}),
        (("w1", "w3"), {"w1": 1, "w3": 1}),  # a gap
        (("tpuv2", "tpuv3"), {"tpuv2": 1, "tpuv3": 1}),  # versions, not stages
        (("cifar10", "cifar100"), {"cifar10": 1, "cifar100": 1}),
        (("depth", "w0"), {"depth": 1, "w0": 1}),
        (("s1_c1", "s1_c2", "s1_c3", "s2_c1"), {"s1_c": 3, "s2_c1": 1}),
        (("0", "1"), {"column": 2}),
    ],
)
def test_columns_that_differ_by_a_number_are_one(
    names: tuple[str, ...], expected: dict[str, int]
) -> None:
    assert shapes(*names) == expected


def test_stages_stand_in_the_order_of_their_numbers() -> None:
    names = [f"w{number}" for number in (10, *range(10))]
    found = named_parameters(file(**{name: [name[1:]] for name in names}), names)
    assert found.values["w"].tolist() == [list(range(11))]


def test_what_cannot_tell_networks_apart_is_left_out() -> None:
    whole = file(
        width=["8", "16", "8"],
        index=["0", "1", "2"],
        batch=["32", "32", "32"],
        notes=["", "", ""],
        kind=["a", "b", "c"],
        accuracy=["70", "80", "85"],
        error=["30", "20", ""],
        later=["5", "6", "7"],
    )
    found = likely_parameters(whole, whole.names, ERRORS)
    assert list(found.values) == ["width", "later"]
    assert found.left_out == {
        "index": "counts the rows",
        "batch": "the same in all rows",
        "notes": "empty",
        "kind": "text",
        "accuracy": "the error again",
        "error": "the error again",
    }


def test_a_stage_that_never_varies_stays_with_the_others() -> None:
    whole = file(w1=["8", "8", "8"], w2=["8", "16", "8"])
    found = likely_parameters(whole, whole.names, ERRORS)
    assert found.values["w"].tolist() == [[8, 8], [8, 16], [8, 8]]


def test_what_the_user_names_is_kept() -> None:
    whole = file(batch=["32", "32", "32"])
    assert list(named_parameters(whole, ["batch"]).values) == ["batch"]
    with pytest.raises(DataError, match=r"column 'kind' holds text \('b'\).*--parameters"):
        named_parameters(file(kind=["a", "b"]), ["kind"])


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match=r"'Width' and 'width' are both called 'width'.*--without"):
        named_parameters(file(Width=["1"], width=["2"]), ["Width", "width"])


def test_columns_are_chosen_by_name_or_pattern() -> None:
    whole = file(test_b=["1"], test_a=["1"], w=["1"], **{"x[1]": ["1"]})
    assert chosen(whole, "w, test_*") == ("test_b", "test_a", "w")
    assert chosen(whole, "x[1]") == ("x[1]",)
    with pytest.raises(UnknownNameError, match="'tests_\\*'"):
        chosen(whole, "w,tests_*")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Kernel size", "kernel_size"),
        ("kernelSize", "kernel_size"),
        ("SE-ratio (%)", "se_ratio"),
        ("w_a", "w_a"),
        ("%", "column"),
    ],
)
def test_names_in_lower_snake_case(name: str, expected: str) -> None:
    assert snake(name) == expected
