"""Comparing populations of two runs: only what can be compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from netspace.config import Budget, SpaceChoice, Study
from netspace.errors import RunError, UserError
from netspace.present.record import DataFacts, RunRecord, SpaceFacts
from netspace.recipe import Recipe
from netspace.spaces.families import space
from netspace.trial import Trial
from netspace.workflow.compare import Side, compare_populations

ERRORS = {"anynetx_a": [40.0, 42.0, 44.0, 46.0], "regnetx": [30.0, 31.0, 32.0, 33.0]}


def record(folder: str = "runs/a", **changes: object) -> RunRecord:
    trials = [
        Trial(
            id=len(ERRORS[name]) * place + index + 1,
            space=name,
            index=index,
            network=member.network,
            complexity=member.complexity,
            recipe=Recipe(),
            seed=index,
            state="finished",
            error=ERRORS[name][index],
        )
        for place, name in enumerate(ERRORS)
        for index, member in enumerate(space(name, resolution=32).sample(4).members)
    ]
    facts = [
        SpaceFacts(
            name=name,
            degrees_of_freedom=1,
            log10_size=1.0,
            rules=(),
            adapted=(),
            acceptance_rate=0.5,
            shortfall="",
        )
        for name in ERRORS
    ]
    whole = RunRecord(
        folder=folder,
        study=Study(
            data="d",
            budget=Budget(flops="5M"),
            spaces=tuple(SpaceChoice(name=name, networks=4) for name in ERRORS),
        ),
        command="",
        plan=(),
        data=DataFacts(
            name="d",
            origin="d",
            fingerprint="f",
            classes=("a", "b"),
            resolution=32,
            channels=3,
            images={},
            notes=(),
        ),
        spaces=tuple(facts),
        trials=tuple(trials),
        winner=None,
        seconds=1.0,
    )
    return replace(whole, **changes)


def test_the_better_space_is_named() -> None:
    found = compare_populations(
        Side(record=record(), space="anynetx_a"), Side(record=record(), space="regnetx")
    )
    assert found.verdict == "better"
    assert found.sentence("anynetx_a", "regnetx").startswith("regnetx beats anynetx_a by")


def test_failed_trials_stand_beside_the_errors() -> None:
    whole = record()
    broken = replace(whole.trials[0], state="failed", error=None, reason="diverged")
    other = replace(whole, trials=(broken, *whole.trials[1:]))
    found = compare_populations(
        Side(record=other, space="anynetx_a"), Side(record=other, space="regnetx")
    )
    assert (found.finished_a, found.failed_a) == (3, 1)


@pytest.mark.parametrize("differing", ["images or splits", "recipes"])
def test_other_images_or_recipes_are_refused_unless_forced(differing: str) -> None:
    here, there = record(), record("runs/b")
    if differing.startswith("images"):
        there = replace(there, data=replace(there.data, fingerprint="g"))
    else:
        there = replace(there, study=replace(there.study, recipe=Recipe(epochs=99)))
    sides = Side(record=here, space="anynetx_a"), Side(record=there, space="regnetx")
    with pytest.raises(RunError, match=f"with different {differing}.*--force"):
        compare_populations(*sides)
    assert compare_populations(*sides, force=True).verdict == "better"


def test_two_finished_networks_are_needed() -> None:
    whole = record()
    one = replace(whole, trials=(whole.trials[0], *whole.trials[4:]))
    with pytest.raises(UserError, match="needs 2 finished networks"):
        compare_populations(Side(record=one, space="anynetx_a"), Side(record=one, space="regnetx"))


def test_a_folder_name_may_hold_a_colon(tmp_path: Path) -> None:
    from netspace.workflow.compare import side

    with pytest.raises(RunError, match="no run there"):
        side(str(tmp_path / "a:b"))
    (tmp_path / "c:d").mkdir()
    with pytest.raises(RunError, match="c:d: no run there"):
        side(str(tmp_path / "c:d"))
