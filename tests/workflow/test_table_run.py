"""The run of an imported table, read back and written."""

import json
from pathlib import Path

import numpy as np
import pytest

from netspace.analyse.summary import summarise
from netspace.analyse.verdict import compare
from netspace.design.serial import to_plain
from netspace.errors import RunError
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.importing import import_file
from netspace.workflow.record import read_record
from netspace.workflow.report import report_text
from netspace.workflow.table_populations import ImportRequest
from netspace.workflow.table_run import read_table_run, table_summary
from tests.present.records import study

ROWS = [
    ("a1", "first", 3, 60.5, 100),
    ("a2", "first", 5, 61.5, 200),
    ("b1", "second", 4, 70.5, 300),
    ("b2", "second", 2, 71.25, 400),
    ("b3", "second", 6, None, 500),
]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    lines = ["name,family,depth,top1,macs"]
    lines += [",".join("" if cell is None else str(cell) for cell in row) for row in ROWS]
    (tmp_path / "results.csv").write_text("\n".join(lines))
    request = ImportRequest(accuracy="top1", flops="macs:M", space="family", name="name")
    import_file(tmp_path / "results.csv", request, tmp_path / "run", command="netspace import …")
    return RunFolder(tmp_path / "run")


def test_the_record_is_what_was_imported(folder: RunFolder) -> None:
    record = read_table_run(folder)
    assert (record.file, record.measure, record.column) == ("results.csv", "accuracy", "top1")
    assert record.options == {
        "accuracy": "top1",
        "flops": "macs:M",
        "space": "family",
        "name": "name",
    }
    assert record.command == "netspace import …"
    assert (record.rows, record.failed) == (5, 1)
    assert record.notes == ("1 row without an error: counted as failed trainings",)
    first, second = record.populations
    assert (first.space, second.space) == ("first", "second")
    assert [second.called(index) for index in second.table.index.tolist()] == ["b1", "b2", "b3"]
    np.testing.assert_array_equal(second.table.errors, [29.5, 28.75, np.nan])
    assert second.table.flops.tolist() == [3e8, 4e8, 5e8]


def test_the_summary_has_the_names_of_a_run(folder: RunFolder) -> None:
    told = json.loads(folder.summary.read_text(), parse_constant=pytest.fail)
    assert told == table_summary(read_table_run(folder))
    assert (told["winner"], told["networks_trained"], told["networks_failed"]) == (None, 4, 1)
    first, second = told["spaces"]
    assert (second["name"], second["finished"], second["failed"]) == ("second", 2, 1)
    assert first["mean"] == summarise([39.5, 38.5]).mean
    (pair,) = told["comparisons"]
    assert pair["spaces"] == ["first", "second"]
    assert pair["difference"] == compare([39.5, 38.5], [29.5, 28.75]).difference
    assert told["data"]["name"] == "results.csv"


def test_the_report_is_written_and_can_be_written_again(folder: RunFolder) -> None:
    assert "the best is b2 at 28.75 % error" in folder.report.read_text()
    assert report_text(folder) == folder.report.read_text()


def test_what_trains_names_the_kind_and_what_a_table_has_instead(folder: RunFolder) -> None:
    with pytest.raises(RunError, match=r"another kind \(table, not design\)") as found:
        read_record(folder)
    assert str(found.value).endswith("of a table there are report, compare, refine and search")


def test_a_run_that_trains_is_no_table(tmp_path: Path) -> None:

    own = RunFolder(tmp_path)
    with Store(own.database) as store:
        store.record(study=to_plain(study("regnetx"), complete=True))
    with pytest.raises(RunError, match=r"another kind \(design, not table\); give another folder$"):
        read_table_run(own)


def test_errors_only_in_rows_of_no_space_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("e,s\n10,\n,x\n,x\n")
    request = ImportRequest(error="e", space="s")
    with pytest.raises(ValueError, match="is empty in all rows that name a 's'; leave out --space"):
        import_file(tmp_path / "t.csv", request, tmp_path / "run")
    assert not (tmp_path / "run").exists()
