"""Comparing populations of two runs: only what can be compared."""

from dataclasses import asdict, replace
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from netspace.config import Budget, SpaceChoice, Study
from netspace.design.serial import to_plain
from netspace.errors import RunError, UnknownNameError, UserError
from netspace.present.record import DataFacts
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.spaces.families import space
from netspace.spaces.sampling import Member
from netspace.table import TrialTable
from netspace.trial import Trial
from netspace.workflow.compare import Side, Terms, compare_populations, side
from tests.commands import Netspace

ERRORS = {"anynetx_a": [40.0, 42.0, 44.0, 46.0], "regnetx": [30.0, 31.0, 32.0, 33.0]}
DATA = DataFacts(
    name="d",
    origin="d",
    fingerprint="f",
    classes=("a", "b"),
    resolution=32,
    channels=3,
    images={},
    notes=(),
)
TABLE = {"file": "t.csv", "fingerprint": "f", "measure": "error", "column": "e", "scale": 1.0}


@cache
def members(name: str) -> tuple[Member, ...]:
    return space(name, resolution=32).sample(4).members


def run(
    path: Path, *, fingerprint: str = "f", recipe: Recipe | None = None, kind: str = ""
) -> Path:
    """A run of the two spaces, its four trainings each planned, the first two of each running."""
    path.mkdir()
    study = Study(
        data="d",
        budget=Budget(flops="5M"),
        spaces=tuple(SpaceChoice(name=name, networks=4) for name in ERRORS),
        recipe=recipe or Recipe(),
    )
    with Store(RunFolder(path).database) as store:
        store.record(
            study=to_plain(study, complete=True),
            data={**asdict(DATA), "fingerprint": fingerprint},
            **({"kind": kind} if kind else {}),
        )
        store.plan(
            Trial(
                space=name,
                index=index,
                network=member.network,
                complexity=member.complexity,
                recipe=study.recipe,
                seed=index,
            )
            for name in ERRORS
            for index, member in enumerate(members(name))
        )
    return path


def trained(path: Path, **options: object) -> Path:
    """The same run with every training finished."""
    run(path, **options)
    with Store(RunFolder(path).database) as store:
        for number, error in enumerate(chain(*ERRORS.values()), 1):
            store.begin(number)
            store.finish(number, error=error, seconds=1.0, curve=(), setting={})
    return path


def imported(path: Path, **changes: object) -> Path:
    """A run of a table with the two populations."""
    path.mkdir()
    unknown = np.full(4, np.nan)
    with Store(RunFolder(path).database) as store:
        store.add_tables(
            {
                name: TrialTable(
                    index=np.arange(4),
                    errors=np.array(errors),
                    flops=unknown,
                    params=unknown,
                    activations=unknown,
                    parameters={},
                )
                for name, errors in ERRORS.items()
            },
            kind="table",
            table={**TABLE, **changes},
        )
    return path


def sides(here: Path, there: Path) -> tuple[Side, Side]:
    return side(f"{here}:anynetx_a"), side(f"{there}:regnetx")


def test_the_better_space_is_named(tmp_path: Path) -> None:
    path = trained(tmp_path / "a")
    found = compare_populations(*sides(path, path), Terms())
    assert found.verdict == "better"
    assert found.sentence("anynetx_a", "regnetx").startswith("regnetx beats anynetx_a by")


def test_failed_trials_stand_beside_the_errors_and_unfinished_ones_nowhere(tmp_path: Path) -> None:
    path = run(tmp_path / "a")
    with Store(RunFolder(path).database) as store:
        for number in range(1, 8):
            store.begin(number)
        store.fail(1, "diverged")
        for number in (2, 3, 5, 6):
            store.finish(number, error=float(number), seconds=1.0, curve=(), setting={})
    found = compare_populations(*sides(path, path), Terms())
    assert (found.finished_a, found.failed_a) == (2, 1)
    assert (found.finished_b, found.failed_b) == (2, 0)


@pytest.mark.parametrize(
    ("differing", "change"),
    [
        ("images or splits", {"fingerprint": "g"}),
        ("recipes", {"recipe": Recipe(epochs=99)}),
        ("images or splits and recipes", {"fingerprint": "g", "recipe": Recipe(epochs=99)}),
    ],
)
def test_other_images_or_recipes_are_refused_unless_forced(
    differing: str, change: dict[str, object], tmp_path: Path
) -> None:
    both = sides(trained(tmp_path / "a"), trained(tmp_path / "b", **change))
    with pytest.raises(RunError, match=f"have different {differing}; --force"):
        compare_populations(*both, Terms())
    assert compare_populations(*both, Terms(force=True)).verdict == "better"


