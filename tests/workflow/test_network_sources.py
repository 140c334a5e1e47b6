"""Networks by zoo name, file, run and population."""

import json
from pathlib import Path

import pytest
import yaml

from netspace.design.serial import to_plain
from netspace.design.zoo import network
from netspace.errors import UserError
from netspace.present.export import yaml_text
from netspace.present.text import sample_lines
from netspace.spaces.families import space
from netspace.workflow.network_sources import networks_of

TINY = {
    "stem": {"width": 8, "stride": 1},
    "stages": [{"block": {"kind": "basic"}, "width": 8, "depth": 1}],
    "classes": 3,
    "resolution": [12, 12],
}


def test_zoo_names_files_and_runs(tmp_path: Path) -> None:
    file, run = tmp_path / "own.yaml", tmp_path / "run"
    file.write_text(yaml.safe_dump(TINY))
    run.mkdir()
    (run / "winner.yaml").write_text(yaml_text(network("resnet18")))
    found = networks_of(["resnet50", str(file), str(run)])
    assert [one.name for one in found] == ["resnet50", "own", "resnet18"]
    assert found[2] == network("resnet18")
    assert found[1].resolution == (12, 12)


def test_a_population_as_sample_writes_it(tmp_path: Path) -> None:
    drawn = space("regnetx", resolution=32, classes=10).sample(3, flops=(4e6, 6e6))
    file = tmp_path / "nets.jsonl"
    file.write_text(sample_lines(drawn) + "\n")
    found = networks_of([str(file)])
    assert [one.name for one in found] == ["nets-0", "nets-1", "nets-2"]
    assert found == tuple(member.network for member in drawn.members)


def test_names_that_come_again_are_numbered() -> None:
    found = networks_of(["resnet18", "resnet50", "resnet18"])
    assert [one.name for one in found] == ["resnet18", "resnet50", "resnet18 (2)"]


def test_all_are_set_to_the_images() -> None:
    (found,) = networks_of(["resnet18"], resolution=(64, 96), classes=7)
    assert (found.resolution, found.classes) == ((64, 96), 7)


def lines(*written: str) -> str:
    return "\n".join(written) + "\n"


GOOD = json.dumps({"network": TINY})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "nets.jsonl holds no networks; write some with netspace sample -o"),
        (lines(GOOD, "{"), "nets.jsonl line 2 is not JSON"),
        (lines(GOOD, "[]"), "nets.jsonl line 2 has no field 'network'"),
        (lines(GOOD, "", "{}"), "nets.jsonl line 3 has no field 'network'"),
        (
            lines(json.dumps({"network": {**TINY, "clases": 3}})),
            "nets.jsonl line 1: clases: unknown field; did you mean 'classes'",
        ),
    ],
)
def test_a_population_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "nets.jsonl"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        networks_of([str(file)])


def test_what_is_not_there(tmp_path: Path) -> None:
    for source, message in [
        ("resnet81", "did you mean 'resnet18'"),
        (tmp_path / "none.jsonl", r"none.jsonl: cannot be read \(No such file"),
        (tmp_path / "none.yaml", "none.yaml' does not exist"),
        (tmp_path, r"holds no winner \(yet\)"),
    ]:
        with pytest.raises(UserError, match=message):
            networks_of([str(source)])


def test_bytes_are_no_population(tmp_path: Path) -> None:
    file = tmp_path / "nets.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"cannot be read \(it is not text\)"):
        networks_of([str(file)])


def test_c81_every_network_is_checked_first(tmp_path: Path) -> None:
    """One that does not fit stops before anything is measured, by its name."""
    with pytest.raises(UserError, match="alexnet at 8x8: stem: a 1x1 map is too small"):
        networks_of(["resnet18", "alexnet"], resolution=(8, 8))


def test_reading_back_gives_the_same_network(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps({"network": to_plain(network("mobilenet_v2"))}))
    (found,) = networks_of([str(file)])
    assert found == network("mobilenet_v2")
