"""The page *Runs* in a browser: what it plots, and what brushing and clicking do."""

from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
import yaml

pytest.importorskip("dash", reason="dash is not installed")

from netspace.design.serial import network_from_plain
from netspace.run.store import Store
from tests.present.records import curve, search_study, study, trained
from tests.present.web.conftest import PHONE, serving
from tests.present.web.runs_made import design, made, table

FIGURES = ("runs-edf", "runs-left", "runs-right")
PATIENCE = 60
NASTY = "a <b>&amp; $x$"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of runs of several kinds, what they hold, and where they are served."""
    folder = tmp_path_factory.mktemp("runs")
    (_, trials), (_, tables) = design(folder / "design"), table(folder / NASTY)
    plan = search_study(networks=14)
    origins = ["drawn"] * 6 + ["proposed"] * 8
    searched = trained(plan)
    made(folder / "search", plan, searched, kind="search", origins=origins)
    (folder / "broken").mkdir()
    (folder / "broken" / "run.db").write_bytes(b"no database, but long enough to look at " * 40)
    with serving(folder) as origin:
        yield {
            "folder": folder,
            "origin": origin,
            "trials": trials,
            "tables": tables,
            "searched": searched,
        }


def address(place, name: str, **query: str) -> str:
    pairs = {"run": str(place["folder"] / name), **query}
    return "/runs?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in pairs.items())


def query_of(visit) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(visit.page.url).query).items()}


def points(visit, name: str) -> dict[int, tuple[float, float]]:
    """What is plotted in a figure, by the trial's ID."""
    return {
        int(own[0]): (x, y)
        for trace in visit.data(name)
        for x, y, own in zip(trace["x"], trace["y"], trace.get("customdata") or (), strict=True)
    }


def shows(visit, name: str, wanted) -> None:
    """Wait until a figure plots these points."""
    visit.until(lambda: points(visit, name), wanted, patience=PATIENCE)


def expected(trials, key, *, inside=lambda one: True) -> dict[int, tuple[float, float]]:
    return {
        one.id: (getattr(one.complexity, key), one.error)
        for one in trials
        if one.round == "population" and one.state == "finished" and inside(one)
    }


def brush(visit, name: str, low: float, high: float) -> None:
    """Draw a box over a figure, between these values of its horizontal axis."""
    page = visit.page
    area = page.locator(f"#{name} .nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    left, right = page.evaluate(
        """([name, low, high]) => {
            const axis = document.querySelector(`#${name} .js-plotly-plot`)._fullLayout.xaxis;
            return [axis.d2p(low), axis.d2p(high)];
        }""",
        [name, low, high],
    )
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + left, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + right, middle + 15, steps=4)
    page.mouse.up()


def awaits(visit, selector: str, words: str) -> None:
    visit.page.wait_for_function(
        "([s, w]) => document.querySelector(s)?.innerText.replace(/\\s+/g, ' ').includes(w)",
        arg=[selector, words],
        timeout=1000 * PATIENCE,
    )


def test_the_list_names_every_run(place, visit):
    page = visit(place["origin"], "/runs")
    rows = page.page.locator("#runs-list tbody tr").all_inner_texts()
    said = {row.split("\t")[0].rsplit("/", 1)[1]: row.split("\t") for row in rows}
    assert set(said) == {"design", NASTY, "search", "broken"}
    best = min(one.error for one in place["trials"] if one.round == "population" and one.error)
    assert said["design"][1:8] == ["design", "finished", "29", "1", "0", "0", f"{best:.2f} %"]
    assert said["search"][1] == "search"
    assert said[NASTY][2] == "imported"
    assert "not a readable run" in said["broken"][2]
    page.page.get_by_role("link", name="design").focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#runs-edf")
    assert page.text("h1").endswith("/design")


def test_figures_hold_the_trials(place, visit):
    page = visit(place["origin"], address(place, "design"))
    for name, key in (("runs-left", "flops"), ("runs-right", "params")):
        shows(page, name, expected(place["trials"], key))
    steps = [trace for trace in page.data("runs-edf") if trace.get("name")]
    for trace, space in zip(steps, ("anynetx_a", "regnetx"), strict=True):
        own = [one for one in place["trials"] if one.round == "population" and one.space == space]
        errors = sorted(one.error for one in own if one.state == "finished")
        failed = len(own) - len(errors)
        assert trace["name"] == f"{space} ({len(errors)} finished, {failed} failed)"
        assert trace["x"][1:-1] == sorted(set(errors))
        shares = [np.mean(np.array(errors) <= error) for error in trace["x"][1:-1]]
        assert trace["y"][1:-1] == pytest.approx(shares)
    assert page.text("#runs-count") == "23 networks finished, 1 failed."
    assert "the loss became nan in epoch 2" in page.text("#runs-failed")
    assert "bottleneck ratio is the same in all stages" in page.text("#runs-walks")


