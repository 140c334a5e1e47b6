"""Results made elsewhere: from a table to a run that can be compared, and what is refused."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.table import TrialTable
from tests.commands import Netspace

RESULTS = """\
name,family,block0_k,block1_k,depth,top1,macs_m,size
a1,first,3,5,10,60.5,100.25,"1,014.5"
a2,first,5,5,12,61.5,200,2
a3,first,3,3,14,62.5,300,3
b1,second,3,3,16,70.5,400,4
b2,second,5,3,18,71.5,500,5
b3,second,5,5,20,,600,6
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "results.csv"
    path.write_text(RESULTS)
    return path


def table(folder: Path, space: str) -> TrialTable:
    with Store.existing(RunFolder(folder).database) as store:
        return store.table(space=space)


def test_a_table_becomes_a_run(results: Path, netspace: Netspace, tmp_path: Path) -> None:
    words = ("--accuracy", "top1", "--flops", "macs_m:M", "--params", "size:K", "--name", "name")
    told = netspace("import", results, *words, "--out", tmp_path / "run")
    assert told.code == 0
    assert "parameters: block_k (2), depth" in told.out
    assert "flops: 100.2M..600M" in told.out
    assert "left out, text: family" in told.out
    assert "best: b2, error 28.50 %" in told.out
    assert told.err == "note: 1 row without an error: counted as failed trainings\n"
    found = table(tmp_path / "run", "results")
    np.testing.assert_array_equal(found.errors, [39.5, 38.5, 37.5, 29.5, 28.5, np.nan])
    assert found.flops.tolist() == [100_250_000, 2e8, 3e8, 4e8, 5e8, 6e8]
    assert found.params.tolist() == [1_014_500, 2000, 3000, 4000, 5000, 6000]
    assert np.isnan(found.activations).all()
    assert found.parameters["block_k"].tolist() == [[3, 5], [5, 5], [3, 3], [3, 3], [5, 3], [5, 5]]
    assert found.parameters["depth"].ravel().tolist() == [10, 12, 14, 16, 18, 20]


