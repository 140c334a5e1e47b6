"""Searches on a table: what they find, what random draws would, and what is refused."""

import csv
import json
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from netspace.config import Budget
from netspace.errors import InfeasibleError, SpecError, UnknownNameError, UserError
from netspace.present.table_search_text import TableSearched, table_search_json, table_search_text
from netspace.search.evolution import Evolution, Random
from netspace.search.objective import Accuracy, Pareto, Reward
from netspace.search.strategies import STRATEGIES
from netspace.workflow.table_search import TableWish, search_table
from tests.commands import Netspace

ROWS = tuple(product((1, 2, 4, 8), (3, 5, 7), range(4)))
"""depth, kernel, width."""


def accuracy(depth: int, kernel: int, width: int) -> float:
    return 80 - (depth - 4) ** 2 - abs(kernel - 5) - 0.7 * width


def millions(depth: int, kernel: int, width: int) -> int:
    return depth * kernel * (width + 1)


@pytest.fixture
def table(tmp_path: Path, netspace: Netspace) -> Path:
    return imported(tmp_path, netspace, "made", ROWS)


def imported(
    folder: Path, netspace: Netspace, name: str, rows: tuple[tuple[int, ...], ...]
) -> Path:
    lines = ["depth,kernel,width,top1,macs"]
    lines += [f"{d},{k},{w},{accuracy(d, k, w)},{millions(d, k, w)}" for d, k, w in rows]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    words = ("--accuracy", "top1", "--flops", "macs:M", "--out", folder / name)
    assert netspace("import", folder / f"{name}.csv", *words).code == 0
    return folder / name


def wish(table: Path, **changes: object) -> TableWish:
    plain = TableWish(table=str(table), strategy=Random(), networks=10, seeds=3)
    return replace(plain, **changes)


def test_a_search_on_a_table_finds_its_best_row(table: Path) -> None:
    found = search_table(wish(table, networks=len(ROWS), seeds=2))
    best = max(ROWS, key=lambda row: accuracy(*row))
    assert found.fitness.shape == (2, len(ROWS))
    assert found.so_far[:, -1] == pytest.approx(accuracy(*best) / 100)
    assert found.best_error == pytest.approx(100 - accuracy(*best))
    assert [values for (values,) in found.best_parameters.values()] == list(best)


def test_the_random_column_is_the_exact_expectation(tmp_path: Path, netspace: Netspace) -> None:
    rows = ROWS[::5]
    table = imported(tmp_path, netspace, "few", rows)
    found = search_table(wish(table, networks=5))
    worth = [accuracy(*row) / 100 for row in rows]
    expected = [np.mean([max(some) for some in combinations(worth, k)]) for k in range(1, 6)]
    np.testing.assert_allclose(found.random, expected)


def test_it_is_that_of_what_is_searched_for(tmp_path: Path, netspace: Netspace) -> None:
    rows = ROWS[::5]
    table = imported(tmp_path, netspace, "few", rows)
    within = [row for row in rows if millions(*row) <= 40]
    found = search_table(wish(table, networks=4, budget=Budget(flops="1M..40M")))
    expected = np.mean([max(accuracy(*row) for row in some) for some in combinations(within, 4)])
    assert found.random[3] == pytest.approx(expected / 100)
    objective = Reward(target="20M", form="hard")
    found = search_table(wish(table, networks=4, objective=objective))
    worth = [accuracy(*row) / 100 / max(1, millions(*row) / 20) for row in rows]
    expected = np.mean([max(some) for some in combinations(worth, 4)])
    assert found.random[3] == pytest.approx(expected)


def test_random_searches_come_to_it(table: Path) -> None:
    found = search_table(wish(table, seeds=60))
    for count in (2, 5, 10):
        best = found.so_far[:, count - 1]
        assert abs(best.mean() - found.random[count - 1]) < 4 * best.std() / np.sqrt(60)


