"""The command line from end to end: what it prints, writes, refuses, and exits with."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from netspace import cli
from netspace.config import load_study
from netspace.design.complexity import count
from netspace.design.serial import network_from_plain
from netspace.design.zoo import network
from netspace.workflow import design, plan
from tests.commands import Netspace
from tests.pictures import picture_folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def designed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished design of two networks a space and one epoch."""
    folder = tmp_path_factory.mktemp("runs") / "d"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "LADDER", ((4, 1),))
        patch.setattr(plan, "MOST", 4)
        patch.setattr(design, "PROBES", 1)
        words = ["--data", str(pictures), "--flops", "600K", "--out", str(folder)]
        patch.setattr(sys, "argv", ["netspace", "design", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
    assert left.value.code == 0
    return folder


def test_design_writes_its_files(designed: Path) -> None:
    names = {"run.db", "report.html", "winner.yaml", "winner.safetensors", "summary.json"}
    assert names <= {path.name for path in designed.iterdir()}
    summary = json.loads((designed / "summary.json").read_text())
    keys = "winner flops params activations validation_error_percent test_error_percent"
    assert set(f"{keys} networks_trained networks_failed spaces seconds".split()) <= set(summary)
    chosen = network(str(designed / "winner.yaml"))
    assert 0.85 * 600_000 <= count(chosen).flops == summary["flops"] <= 600_000
    assert summary["networks_trained"] == 4


def test_design_again_resumes_and_trains_nothing(
    designed: Path, pictures: Path, netspace: Netspace
) -> None:
    before = (designed / "summary.json").read_text()
    told = netspace("design", "--data", pictures, "--flops", "600K", "--out", designed)
    assert told.code == 0
    assert "winner: " in told.out
    assert (designed / "summary.json").read_text() == before


def test_design_refuses_a_folder_with_another_design(
    designed: Path, pictures: Path, netspace: Netspace
) -> None:
    told = netspace("design", "--data", pictures, "--flops", "500K", "--out", designed)
    assert told.code == 2
    assert "holds another design (--flops differs: 600K there, 500K here)" in told.err


def test_a_run_of_a_study_file_is_not_mistaken_for_a_design(
    designed: Path, pictures: Path, netspace: Netspace, tmp_path: Path
) -> None:
    study = load_study(designed / "study.yaml")
    assert study.recipe.epochs == 1
    told = netspace("run", designed / "study.yaml", "--out", designed)
    assert told.code == 0


def test_status_counts_and_lists_every_trial(designed: Path, netspace: Netspace) -> None:
    told = json.loads(netspace("status", designed, "--json").out)
    assert told["finished"] == len(told["trials"]) == 4 + 6
    assert (told["failed"], told["running"], told["planned"]) == (0, 0, 0)
    assert {"id", "state", "attempts"} <= set(told["trials"][0])
    table = netspace("status", designed).out.splitlines()
    assert table[-1].split() == ["total", "0", "0", "10", "0"]


def test_compare_names_both_spaces(designed: Path, netspace: Netspace) -> None:
    sides = (f"{designed}:anynetx_a", f"{designed}:regnetx")
    told = netspace("compare", *sides, "--json")
    assert json.loads(told.out)["spaces"] == ["anynetx_a", "regnetx"]
    assert "points" in netspace("compare", *sides).out


def test_compare_wants_one_space_a_side(designed: Path, netspace: Netspace) -> None:
    told = netspace("compare", designed, f"{designed}:regnety")
    assert told.code == 2
    assert "holds 2 spaces" in told.err
    told = netspace("compare", f"{designed}:anynetx_a", f"{designed}:regnety")
    assert told.err == "netspace: unknown space 'regnety'; did you mean 'regnetx'?\n"


def test_report_of_a_finished_run(designed: Path, netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("report", designed, "-o", tmp_path / "r.html")
    assert told.code == 0
    assert "<html" in (tmp_path / "r.html").read_text()


def test_export_of_a_run_needs_no_netspace(
    designed: Path, netspace: Netspace, tmp_path: Path
) -> None:
    told = netspace("export", designed, "--to", "torch", "-o", tmp_path / "net.py")
    assert told.code == 0
    assert told.out.split() == [str(tmp_path / "net.py"), str(tmp_path / "net.safetensors")]
    assert "import netspace" not in (tmp_path / "net.py").read_text()


def test_export_yaml_reads_back(netspace: Netspace, tmp_path: Path) -> None:
    assert netspace("export", "regnet_x_400mf", "--to", "yaml", "-o", tmp_path / "n.yaml").code == 0
    assert network(tmp_path / "n.yaml") == network("regnet_x_400mf")


def test_count_json_has_the_exact_integers(netspace: Netspace) -> None:
    told = json.loads(netspace("count", "regnet_x_400mf", "--json").out)
    assert (told["flops"], told["params"], told["activations"]) == (397678568, 5157512, 3143272)
    assert told["resolution"] == 224


def test_count_on_other_images(netspace: Netspace) -> None:
    words = ("--resolution", "225", "--channels", "1", "--classes", "10", "--json")
    told = json.loads(netspace("count", "regnetx_002", *words).out)
    assert told["params"] == 2684792 - 2 * 288 - 369 * 990
    assert told["parts"][-2]["output"] == [368, 8, 8]
    wide = json.loads(netspace("count", "regnetx_002", "--resolution", "224x320", "--json").out)
    assert wide["resolution"] == [224, 320]


def test_count_says_where_implementations_differ(netspace: Netspace) -> None:
    assert "torchvision" in netspace("count", "regnet_x_400mf").out


def test_count_shows_a_regnets_widths_before_and_after_fitting(netspace: Netspace) -> None:
    """C2."""
    told = netspace("count", "regnet_x_3_2gf").out
    assert "[88, 200, 448, 1000] of the line, fitted to the groups: [96, 192, 432, 1008]" in told


def test_count_warns_of_maps_of_one_pixel(netspace: Netspace) -> None:
    told = netspace("count", "regnet_x_200mf", "--resolution", "32")
    assert told.code == 0
    assert "1x1 map" in told.err


def test_sample_writes_a_line_for_each_network(netspace: Netspace, tmp_path: Path) -> None:
    words = ("--count", 5, "--flops", "360M..400M", "--params", "..6M", "-o", tmp_path / "s.jsonl")
    told = netspace("sample", "regnetx", *words)
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert len(lines) == 5
    for line in lines:
        cost = count(network_from_plain(line["network"]))
        assert (line["flops"], line["params"], line["activations"]) == (
            cost.flops,
            cost.params,
            cost.activations,
        )
        assert 360e6 <= line["flops"] <= 400e6
        assert line["params"] <= 6e6
    assert told.out == ""
    assert "draws accepted" in told.err


def test_json_is_one_document_and_nothing_else(netspace: Netspace) -> None:
    told = json.loads(
        netspace("sample", "anynetx_e", "--count", 2, "--resolution", 32, "--json").out
    )
    assert told["found"] == len(told["networks"]) == 2
    assert told["adapted"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["count", "resnet5"], "unknown network 'resnet5'; did you mean 'resnet50'?"),
        (["sample", "regnet", "--count", "3"], "unknown space 'regnet'; did you mean 'regnety'?"),
        (["sample", "regnetx", "--count", "3", "--flops", "4Q"], "size '4Q' must be a number"),
        (["sample", "regnetx", "--count", "3", "--flops", "5M..4M"], "is empty"),
        (["sample", "regnetx", "--count", "0"], "greater than or equal to 1"),
        (["sample", "regnetx", "--count", "3", "--flop", "4M"], "--flop"),
        (["sample", "regnetx"], "Missing option '--count'"),
        (["count", "resnet50", "--resolution", "big"], "resolution 'big' must be like 224"),
        (["design", "--data", "digits", "--flops", "1M", "--time", "soon"], "time 'soon' must be"),
        (["design", "--data", "digitz", "--flops", "1M"], "digitz"),
        (["design", "--data", "digits", "--flops", "1", "--out", "{tmp}"], "none of"),
        (["run", "missing.yaml"], "missing.yaml: cannot be read"),
        (["status", "{tmp}"], "no run there"),
        (["report", "{tmp}"], "no run there"),
        (["export", "{tmp}", "--to", "yaml"], "holds no winner"),
        (["export", "resnet50", "--to", "onix"], "unknown format 'onix'"),
        (["compare", "{tmp}", "{tmp}"], "no run there"),
        (["desing"], "desing"),
    ],
)
def test_a_mistake_gets_one_line_and_code_2(
    words: list[str], message: str, netspace: Netspace, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = netspace(*(word.format(tmp=tmp_path) for word in words))
    assert told.code == 2
    assert told.out == ""
    assert message in told.err.splitlines()[-1]
    assert told.err.splitlines()[-1].startswith("netspace: ")
    assert "Traceback" not in told.err


def test_a_usage_error_is_a_single_line(netspace: Netspace) -> None:
    assert len(netspace("sample", "regnetx").err.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": {"epoch": 3}}, "recipe: epoch: unknown field; did you mean 'epochs'?"),
        ({"spaces": [{"name": "regnetz"}]}, "space 1: unknown space 'regnetz'"),
        ({"budget": {"flops": "5M..4M"}}, "budget: range '5M..4M' is empty"),
        ({"seed": -1}, "seed -1 must be at least 0"),
        (
            {"recipe": {"warmup_epochs": 20}},
            "recipe: warmup_epochs 20 must lie from 0 to epochs 10",
        ),
    ],
)
def test_a_study_with_a_fault_names_its_path(
    change: dict, message: str, netspace: Netspace, tmp_path: Path
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({"data": "digits", "budget": {"flops": "1M"}, **change}))
    told = netspace("run", file, "--out", tmp_path / "run")
    assert told.code == 2
    assert f"netspace: {file}: {message}" in told.err
    assert not (tmp_path / "run").exists()


def test_import_is_light() -> None:
    heavy = ["torch", "scipy.stats", "sqlalchemy", "plotly", "sklearn", "pydantic", "numpy"]
    script = f"import sys, netspace; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_help_loads_no_torch() -> None:
    script = (
        "import sys; sys.argv = ['netspace', '--help']\n"
        "from netspace.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('torch' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.endswith("False False\n")
    assert "design" in told.stdout


def test_nothing_at_all_prints_the_help(netspace: Netspace) -> None:
    told = netspace()
    assert told.code == 0
    assert "Commands:" in told.out


def test_a_run_can_be_read_where_nothing_may_be_written(
    designed: Path, netspace: Netspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(designed, copy)
    monkeypatch.setattr(os, "access", lambda _, mode, **__: mode != os.W_OK)  # a read-only disk
    before = sorted(path.name for path in copy.iterdir())
    assert netspace("status", copy).code == 0
    assert netspace("compare", f"{copy}:anynetx_a", f"{copy}:regnetx").code == 0
    assert netspace("report", copy, "-o", tmp_path / "r.html").code == 0
    assert sorted(path.name for path in copy.iterdir()) == before


def test_a_strange_folder_name_is_a_folder_name(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("status", tmp_path / "q?x%41")
    assert told.code == 2
    assert "no run there" in told.err
    assert list(tmp_path.iterdir()) == []


def test_export_without_the_weights_says_what_is_missing(
    designed: Path, netspace: Netspace, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(designed, copy)
    (copy / "winner.safetensors").unlink()
    told = netspace("export", copy, "--to", "torch")
    assert told.code == 2
    assert "winner.safetensors in place" in told.err
    told = netspace("export", designed, "--to", "torch", "-o", tmp_path / "w.safetensors")
    assert told.code == 2


def test_an_output_that_cannot_be_written_is_one_line(netspace: Netspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "x.yaml"
    told = netspace("export", "resnet50", "--to", "yaml", "-o", target)
    assert told.code == 2
    assert "cannot be written" in told.err
    told = netspace(
        "design", "--data", "digits", "--flops", "1M", "--out", tmp_path / "file" / "run"
    )
    assert told.code == 2
    assert "choose another --out" in told.err


def test_a_typo_in_the_data_makes_no_folder(
    netspace: Netspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = netspace("design", "--data", "digitz", "--flops", "1M")
    assert told.code == 2
    assert "did you mean 'digits'?" in told.err
    assert list(tmp_path.iterdir()) == []