def test_a_column_splits_it_into_spaces_that_can_be_compared(
    results: Path, netspace: Netspace, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    netspace("import", results, "--accuracy", "top1", "--space", "family", "--out", run)
    told = netspace("compare", f"{run}:first", f"{run}:second", "--json")
    assert told.code == 0
    found = json.loads(told.out)
    assert (found["finished"], found["failed"]) == ([3, 2], [0, 1])
    assert table(run, "second").index.tolist() == [3, 4, 5]


def test_status_of_a_table(results: Path, netspace: Netspace, tmp_path: Path) -> None:
    run = tmp_path / "run"
    netspace("import", results, "--accuracy", "top1", "--name", "name", "--out", run)
    told = json.loads(netspace("status", run, "--json").out)
    counts = [told[state] for state in ("finished", "failed", "running", "planned")]
    assert counts == [5, 1, 0, 0]
    assert [trial["name"] for trial in told["trials"]] == ["a1", "a2", "a3", "b1", "b2", "b3"]
    assert told["trials"][5]["state"] == "failed"
    assert told["trials"][0]["error_percent"] == 39.5
    assert netspace("status", run).out.splitlines()[-1].split() == ["total", "0", "0", "5", "1"]


def test_importing_again_changes_nothing(results: Path, netspace: Netspace, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ("import", results, "--accuracy", "top1", "--out", run)
    first = netspace(*words)
    before = RunFolder(run).database.read_bytes()
    told = netspace(*words)
    assert told.code == 0
    assert told.out == first.out
    assert "holds this table already; nothing was changed" in told.err
    assert RunFolder(run).database.read_bytes() == before


@pytest.mark.parametrize("change", ["content", "options", "file"])
def test_another_table_in_the_same_folder_is_refused(
    change: str, results: Path, netspace: Netspace, tmp_path: Path
) -> None:
    words = ["--accuracy", "top1", "--out", tmp_path / "run"]
    netspace("import", results, *words)
    if change == "content":
        results.write_text(RESULTS.replace("71.5", "71.6"))
    elif change == "options":
        words += ["--without", "depth"]
    else:
        results = results.rename(tmp_path / "others.csv")
    told = netspace("import", results, *words)
    said = {"content": "what the file holds", "options": "--without", "file": "the file's name"}
    assert told.code == 2
    assert f"holds another table ({said[change]} differs); choose another --out" in told.err
    assert table(tmp_path / "run", "results").errors[4] == 28.5


def test_other_commands_say_what_a_table_has_not(
    results: Path, netspace: Netspace, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    netspace("import", results, "--accuracy", "top1", "--out", run)
    told = netspace("export", run, "--to", "yaml")
    assert (told.code, told.out) == (2, "")
    assert "an imported table, which has no networks to hand over" in told.err
    told = netspace("design", "--data", "digits", "--flops", "1M", "--out", run)
    assert told.code == 2
    assert "holds a run of another kind (table, not design)" in told.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give one of --error COLUMN and --accuracy COLUMN"),
        (["--error", "depth", "--accuracy", "top1"], "give one of --error"),
        (["--accuracy", "top"], "results.csv: 'top'; did you mean 'top1'?"),
        (["--accuracy", "top1", "--flops", "macs"], "'macs'; did you mean 'macs_m'?"),
        (["--accuracy", "top1", "--space", "famly"], "'famly'; did you mean 'family'?"),
        (["--accuracy", "top1", "--name", "names"], "'names'; did you mean 'name'?"),
        (["--accuracy", "top1", "--without", "depth,dpth"], "'dpth'; did you mean 'depth'?"),
        (["--accuracy", "top1", "--parameters", "dpth"], "'dpth'; did you mean 'depth'?"),
        (["--accuracy", "top1", "--parameters", "name"], "column 'name' holds text ('b3')"),
        (
            ["--accuracy", "top1", "--flops", "macs_m:X"],
            "'X' of column 'macs_m' must be K or M or G",
        ),
        (["--accuracy", "name"], "column 'name' must hold numbers, not 'b3'"),
        (["--error", "macs_m"], "row 1: error 100.25 of column 'macs_m' lies outside 0 to 100"),
        (["--accuracy", "top1:share"], "row 1: accuracy 6050 of column 'top1' lies outside"),
    ],
)
def test_a_mistake_gets_one_line_and_makes_no_folder(
    words: list[str], message: str, results: Path, netspace: Netspace, tmp_path: Path
) -> None:
    told = netspace("import", results, *words, "--out", tmp_path / "run")
    assert (told.code, told.out) == (2, "")
    assert len(told.err.splitlines()) == 1
    assert message in told.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a table (it is empty)"),
        (b"e\n", "0 rows below the header; a population needs 2"),
        (b"e\n1\n", "1 row below the header; a population needs 2"),
        (b"e,w\n,1\nnan,2\n", "column 'e' is empty in all 2 rows"),
        (b"e,w,w\n1,1,1\n2,2,2\n", "two columns are called 'w'; rename one of them"),
        (b"e,w\n1,1\n2\n", "cannot be read as a table (CSV parse error: "),
        (b"e,w\n1,\xff\n2,3\n", "cannot be read as a table ("),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "cannot be read as a table ("),
        (b"e,flops\n1,-5\n2,3\n", "row 1: flops -5 of column 'flops' must lie from 0"),
        (b"e,flops\n1,cheap\n2,3\n", "column 'flops' must hold numbers, not 'cheap'"),
        (b"e,W,w\n1,2,3\n2,5,4\n", "columns 'W' and 'w' are both called 'w' as parameters"),
        (b"e,s\n1,\n2,\n", "column 's' is empty; leave out --space"),
    ],
)
def test_a_file_that_is_no_such_table_gets_one_line(
    content: bytes, message: str, netspace: Netspace, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    words = ["--error", "e", *(["--flops", "flops"] if b"flops" in content else [])]
    words += ["--space", "s"] if b",s" in content else []
    told = netspace("import", tmp_path / "t.csv", *words, "--out", tmp_path / "run")
    assert (told.code, told.out) == (2, "")
    assert len(told.err.splitlines()) == 1
    assert told.err.startswith(f"netspace: {tmp_path / 't.csv'}: ")
    assert message in told.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
def test_a_file_that_is_not_there_or_not_of_its_kind(
    name: str, netspace: Netspace, tmp_path: Path
) -> None:
    path = tmp_path / name
    words = ("import", path, "--error", "e", "--out", tmp_path / "run")
    assert f"netspace: {path}: no file there; give a table as .csv" in netspace(*words).err
    path.write_bytes(b"\x00\x01nothing")
    told = netspace(*words)
    assert told.code == 2
    assert told.err.startswith(f"netspace: {path}: cannot be read as a table (")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_all_kinds_of_file_give_the_same_population(
    suffix: str, netspace: Netspace, tmp_path: Path
) -> None:
    path = tmp_path / f"t{suffix}"
    text = "arch,e,w,se\n001,10,1.5,true\n012,20,2.5,false\n120,30,,true\n"
    if suffix == ".csv":
        path.write_text(text, encoding="utf-8-sig")
    elif suffix == ".csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        columns = {"arch": ["001", "012", "120"], "e": [10, 20, 30], "w": [1.5, 2.5, None]}
        pq.write_table(pa.table({**columns, "se": [True, False, True]}), path)
    assert netspace("import", path, "--error", "e", "--out", tmp_path / "run").code == 0
    found = table(tmp_path / "run", "t")
    assert found.errors.tolist() == [10, 20, 30]
    assert found.parameters["arch"].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 0]]
    np.testing.assert_array_equal(found.parameters["w"].ravel(), [1.5, 2.5, np.nan])
    assert found.parameters["se"].ravel().tolist() == [1, 0, 1]