@pytest.mark.parametrize("objective", [Accuracy(), Reward(target="20M", form="hard")])
def test_the_best_network_is_that_of_the_objective(objective: object, table: Path) -> None:
    found = search_table(wish(table, networks=len(ROWS), seeds=1, objective=objective))
    worth = {
        row: accuracy(*row) / (max(1, millions(*row) / 20) if objective != Accuracy() else 1)
        for row in ROWS
    }
    chosen = tuple(int(values[0]) for values in found.best_parameters.values())
    assert chosen == max(worth, key=worth.__getitem__)


def test_a_table_that_ends_ends_the_search(table: Path) -> None:
    found = search_table(wish(table, networks=1000, seeds=2))
    assert found.fitness.shape == (2, len(ROWS))
    assert found.stated == [10, 20, len(ROWS)]


def test_evolution_is_better_than_chance_there(table: Path) -> None:
    strategy = Evolution(population=6, sample=4)
    found = search_table(wish(table, strategy=strategy, networks=20, seeds=12))
    assert found.so_far[:, -1].mean() > found.random[-1]


def test_the_seeds_follow_the_seed(table: Path) -> None:
    first, second = (search_table(wish(table, seed=seed)) for seed in (0, 1))
    np.testing.assert_array_equal(first.fitness[1:], second.fitness[:2])


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"objective": Pareto()}, UserError, "one figure, which pareto has not"),
        (
            {"objective": Reward(target="5ms", cost="latency_ms")},
            UserError,
            "measures no latency; weigh flops, params or activations",
        ),
        (
            {"objective": Reward(target="5M", cost="params")},
            UserError,
            "tells no params of 48 rows; import it with --params COLUMN",
        ),
        ({"budget": Budget(params="5M")}, SpecError, "tells no params of 48 rows"),
        ({"budget": Budget(flops="1G")}, InfeasibleError, "no row of the table has flops in"),
        ({"unordered": ("kernell",)}, UnknownNameError, "did you mean 'kernel'"),
        (
            {"unordered": ("kernel",), "strategy": STRATEGIES["cmaes"]},
            SpecError,
            "cmaes needs ordered parameters, and kernel",
        ),
        ({"fitted": True}, UserError, "give both, or neither"),
        ({"space": "regnetx"}, UserError, "give both, or neither"),
        ({"fitted": True, "space": "regnetz"}, UnknownNameError, "did you mean 'regnet[xy]'"),
        (
            {"fitted": True, "space": "regnetx", "objective": Reward(target=5, cost="latency_ms")},
            UserError,
            "measures no latency",
        ),
        ({"fitted": True, "space": "regnetx"}, SpecError, "48 rows with an error, too few to fit"),
    ],
)
def test_what_a_table_cannot_give_is_refused(
    changes: dict[str, object], kind: type[Exception], message: str, table: Path
) -> None:
    with pytest.raises(kind, match=message) as fault:
        search_table(wish(table, **changes))
    assert "\n" not in str(fault.value)


def test_the_command_tells_it_beside_random_draws(table: Path, netspace: Netspace) -> None:
    words = ("search", "--table", table, "--strategy", "evolution", "--networks", 20, "--seeds", 3)
    told = netspace(*words)
    assert told.code == 0
    first, second, *rows = told.out.splitlines()
    assert first == "evolution: highest accuracy within the budget; 3 searches"
    assert second == "estimate: errors as the table has them, 48 networks to choose from"
    assert rows[0].split() == ["networks", "best", "so", "far", "95", "%", "random", "draws"]
    assert [row.split()[0] for row in rows[1:3]] == ["10", "20"]
    plain = json.loads(netspace(*words, "--json").out)
    assert [row["networks"] for row in plain["best_so_far"]] == [10, 20]
    for row, figures in zip(rows[1:3], plain["best_so_far"], strict=True):
        assert float(row.split()[1]) == pytest.approx(figures["mean"], abs=1e-4)
        assert float(row.split()[-1]) == pytest.approx(figures["random"], abs=1e-4)
        assert figures["low"] <= figures["mean"] <= figures["high"]
    assert plain["searches"] == 3
    depth, kernel, width = (values[0] for values in plain["best_parameters"].values())
    assert plain["best_error_percent"] == pytest.approx(100 - accuracy(depth, kernel, width))


