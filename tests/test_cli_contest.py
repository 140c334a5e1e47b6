"""`netspace contest`: a study from file to result, and what it refuses in one line."""

import json
from pathlib import Path

import pytest
import yaml

from tests.commands import Netspace
from tests.pictures import picture_folder

RECIPE = {"epochs": 1, "batch_size": 16, "learning_rate": 0.05}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    plain = {
        "data": str(picture_folder(tmp_path / "colours", size=16)),
        "candidates": ["resnet20_cifar", {"network": "mobilenet_v1", "name": "mobile"}],
        "equal": {"flops": "0.8M..1M"},
        "seeds": 2,
        "recipe": RECIPE,
    }
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(plain))
    return path


def changed(study: Path, **fields: object) -> Path:
    path = study.with_name("changed.yaml")
    path.write_text(yaml.safe_dump({**yaml.safe_load(study.read_text()), **fields}))
    return path


def test_from_a_study_file_to_a_verdict(netspace: Netspace, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    told = netspace("contest", study, "--out", out)
    assert told.code == 0
    assert "Errors on validation in percent" in told.out
    assert "2 networks at equal flops" in told.err
    assert {path.name for path in out.iterdir()} >= {
        "run.db",
        "study.yaml",
        "summary.json",
        "report.html",
        "winner.yaml",
        "winner.safetensors",
    }
    document = json.loads(netspace("contest", study, "--out", out, "--json").out)
    assert document["trainings_finished"] == 4
    assert netspace("contest", out / "study.yaml", "--out", out).code == 0
    assert netspace("count", out / "winner.yaml").code == 0
    assert netspace("report", out, "-o", tmp_path / "again.html").code == 0
    assert (tmp_path / "again.html").read_text() == (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"data": "nowhere"}, "nowhere"),
        ({"candidates": ["resnet20_cifar", "resnett"]}, "unknown network 'resnett'"),
        ({"equal": {"flops": "5"}}, "cannot be scaled"),
        ({"backends": ["channels_lest"]}, "did you mean 'channels_last'"),
        ({"device": "cuda:7"}, "cuda:7"),
        ({"transfer": [{"data": "nowhere"}]}, "nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    netspace: Netspace, study: Path, tmp_path: Path, fields: dict[str, object], message: str
) -> None:
    out = tmp_path / "run"
    told = netspace("contest", changed(study, **fields), "--out", out)
    assert told.code == 2
    assert message in told.err
    assert told.err.strip().splitlines()[-1].startswith("netspace: ")
    assert not out.exists()


def test_another_study_does_not_go_on_with_a_contest(
    netspace: Netspace, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert netspace("contest", study, "--out", out).code == 0
    told = netspace("contest", changed(study, seed=5), "--out", out)
    assert told.code == 2
    assert "seed differs" in told.err