def test_doubtful_units_are_said(netspace: Netspace, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("top1,macs,w\n0.6,300,1\n0.7,400,5\n")
    words = ("import", tmp_path / "t.csv", "--accuracy", "top1", "--flops", "macs")
    told = netspace(*words, "--out", tmp_path / "a")
    assert "if they are shares of 1, write --accuracy top1:share" in told.err
    assert "flops are at most 400; if 'macs' holds millions, write --flops macs:M" in told.err
    words = ("import", tmp_path / "t.csv", "--accuracy", "top1:share", "--flops", "macs:M")
    told = netspace(*words, "--out", tmp_path / "b")
    assert told.err == ""
    assert table(tmp_path / "b", "t").errors.tolist() == [40, 30]


def test_rows_without_a_space_are_left_out_and_said(netspace: Netspace, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("e,s\n10,x\n20,\n30,x\n")
    words = ("--error", "e", "--space", "s", "--out", tmp_path / "run")
    told = netspace("import", tmp_path / "t.csv", *words)
    assert told.err == "note: 1 row without a 's' left out\n"
    assert table(tmp_path / "run", "x").index.tolist() == [0, 2]


def fact(shared: Path, name: str) -> Path:
    path = shared / "facts" / name
    if not path.is_file():
        pytest.skip(f"no {name} among the shared facts")
    return path


def test_all_networks_of_nas_bench_macro(shared: Path, netspace: Netspace, tmp_path: Path) -> None:
    words = ("--accuracy", "mean_acc", "--flops", "flops", "--params", "params")
    others = ("--without", "test_acc_*,std", "--out", tmp_path / "run")
    told = netspace("import", fact(shared, "nas_bench_macro.csv"), *words, *others)
    assert (told.code, told.err) == (0, "")
    assert "parameters: arch (8)\n" in told.out
    found = table(tmp_path / "run", "nas_bench_macro")
    assert len(np.unique(found.parameters["arch"], axis=0)) == len(found) == 3**8
    assert found.errors.tolist() == [round(error, 4) for error in found.errors.tolist()]
    assert found.errors[0] == 54.6367
    assert found.flops[1] == 14_115_328


def test_stages_of_accel_nasbench(shared: Path, netspace: Netspace, tmp_path: Path) -> None:
    words = ("--accuracy", "val_top1", "--flops", "macs_m:M", "--parameters", "block*")
    path = fact(shared, "accel_nasbench.csv")
    told = netspace("import", path, *words, "--out", tmp_path / "run")
    assert told.code == 0
    found = table(tmp_path / "run", "accel_nasbench")
    assert list(found.parameters) == ["block_e", "block_k", "block_l", "block_se"]
    assert found.parameters["block_e"][0].tolist() == [6, 4, 6, 6, 6, 1, 1]
    assert found.flops[0] == 415_361_072
    assert len(found) == 5138


def test_the_gzipped_nas_bench_201(shared: Path, netspace: Netspace, tmp_path: Path) -> None:
    path = fact(shared, "nas_bench_201_12epoch.csv.gz")
    words = ("--accuracy", "cifar10_valid", "--without", "*_test,*_valid")
    told = netspace("import", path, *words, "--out", tmp_path / "run")
    assert "left out, counts the rows: index\nleft out, text: arch_str\n" in told.out
    assert len(table(tmp_path / "run", "nas_bench_201_12epoch")) == 15_625


def planted(path: Path, rows: int = 1500) -> Path:
    """Networks that are 8 points better where `width` is 2 or 3; family b is a little worse."""
    rng = np.random.default_rng(5)
    widths, depths, b = rng.integers(0, 4, rows), rng.integers(1, 7, rows), rng.integers(0, 2, rows)
    errors = 40 + 2 * b - 8 * (widths >= 2) + rng.normal(0, 1.5, rows)
    lines = [
        f"{'ab'[family]},{error:.3f},{1e6 * (1 + depth):.0f},{width},{depth}"
        for family, error, depth, width in zip(b, errors, depths, widths, strict=True)
    ]
    path.write_text("\n".join(["family,err,flops,width,depth", *lines]))
    return path


def test_all_that_works_on_a_run_works_on_a_table(netspace: Netspace, tmp_path: Path) -> None:
    run, path = tmp_path / "run", planted(tmp_path / "t.csv")
    words = ("--error", "err", "--flops", "flops", "--space", "family", "--out", run)
    assert netspace("import", path, *words).code == 0
    assert {"run.db", "summary.json", "report.html"} <= {file.name for file in run.iterdir()}
    before = (run / "report.html").read_text()
    assert 'id="lineage"' not in before

    told = netspace("refine", f"{run}:a", "--auto", "--at-most", 300, "--json")
    assert told.code == 0
    walked = json.loads(told.out)
    assert walked["study"] is None
    taken = [step for step in walked["steps"] if step["taken"]]
    assert [step["rule"]["parameter"] for step in taken][:1] == ["width"]
    after = (run / "report.html").read_text()
    assert 'id="lineage"' in after
    assert taken[0]["sentence"] in after

    told = netspace("compare", f"{run}:a", f"{run}:b", "--until-decided", "--json")
    assert (told.code, json.loads(told.out)["verdict"]) == (0, "worse")

    told = netspace("report", run, "-o", tmp_path / "again.html")
    assert (told.code, told.out) == (0, f"{tmp_path / 'again.html'}\n")
    assert (tmp_path / "again.html").read_text() == after
    assert json.loads((run / "summary.json").read_text())["networks_trained"] == 1500
    assert json.loads(netspace("status", run, "--json").out)["finished"] == 1500


def test_populations_of_timm(shared: Path, netspace: Netspace, tmp_path: Path) -> None:
    path, run = fact(shared, "timm_imagenet.csv"), tmp_path / "run"
    words = ("--error", "top1_err", "--params", "param_count:M", "--name", "model")
    told = netspace("import", path, *words, "--space", "img_size", "--out", run)
    assert told.code == 0
    assert "left out, the error again: top1\n" in told.out
    assert "and 17 smaller spaces\n" in told.out
    assert netspace("compare", f"{run}:224", f"{run}:384").code == 0
    large = [found for space in ("224", "384", "448") for found in table(run, space).params]
    assert max(large) > 1_014e6


def test_a_long_table_with_lines_in_its_cells(netspace: Netspace, tmp_path: Path) -> None:
    row = '"first\nsecond, third",{},"1,0{:02d}"\n'
    rows = "".join(row.format(place % 100, place % 7) for place in range(50_000))
    (tmp_path / "t.csv").write_text("note,e,w\n" + rows)
    told = netspace("import", tmp_path / "t.csv", "--error", "e", "--out", tmp_path / "run")
    assert (told.code, told.err) == (0, "")
    found = table(tmp_path / "run", "t")
    assert len(found) == 50_000
    assert found.parameters["w"].ravel()[:3].tolist() == [1000, 1001, 1002]


def test_a_table_without_parameters_has_nothing_to_refine(
    netspace: Netspace, tmp_path: Path
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("name,error\n" + "".join(f"n{i},{i % 9}\n" for i in range(60)))
    netspace("import", path, "--error", "error", "--name", "name", "--out", tmp_path / "run")
    for words in (("--auto",), ("--json",), ()):
        told = netspace("refine", tmp_path / "run", *words)
        assert told.code == 2
        assert "run:bare has no parameter that every row gives, so there is no rule" in told.err