def test_a_brush_filters_every_figure_and_the_count(place, visit):
    trials = place["trials"]
    page = visit(place["origin"], address(place, "design"))
    brush(page, "runs-left", 5.3e6, 5.7e6)
    awaits(page, "#runs-count", " of ")

    def inside(one):
        return 5.3e6 <= one.complexity.flops <= 5.7e6

    chosen = [one for one in trials if one.round == "population" and inside(one)]
    done = [one for one in chosen if one.state == "finished"]
    assert page.text("#runs-count") == (
        f"{len(done)} of 23 networks shown, {len(chosen) - len(done)} of 1 failed."
    )
    for name, key in (("runs-left", "flops"), ("runs-right", "params")):
        shows(page, name, expected(trials, key, inside=inside))
    for trace in page.data("runs-edf"):
        own = [one.error for one in done if (trace.get("name") or "").startswith(f"{one.space} ")]
        if own:
            assert trace["x"][1:-1] == sorted(set(own))
    low, high = (f(one.complexity.flops for one in chosen) for f in (min, max))
    page.until(lambda: query_of(page).get("only.flops"), f"{low}..{high}")
    names = page.page.locator("#runs-table tbody a").all_inner_texts()
    assert names == [one.name for one in sorted(done, key=lambda one: one.error)]

    lowest = min(one.error for one in trials if one.round == "population" and one.error)
    brush(page, "runs-edf", lowest - 0.05, 45.0)
    awaits(page, "#runs-chips", "error")
    both = expected(trials, "flops", inside=lambda one: inside(one) and one.error <= 45.0)
    shows(page, "runs-left", both)

    page.page.get_by_role("button", name="flops from").click()
    page.page.wait_for_function("document.querySelectorAll('#runs-chips button').length === 1")
    only = expected(trials, "flops", inside=lambda one: one.error <= 45.0)
    shows(page, "runs-left", only)
    page.until(lambda: "only.flops" in query_of(page), False)


def test_a_link_brings_back_the_state(place, visit):
    here = {"x": "width.2", "by": "params", "only.params": "100000..300000"}
    page = visit(place["origin"], address(place, "design", **here))

    def inside(one):
        return 1e5 <= one.complexity.params <= 3e5

    chosen = expected(place["trials"], "params", inside=inside)
    shows(page, "runs-right", chosen)
    widths = {
        one.id: (one.parameters["width"][1], one.error)
        for one in place["trials"]
        if one.id in chosen and one.space == "anynetx_a"
    }
    shows(page, "runs-left", widths)
    assert page.text("#runs-chips") == "params from 100K to 300K ×"
    ends = [box.input_value() for box in page.page.locator("#runs-range input").all()]
    assert [float(end) for end in ends if end] == [100_000, 300_000]


def test_the_slider_and_the_quantities_are_moved_by_the_keyboard(place, visit):
    page = visit(place["origin"], address(place, "design", by="flops"))
    thumb = page.page.get_by_role("slider").first
    thumb.focus()
    for _ in range(5):
        page.page.keyboard.press("ArrowRight")
    awaits(page, "#runs-count", " of ")
    page.until(lambda: "only.flops" in query_of(page))
    low, _, _ = query_of(page)["only.flops"].partition("..")
    kept = expected(place["trials"], "flops", inside=lambda one: one.complexity.flops >= float(low))
    shows(page, "runs-left", kept)
    assert len(kept) < 23


def test_a_click_on_a_point_opens_its_network(place, visit):
    trials = place["trials"]
    page = visit(place["origin"], address(place, "design"))
    chosen = min(
        (one for one in trials if one.round == "population" and one.error),
        key=lambda one: one.error,
    )
    area = page.page.locator("#runs-left .nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x, y = page.page.evaluate(
        """([x, y]) => {
            const plot = document.querySelector('#runs-left .js-plotly-plot')._fullLayout;
            return [plot.xaxis.d2p(x), plot.yaxis.d2p(y)];
        }""",
        [chosen.complexity.flops, chosen.error],
    )
    page.page.mouse.move(box["x"] + x + 1, box["y"] + y + 1)
    page.page.mouse.click(box["x"] + x, box["y"] + y)
    page.page.wait_for_selector("#runs-curve .js-plotly-plot .scatterlayer")
    assert page.text("#runs-network-title") == chosen.name
    page.until(lambda: query_of(page).get("network"), str(chosen.id))
    drawn = {trace["name"]: trace["y"] for trace in page.data("runs-curve")}
    again = [one for one in trials if (one.space, one.index) == (chosen.space, chosen.index)]
    assert drawn == {
        f"{one.round}, seed {one.seed}": [e.validation_error_percent for e in one.curve]
        for one in again
    }
    assert f"{chosen.complexity.flops:,}" in page.text("#runs-network")
    with page.page.expect_download() as download:
        page.page.click("#runs-yaml")
    text = download.value.path().read_text()
    assert download.value.suggested_filename == f"{chosen.name}.yaml"
    assert network_from_plain(yaml.safe_load(text)) == chosen.network
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector("#runs-network", state="hidden")
    page.until(lambda: "network" in query_of(page), False)