@pytest.mark.parametrize(
    "change", [{"fingerprint": "g"}, {"column": "f"}, {"measure": "accuracy"}, {"scale": 100.0}]
)
def test_other_tables_or_columns_are_refused_unless_forced(
    change: dict[str, object], tmp_path: Path
) -> None:
    here, there = imported(tmp_path / "a"), imported(tmp_path / "b", **change)
    with pytest.raises(RunError, match=r"different imported tables or error columns; --force"):
        compare_populations(*sides(here, there), Terms())
    assert compare_populations(*sides(here, there), Terms(force=True)).verdict == "better"


def test_the_name_of_a_table_is_not_what_its_errors_come_from(tmp_path: Path) -> None:
    here, there = imported(tmp_path / "a"), imported(tmp_path / "b", file="copy.csv")
    assert compare_populations(*sides(here, there), Terms()).verdict == "better"


def test_a_table_against_a_training_run_is_refused_unless_forced(tmp_path: Path) -> None:
    both = sides(imported(tmp_path / "a"), trained(tmp_path / "b"))
    with pytest.raises(RunError, match=r"have different kinds of run; --force"):
        compare_populations(*both, Terms())
    assert compare_populations(*both, Terms(force=True)).verdict == "better"


def test_two_finished_networks_are_needed(tmp_path: Path) -> None:
    path = run(tmp_path / "a")
    with pytest.raises(UserError, match="no finished network"):
        compare_populations(*sides(path, path), Terms())
    with Store(RunFolder(path).database) as store:
        store.begin(1)
        store.finish(1, error=1.0, seconds=1.0, curve=(), setting={})
    with pytest.raises(UserError, match="needs 2 finished networks"):
        compare_populations(*sides(path, path), Terms())


def test_a_space_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = trained(tmp_path / "a")
    with pytest.raises(UnknownNameError, match="did you mean 'regnetx'"):
        side(f"{path}:regnety")
    with pytest.raises(RunError, match=r"holds 2 spaces; say which: .*:anynetx_a or :regnetx"):
        side(str(path))


def test_runs_without_populations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"another kind \(scaling, not design\)"):
        side(str(run(tmp_path / "a", kind="scaling")))
    (tmp_path / "b").mkdir()
    with Store(RunFolder(tmp_path / "b").database):
        pass
    with pytest.raises(RunError, match="stopped before its first training"):
        side(str(tmp_path / "b"))


def test_a_folder_name_may_hold_a_colon(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run there"):
        side(str(tmp_path / "a:b"))
    (tmp_path / "c:d").mkdir()
    with pytest.raises(RunError, match="c:d: no run there"):
        side(str(tmp_path / "c:d"))


def test_a_space_name_may_hold_a_colon(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown space 'c:d'"):
        side(f"{trained(tmp_path / 'a:b')}:c:d")


def test_networks_of_other_cost_are_refused_unless_forced(tmp_path: Path) -> None:
    here = side(f"{trained(tmp_path / 'a')}:anynetx_a")
    dear = replace(here.table, flops=here.table.flops * 1e3)
    other = replace(here, space="regnetx", table=dear)
    with pytest.raises(RunError, match=r"flops, those of regnetx .*: spaces are compared at like"):
        compare_populations(here, other, Terms())
    assert compare_populations(here, other, Terms(force=True)).difference == 0.0
    unknown = replace(other, table=replace(dear, flops=np.full(len(dear), np.nan)))
    assert compare_populations(here, unknown, Terms()).difference == 0.0


def test_what_is_forced_is_said(tmp_path: Path, netspace: Netspace) -> None:
    here, there = trained(tmp_path / "a"), trained(tmp_path / "b", fingerprint="g")
    words = ("compare", f"{here}:anynetx_a", f"{there}:regnetx")
    assert netspace(*words).code == 2
    told = netspace(*words, "--force")
    assert told.code == 0
    assert "note: " in told.err
    assert "have different images or splits" in told.err
