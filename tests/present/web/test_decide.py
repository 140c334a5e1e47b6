"""The page *Decide*: a contest's table and its picture, as the store has them."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from netspace.design.serial import to_plain
from netspace.present.contest_pictures import points
from netspace.present.contest_record import ContestRecord
from netspace.run.store import Store
from netspace.trial import Trial
from tests.present.contest_records import record
from tests.present.web.conftest import LAPTOP, PHONE, Visit, serving

Open = Callable[..., Visit]


def written(folder: Path, shown: ContestRecord) -> Path:
    """A run folder that holds this contest."""
    folder.mkdir(parents=True)
    with Store(folder / "run.db") as store:
        assert shown.victor is not None
        store.record(
            kind="contest",
            study=to_plain(shown.study, complete=True),
            entries=[to_plain(one, complete=True) for one in shown.entries],
            plan=list(shown.plan),
            data=asdict(shown.first.data),
            data1=asdict(shown.heats[1].data),
            latency=to_plain(shown.latency, complete=True),
            winner=asdict(shown.victor),
            seconds=shown.seconds,
        )
        for number, heat in enumerate(shown.heats):
            for trial in heat.trials:
                store.plan([_at(trial, min(number, 1))])
        for trial in store.trials():
            own = next(
                one
                for heat in shown.heats
                for one in heat.trials
                if (one.round, one.space, one.seed) == (trial.round, trial.space, trial.seed)
            )
            assert own.error is not None
            store.begin(trial.id)
            store.finish(trial.id, error=own.error, seconds=12.0, curve=(), setting={})
    return folder


def _at(trial: Trial, index: int) -> Trial:
    return replace(trial, index=index, state="planned", error=None, seconds=None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("runs") / "contest", record())


@pytest.fixture(scope="module")
def origin(run: Path) -> Iterator[str]:
    with serving(run.parent) as address:
        yield address


def drawn(visit: Visit) -> set[tuple[float, float]]:
    """The points with whiskers."""
    return {
        (x, round(y, 6))
        for trace in visit.data("decide-pareto")
        if trace.get("mode") == "markers" and "error_y" in trace
        for x, y in zip(trace["x"], trace["y"], strict=True)
    }


def known(cost: str) -> set[tuple[float, float]]:
    return {(point.costs[cost], round(point.error, 6)) for point in points(record())}


@pytest.mark.parametrize(("size", "dark"), [(LAPTOP, False), (PHONE, True)])
def test_the_only_contest_opens_with_its_table_and_picture(
    visit: Open, origin: str, size: tuple[int, int], dark: bool
) -> None:
    page = visit(origin, "/decide", size=size, dark=dark)
    assert page.text("h1").startswith("residual leads with 48.1 ± 1.3 % error")
    table = page.text("#decide-table")
    for words in ("residual", "handcrafted", "50.1 ± 1.3", "1.25", "2 of 3 pairs differ"):
        assert words in table
    assert "better, 11.8" in page.text("#decide-pairs")
    assert "tau -1.00" in page.text("#decide-carried")
    assert drawn(page) == known("channels_last")
    assert not page.overflows()


def test_another_cost_moves_the_points_and_the_address(visit: Open, origin: str, run: Path) -> None:
    page = visit(origin, "/decide")
    page.page.click("#decide-cost")
    page.page.get_by_role("option", name="params", exact=True).click()
    page.until(lambda: drawn(page), known("params"))
    page.until(lambda: "cost=params" in page.page.url)
    again = visit(origin, "/decide?" + urlencode({"contest": run, "cost": "params"}))
    assert drawn(again) == known("params")


def test_a_contest_that_is_not_there_is_said(visit: Open, origin: str) -> None:
    page = visit(origin, "/decide?contest=nowhere")
    assert "there is no contest at nowhere" in page.text("[role=alert]")


def test_without_a_contest_the_command_is_named(visit: Open, tmp_path: Path) -> None:
    with serving(tmp_path) as origin:
        page = visit(origin, "/decide")
        assert "netspace contest STUDY.yaml" in page.text("#page")


def test_several_contests_are_listed(visit: Open, tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name, record())
    with serving(tmp_path) as origin:
        page = visit(origin, "/decide")
        assert page.page.locator("#page td a").all_inner_texts() == [
            str(tmp_path / "one"),
            str(tmp_path / "two"),
        ]
        page.page.get_by_role("link", name=str(tmp_path / "two")).click()
        page.page.wait_for_selector("#decide-table")
        assert page.text("h1").startswith("residual leads")


def test_a_network_unfolds_with_its_file(visit: Open, origin: str) -> None:
    page = visit(origin, "/decide")
    page.page.locator("#decide-networks summary", has_text="regnet").click()
    link = page.page.locator("#decide-networks details[open] a")
    assert link.get_attribute("download") == "regnet.yaml"
    assert page.page.locator("#decide-networks details[open] img").is_visible()