def searched(**changes: object) -> TableSearched:
    plain = {
        "strategy": "random",
        "objective": "highest accuracy within the budget",
        "fitness": np.array([[0.5, 0.4, 0.7]]),
        "random": np.empty(0),
        "checked": "by hand",
        "log10_size": 3.0,
        "best_error": 30.0,
        "best_parameters": {"depth": (1.0, 2.5)},
    }
    return TableSearched(**plain | changes)


def test_what_is_not_known_is_not_told() -> None:
    lines = table_search_text(searched()).splitlines()
    assert lines[0].endswith("; 1 search")
    assert lines[3].split()[:2] == ["3", "0.7000"]
    assert "one search only" in lines[3]
    assert lines[3].endswith("not known")
    assert lines[4] == "best of all: error 30.00 %, depth 1 2.5"
    (row,) = json.loads(table_search_json(searched()))["best_so_far"]
    assert row == {"networks": 3, "mean": 0.7, "low": None, "high": None, "random": None}


def test_the_best_so_far_passes_over_failures() -> None:
    found = searched(fitness=np.array([[np.nan, 0.4, 0.3], [0.2, np.nan, 0.6]]))
    np.testing.assert_array_equal(found.so_far, [[np.nan, 0.4, 0.4], [0.2, 0.2, 0.6]])
    mean, low, high = found.interval(3)
    assert mean == pytest.approx(0.5)
    assert (low + high) / 2 == pytest.approx(mean)
    assert high - mean == pytest.approx(12.7062047 * 0.1)  # Student's t, one degree of freedom


PARTS = {"e": "expansion", "k": "kernel", "l": "depth", "se": "se_ratio"}
"""What the table of Accel-NASBench calls a stage's choices, and what the space does."""


@pytest.mark.slow
def test_a_space_is_searched_by_an_estimate(
    shared: Path, netspace: Netspace, tmp_path: Path
) -> None:
    """The columns are renamed: an import keeps a table's own names."""
    source, file = shared / "facts" / "accel_nasbench.csv", tmp_path / "accel.csv"
    if not source.is_file():
        pytest.skip(f"no {source}")
    columns = {f"block{i}_{old}": f"{new}{i}" for i in range(7) for old, new in PARTS.items()}
    with source.open(newline="") as lines, file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*columns.values(), "top1"])
        for row in csv.DictReader(lines):
            values = [float(row[name]) / (4 if name.endswith("_se") else 1) for name in columns]
            writer.writerow([*values, row["val_top1"]])
    assert netspace("import", file, "--accuracy", "top1", "--out", tmp_path / "accel").code == 0
    words = ("--strategy", "evolution", "--networks", 30, "--seeds", 2, "--flops", "300M..400M")
    told = netspace(
        *("search", "--table", tmp_path / "accel", "--fitted", "--space", "efficientnet"),
        *(*words, "--json"),
    )
    assert told.code == 0, told.err
    plain = json.loads(told.out)
    assert plain["estimate"].endswith("networks keep to the parameter values that it spans")
    assert plain["estimate"].startswith("gradient boosting fitted to 5,138 trained networks")
    assert {
        name: len(values) for name, values in plain["best_parameters"].items()
    } == dict.fromkeys(PARTS.values(), 7)
    assert max(plain["best_parameters"]["depth"][:5]) <= 3, "of 4 the table tells only once"
    assert 25 < plain["best_error_percent"] < 40
    last = plain["best_so_far"][-1]
    assert 0.6 < last["random"] < 0.75, "accuracies of the best of 30 random draws"
    assert abs(last["random"] - last["mean"]) < 0.02, "evolution still draws its population"
