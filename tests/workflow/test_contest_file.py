"""A contest's study file: names, files and runs as candidates; faults named by their place."""

from pathlib import Path

import pytest
import yaml

from netspace.config import load_study
from netspace.contest_study import EqualFlops, EqualLatency
from netspace.design.zoo import network
from netspace.errors import StudyError
from netspace.workflow.contest_file import contest_from_plain, load_contest

STUDY = {
    "data": "digits",
    "candidates": ["resnet18", "efficientnet_b0"],
    "equal": {"flops": "5M..6M"},
}


def changed(**fields: object) -> dict[str, object]:
    return {**STUDY, **fields}


def test_zoo_names_become_networks_with_their_origin() -> None:
    study = contest_from_plain(STUDY)
    assert [one.name for one in study.candidates] == ["resnet18", "efficientnet_b0"]
    assert [one.origin for one in study.candidates] == ["handcrafted", "searched"]
    assert study.candidates[0].network == network("resnet18")
    assert study.equal == EqualFlops(size="5M..6M")


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("regnet_x_400mf", "design space"),
        ("mnasnet_b1", "searched"),
        ("mobilenet_v3_small", "searched"),
        ("mobilenet_v2", "handcrafted"),
    ],
)
def test_origins_of_the_zoo(name: str, origin: str) -> None:
    study = contest_from_plain(changed(candidates=[name, "vgg11"]))
    assert study.candidates[0].origin == origin


def test_a_file_is_a_candidate_and_may_be_given_a_name_and_an_origin(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("stages: [{block: {kind: basic}, width: 16, depth: 1}]")
    entry = {"network": str(path), "name": "my own", "origin": "searched"}
    found = contest_from_plain(changed(candidates=[entry, str(path)])).candidates
    assert [(one.name, one.origin, one.source) for one in found] == [
        ("my own", "searched", "a network file"),
        ("mine", "handcrafted", "a network file"),
    ]


def test_a_file_is_not_of_the_zoo_by_what_it_calls_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: regnet_x_200mf\nstages: [{block: {kind: basic}, width: 16, depth: 1}]")
    found = contest_from_plain(changed(candidates=[str(path), "vgg11"])).candidates[0]
    assert (found.origin, found.source) == ("handcrafted", "a network file")


def test_the_latency_that_is_made_equal_is_shown_too() -> None:
    timed = contest_from_plain(changed(equal={"latency": "2ms"}, backends=["eager"]))
    assert timed.timed_backends == ("channels_last", "eager")
    assert contest_from_plain(changed(backends=["eager"])).timed_backends == ("eager",)


def test_a_single_size_is_met_within_2_percent() -> None:
    study = contest_from_plain(changed(equal={"flops": "5M"}))
    assert study.equal.range == pytest.approx((4.9e6, 5.1e6))
    timed = contest_from_plain(changed(equal={"latency": "1.5ms..2ms"}))
    assert timed.equal == EqualLatency(time="1.5ms..2ms")
    assert timed.equal.range == (1.5, 2.0)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    from netspace.design.serial import to_plain

    study = contest_from_plain(changed(transfer=[{"data": "digits"}]))
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(to_plain(study)))
    assert load_contest(path) == study


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"candidates": ["resnet18"]}, "two networks or more"),
        ({"candidates": ["resnet18", "resnet18"]}, "'resnet18' stands there twice"),
        ({"candidates": ["resnet18", "resnet19"]}, "candidates 2: unknown network 'resnet19'"),
        ({"candidates": ["resnet18", {"name": "x"}]}, "candidates 2: give a network's name"),
        ({"candidates": ["resnet18", {"run": "nowhere"}]}, "candidates 2: nowhere: no run there"),
        ({"equal": {"flops": "5M", "latency": "2ms"}}, "exactly one of flops"),
        ({"equal": {"flops": "..5M"}}, "a range with both ends"),
        ({"equal": {"latency": "fast"}}, "milliseconds above 0"),
        ({"backends": []}, "backends: give at least one"),
        ({"candidates": ["vgg11", {"network": 5}]}, "candidates 2: network 5 must be a zoo name"),
        ({"candidates": ["vgg11", {"network": None}]}, "candidates 2: network None must be"),
        ({"equal": {"latency": "1ms..2ms..3ms"}}, "milliseconds above 0"),
        ({"seeds": 1}, "seeds 1 must be at least 2"),
        ({"sedes": 3}, "sedes"),
        ({"transfer": [{"dta": "digits"}]}, "dta"),
        ({"recipe": {"epochs": 0}}, "epochs 0 must be at least 1"),
    ],
)
def test_faults_are_named(fields: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(changed(**fields)))
    with pytest.raises(StudyError) as fault:
        load_contest(path)
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


def test_run_says_where_a_contest_belongs(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY))
    with pytest.raises(StudyError, match="netspace contest"):
        load_study(path)


def test_a_file_that_is_not_there_or_no_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        load_contest(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("{")
    with pytest.raises(StudyError, match="is not YAML"):
        load_contest(tmp_path / "broken.yaml")
