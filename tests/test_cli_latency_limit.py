"""--latency of sample, design and search from end to end, on a machine whose times are made up."""

import json
from pathlib import Path

import pytest

from netspace.design.serial import network_from_plain
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow import latency_limit
from netspace.workflow.growing import growing
from tests.commands import Netspace
from tests.pictures import picture_folder
from tests.watching import Silent
from tests.workflow.made_up_machine import Machine, network_ms
from tests.workflow.test_searching import Pool, use

SPACE = ("mnasnet", "--flops", "3M..6M", "--resolution", 32, "--classes", 10)
SAMPLE = ("sample", *SPACE, "--count", 4)
BUDGET = ("--flops", "100K..600K")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours", images=16)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made_up = Machine()
    made_up.use(cache, monkeypatch)
    return made_up


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    return use(Pool(), monkeypatch)


def test_sample_measures_what_it_keeps(
    machine: Machine, netspace: Netspace, tmp_path: Path
) -> None:
    lines = tmp_path / "nets.jsonl"
    told = netspace(*SAMPLE, "--latency", "1.6ms", "--json", "-o", lines)
    assert told.code == 0, told.err
    document = json.loads(told.out)
    assert (document["asked"], document["found"]) == (4, 4)
    assert document["estimated_layers"]
    for one in document["networks"]:
        network = network_from_plain(one["network"])
        assert one["latency_ms"] <= 1.6
        assert one["latency_ms"] == pytest.approx(network_ms(network))
        assert one["predicted_ms"] == pytest.approx(one["latency_ms"], rel=0.1)
    assert [json.loads(line) for line in lines.read_text().splitlines()] == document["networks"]
    assert "Latency at most 1.6 ms for one image on one thread here: of " in told.err
    assert "layer calls of those kept" in told.err
    text = netspace(*SAMPLE, "--latency", "1.6ms")
    assert text.out.splitlines()[0].split()[4:8] == ["predicted", "ms", "measured", "ms"]


def test_sample_without_a_latency_measures_nothing(machine: Machine, netspace: Netspace) -> None:
    told = netspace(*SAMPLE, "--json")
    assert "latency_ms" not in json.loads(told.out)["networks"][0]
    assert (machine.confirmed, machine.operations) == ([], [])


@pytest.mark.parametrize(
    ("latency", "message"),
    [
        ("5s", "latency '5s' must be milliseconds above 0, like 5ms"),
        ("3ms..2ms", "latency '3ms..2ms' is empty"),
        ("0.01ms", "latency at most 0.01 ms: none of 200 networks within the other limits"),
    ],
)
def test_sample_refuses_in_one_line(
    latency: str,
    message: str,
    machine: Machine,
    netspace: Netspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latency_limit, "FEWEST_LOOKED_AT", 200)
    told = netspace(*SAMPLE, "--latency", latency)
    assert told.code == 2
    assert message in told.err.splitlines()[-1]


def latencies(folder: Path, spaces: tuple[str, ...]) -> dict[str, list[float]]:
    with Store(folder / "run.db") as store:
        return {
            name: [network_ms(t.network) for t in store.trials(round="population", space=name)]
            for name in spaces
        }


def test_a_design_trains_only_what_is_fast_enough(
    pictures: Path, pool: Pool, machine: Machine, netspace: Netspace, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    study = tmp_path / "study.yaml"
    study.write_text(
        f"data: {pictures}\nbudget: {{flops: 100K..600K, latency: 0.5ms}}\nworkers: 1\n"
        "spaces: [{name: anynetx_e, networks: 3}, {name: regnetx, networks: 3}]\n"
        "recipe: {epochs: 1, batch_size: 16}\n"
        "final: {candidates: 2, seeds: 1, epochs_factor: 1}\n"
    )
    told = netspace("run", study, "--out", out)
    assert told.code == 0, told.err
    found = latencies(out, ("anynetx_e", "regnetx"))
    assert [len(ms) for ms in found.values()] == [3, 3]
    assert max(max(ms) for ms in found.values()) <= 0.5
    with Store(out / "run.db") as store:
        known = {space["name"]: space["latencies_ms"] for space in store.fact("spaces")}
    for name, ms in found.items():
        assert known[name] == pytest.approx(ms)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["latency_ms"] == pytest.approx(
        network_ms(network_from_plain(summary["network"]))
    )
    assert f"{summary['latency_ms']:.3g} ms an image on one thread" in told.out
    assert "Latency at most 0.5 ms" in told.err
    measured = len(machine.confirmed)
    assert netspace("run", study, "--out", out).code == 0
    assert len(machine.confirmed) == measured
    grown_population(out, found["regnetx"])


def grown_population(out: Path, before: list[float]) -> None:
    """Networks that come in addition keep to the latency too, and those before keep their place."""
    with growing(RunFolder(out), Silent()) as run:
        run.grow("regnetx", 5)
    (after,) = latencies(out, ("regnetx",)).values()
    assert after[:3] == before
    assert len(after) == 5
    assert max(after) <= 0.5
    with Store(out / "run.db") as store:
        (facts,) = (space for space in store.fact("spaces") if space["name"] == "regnetx")
    assert facts["latencies_ms"] == pytest.approx(after)


def test_a_search_trains_only_what_is_fast_enough(
    pictures: Path, pool: Pool, machine: Machine, netspace: Netspace, tmp_path: Path
) -> None:
    """Candidates that turn out slower than predicted are not trained, and are counted."""
    out, machine.slower = tmp_path / "run", 1.4
    size = ("--networks", 6, "--epochs", 1)
    what = ("--data", pictures, "--space", "anynetx_e", "--strategy", "evolution", *BUDGET)
    told = netspace("search", *what, *size, "--latency", "0.7ms", "--out", out)
    assert told.code == 0, told.err
    (found,) = latencies(out, ("anynetx_e",)).values()
    measured = [1.4 * ms for ms in found]
    assert len(found) == 6
    assert max(measured) <= 0.7
    with Store(out / "run.db") as store:
        assert store.fact("latencies_ms") == pytest.approx(measured)
        over = store.fact("over_latency")
        assert [t.index for t in store.trials(round="population")] == list(range(6))
    assert over > 0
    assert len(machine.confirmed) == 6 + over == len(set(machine.confirmed))
    assert f"{over} candidates were measured to be over the latency, and not trained." in told.err
    summary = json.loads((out / "summary.json").read_text())
    assert summary["latency_ms"] <= 0.7


def test_a_search_whose_measurements_refuse_all_says_so(
    pictures: Path, pool: Pool, machine: Machine, netspace: Netspace, tmp_path: Path
) -> None:
    machine.slower = 50
    what = ("--data", pictures, "--space", "anynetx_e", "--strategy", "random", *BUDGET)
    size = ("--networks", 3, "--epochs", 1)
    told = netspace("search", *what, *size, "--latency", "0.5ms", "--out", tmp_path / "run")
    assert told.code == 2
    assert "50 networks that may keep to it by prediction were measured, and none does" in told.err
    assert pool.begun == []


def test_a_table_has_no_latency(netspace: Netspace, tmp_path: Path) -> None:
    told = netspace("search", "--table", tmp_path, "--latency", "5ms")
    assert told.code == 2
    assert "a search on a table measures no latency: leave out --latency" in told.err