def test_the_table_opens_a_network_by_the_keyboard(place, visit):
    page = visit(place["origin"], address(place, "design", **{"only.flops": "5300000..5700000"}))
    link = page.page.locator("#runs-table tbody a").nth(1)
    name = link.inner_text()
    link.focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#runs-network-title")
    assert page.text("#runs-network-title") == name
    assert query_of(page)["only.flops"] == "5300000..5700000"
    failed = next(one for one in place["trials"] if one.state == "failed")
    page.go(address(place, "design", network=str(failed.id)))
    assert "the loss became nan in epoch 2" in page.text("#runs-network")


def test_a_search_has_its_trace_and_follows_the_filter(place, visit):
    searched = place["searched"]
    median = sorted(one.complexity.params for one in searched)[7]
    page = visit(place["origin"], address(place, "search", **{"only.params": f"..{median}"}))

    def best(trace):
        return next(one for one in trace if one.get("name") == "best so far")

    known = [one.error if one.complexity.params <= median else np.inf for one in searched]
    lowest = [float(e) for e in np.minimum.accumulate(known) if np.isfinite(e)]
    assert best(page.data("runs-trace"))["y"] == lowest
    page.page.get_by_role("button", name="params up to").click()
    awaits(page, "#runs-count", "14 networks finished")
    page.page.wait_for_function(
        """() => document.querySelector('#runs-trace .js-plotly-plot')?.data
            .find(one => one.name === 'best so far').y.length === 14"""
    )
    whole = np.minimum.accumulate([one.error for one in searched]).tolist()
    assert best(page.data("runs-trace"))["y"] == whole
    assert page.page.locator("#runs-edf").is_hidden()


def test_a_running_study_is_followed(tmp_path, visit):
    plan = study("regnetx", networks=5)
    ended = trained(plan)
    first = [ended[0], *(replace(one, state="running", error=None, curve=()) for one in ended[1:])]
    folder = made(tmp_path / "live", plan, first)
    with serving(tmp_path) as origin, folder.locked():
        page = visit(origin, f"/runs?run={quote(str(folder.path))}")
        assert "1 of 5 trainings done" in page.text("#runs-state")
        assert list(points(page, "runs-left")) == [ended[0].id]
        with Store(folder.database) as store:
            store.finish(
                ended[1].id, error=12.5, seconds=3.0, curve=curve(12.5, 4), setting={"a": "b"}
            )
        awaits(page, "#runs-state", "2 of 5 trainings done")
        page.until(
            lambda: points(page, "runs-left").get(ended[1].id), (ended[1].complexity.flops, 12.5)
        )
        assert "12.50 %" in page.text("#runs-progress")
        assert page.page.get_attribute("#runs-bar", "value") == "2"
        assert page.text("#runs-count") == "2 networks finished, 0 failed."
        assert set(query_of(page)) == {"run"}, "a run that goes on moves no filter"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/runs?run=%2Fetc", "no run '/etc' among the folders given"),
        ("{broken}", "not a readable run"),
        ("{design}&x=speed", "unknown quantity 'speed'"),
        ("{design}&only.flops=5", "is no range of numbers"),
        ("{design}&network=999999", "network 999999 is not in this run"),
    ],
)
def test_nonsense_is_answered_in_a_line(place, visit, path, said):
    known = {name: address(place, name) for name in ("broken", "design")}
    page = visit(place["origin"], path.format(**known))
    assert said in page.text("[role=alert]")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["design", NASTY, "search"])
def test_a_phone_shows_all_of_it(place, visit, name, dark):
    page = visit(place["origin"], address(place, name), size=PHONE, dark=dark)
    assert not page.overflows()
    figures = FIGURES[1:] if name == "search" else FIGURES
    for figure in figures:
        width = page.page.locator(f"#{figure}").bounding_box()["width"]
        assert 300 < width <= 390
    assert (
        page.page.evaluate("document.querySelector('#runs-left .js-plotly-plot').layout.dragmode")
        is False
    )
    page.page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.overflows()


def test_names_are_shown_letter_by_letter(place, visit):
    page = visit(place["origin"], address(place, NASTY))
    assert page.text("h1").endswith(NASTY)
    assert page.page.locator("h1 b").count() == 0
    assert "Of 3,920 networks 500 are drawn as points" in page.text("#runs-thinned")
    rows = page.data("runs-left")
    assert sum(len(trace["x"]) for trace in rows) == 500
    flops = np.concatenate([one.flops for one in place["tables"].values()])
    assert set(np.concatenate([trace["x"] for trace in rows])) <= set(flops.tolist())
