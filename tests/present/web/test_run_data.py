"""A run's trials as columns, its filter, and the figures that follow it."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("dash", reason="dash is not installed")

from netspace.analyse.edf import edf
from netspace.errors import RunError, StorageError, UnknownNameError, UserError
from netspace.present.search_findings import findings_of
from netspace.present.search_front_plot import limits_of
from netspace.present.web.run_brush import changed_looking
from netspace.present.web.run_cache import changed, run_data, run_record, run_walks
from netspace.present.web.run_data import joined, quantities, read_run, title
from netspace.present.web.run_figures import MOST_DRAWN, distributions, drawn, scatter
from netspace.present.web.run_filter import Filter, Span
from netspace.present.web.run_network import draw_trial, opened, outcome
from netspace.present.web.run_pane import Pane, pane_of
from netspace.present.web.run_progress import count_words, state_words
from netspace.present.web.run_search import passing, search_figures
from netspace.present.web.run_state import Looking
from netspace.present.web.run_view import count_words as shown_words
from netspace.present.web.run_view import slider
from netspace.present.web.runs_list import age, run_list
from netspace.present.web.view import View
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from tests.present.records import search_study, study, trained
from tests.present.web.runs_made import design, made, table


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    return design(tmp_path_factory.mktemp("runs") / "design")


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    return table(tmp_path_factory.mktemp("runs") / "table")


def population(trials, space):
    return [one for one in trials if one.round == "population" and one.space == space]


def test_columns_are_those_of_the_trials(planned):
    folder, trials = planned
    data = read_run(folder)
    assert list(data.rounds) == ["population", "final"]
    for rows in data.rounds["population"]:
        own = population(trials, rows.space)
        assert rows.ids.tolist() == [one.id for one in own]
        assert rows.attempts.tolist() == [one.attempts for one in own]
        known = [one.error if one.state == "finished" else np.nan for one in own]
        np.testing.assert_array_equal(rows.quantity("error"), known)
        for cost in ("flops", "params", "activations"):
            assert rows.quantity(cost).tolist() == [getattr(one.complexity, cost) for one in own]
    whole, reg = data.rounds["population"]
    widths = [one.parameters["width"][2] for one in population(trials, "anynetx_a")]
    assert whole.quantity("width.3").tolist() == widths
    slopes = [one.parameters["slope"] for one in population(trials, "regnetx")]
    assert reg.quantity("slope").tolist() == pytest.approx(slopes)
    assert np.isnan(whole.quantity("slope")).all()
    assert np.isnan(reg.quantity("depth.2")).all(), "a scalar depth is not that of a stage"
    assert np.isnan(whole.quantity("depth")).all()


def test_a_run_in_figures(planned):
    folder, trials = planned
    data = read_run(folder)
    assert data.kind == "design"
    assert data.counts == {"planned": 0, "running": 0, "finished": 29, "failed": 1}
    rows, place = data.best
    best = min((t for t in trials if t.round == "population" and t.error), key=lambda t: t.error)
    assert (rows.space, rows.table.index[place]) == (best.space, best.index)
    assert list(data.rounds["population"][0].reasons.values()) == ["the loss became nan in epoch 2"]
    seeds = sorted(seed for rows in data.rounds["final"] for seed in rows.seeds.tolist())
    assert seeds == [0, 0, 0, 1, 1, 1]
    assert state_words(data) == "finished"
    assert count_words(data) == "29 of 30 trainings done, 1 failed"


def test_quantities_have_words(planned):
    known = quantities(read_run(planned[0]).rounds["population"])
    assert known[:5] == ("error", "flops", "params", "activations", "index")
    assert {"width.4", "depth", "depth.1", "slope"} <= set(known)
    assert title("group_width.3") == "group width, stage 3"
    assert title("flops") == "flops"


def test_a_table_without_a_cost_lacks_it(imported):
    data = read_run(imported[0])
    assert "activations" not in quantities(data.rounds["population"])
    assert state_words(data) == "imported"


@given(
    spans=st.dictionaries(
        st.sampled_from(["error", "flops", "width.2", "slope"]),
        st.tuples(st.floats(-1e9, 1e9), st.floats(0, 1e9)),
    )
)
def test_a_filter_survives_its_query(spans):
    made = Filter(spans={key: Span(low=low, high=low + more) for key, (low, more) in spans.items()})
    back = Filter.of(made.query)
    assert back.spans.keys() == made.spans.keys()
    for key, span in made.spans.items():
        assert back.spans[key].low == pytest.approx(span.low, rel=1e-9, abs=1e-300)
        assert back.spans[key].high == pytest.approx(span.high, rel=1e-9, abs=1e-300)


def test_a_filter_keeps_what_lies_inside_every_span(imported):
    folder, tables = imported
    own = read_run(folder).rounds["population"]
    chosen = Filter.of({"only.width.2": "16..32", "only.flops": "..3e6", "run": "x"})
    for rows in own:
        whole = tables[rows.space]
        widths = whole.parameters["width"][:, 1]
        expected = (widths >= 16) & (widths <= 32) & (whole.flops <= 3e6)
        np.testing.assert_array_equal(chosen.mask(rows), expected)
        assert 0 < expected.sum() < len(expected)
    failed = Filter.of({"only.error": "..100"})
    assert [rows.table.failed for rows in failed.rows(own)] == [0, 0], "they have no error"


@pytest.mark.parametrize("text", ["", "5", "a..b", "9..1", "nan..3", "1..2..3"])
def test_no_range_is_said_so(text):
    with pytest.raises(UserError, match="range"):
        Filter.of({"only.flops": text})


def test_a_filter_says_itself():
    chosen = Filter.of({"only.flops": "5000000..6000000", "only.width.2": "16..16"})
    assert [words for _, words in chosen.sentences()] == [
        "flops from 5M to 6M",
        "width, stage 2 16",
    ]
    assert [w for _, w in Filter.of({"only.error": "..50"}).sentences()] == [
        "top-1 error (%) up to 50"
    ]


def test_distributions_are_those_of_the_trials_shown(imported):
    folder, tables = imported
    whole = read_run(folder).rounds["population"]
    shown = Filter.of({"only.width.1": "8..24"}).rows(whole)
    figure = distributions(shown, whole, axis="error")
    for trace in figure.data[-2:]:
        space = trace.name.split()[0]
        made = tables[space]
        inside = made.parameters["width"][:, 0] <= 24
        curve = edf(made.errors[inside])
        assert f"{curve.finished:,} finished, {curve.failed:,} failed" in trace.name
        for error, share in zip(trace.x[1:-1], trace.y[1:-1], strict=True):
            assert curve.at(error) == pytest.approx(share, abs=1e-4)
    assert figure.layout.dragmode == "select"


def test_points_are_the_trials_shown(planned):
    folder, trials = planned
    whole = read_run(folder).rounds["population"]
    shown = Filter.of({"only.flops": "5300000..5700000"}).rows(whole)
    figure = scatter(shown, whole, "params")
    by_id = {one.id: one for one in trials}
    seen = []
    for trace in figure.data:
        for x, y, (trial_id, value) in zip(trace.x, trace.y, trace.customdata, strict=True):
            trial = by_id[trial_id]
            assert (x, y, value) == (trial.complexity.params, trial.error, trial.complexity.params)
            seen.append(trial_id)
    inside = [
        one.id
        for one in trials
        if one.round == "population"
        and one.state == "finished"
        and 5_300_000 <= one.complexity.flops <= 5_700_000
    ]
    assert sorted(seen) == sorted(inside)
    assert 0 < len(inside) < 23


def test_a_large_run_is_thinned_and_keeps_its_best(imported):
    folder, tables = imported
    whole = read_run(folder).rounds["population"]
    figure = scatter(whole, whole, "flops")
    assert sum(len(trace.x) for trace in figure.data) == MOST_DRAWN
    for rows, trace in zip(drawn(whole, "flops"), figure.data, strict=True):
        assert rows.table.errors.min() == np.nanmin(tables[rows.space].errors)
        assert list(trace.y) == rows.table.errors.tolist()


def test_axes_stay_where_they_are(imported):
    whole = read_run(imported[0]).rounds["population"]
    shown = Filter.of({"only.width.1": "8..8"}).rows(whole)
    for key in ("params", "width.2"):
        all_of, some = scatter(whole, whole, key), scatter(shown, whole, key)
        assert all_of.layout.xaxis.range == some.layout.xaxis.range
        assert all_of.layout.yaxis.range == some.layout.yaxis.range
    assert scatter(whole, whole, "params").layout.xaxis.type == "log"


def test_a_state_survives_its_query(planned):
    data = read_run(planned[0])
    query = {"run": "r", "x": "width.3", "by": "slope", "network": "5", "only.slope": "0..40"}
    looking = Looking.of(query, data)
    assert looking.query(data) == query
    assert Looking.of({"run": "r"}, data).query(data) == {"run": "r"}
    assert Looking.of({"run": "r"}, data).x == ("flops", "params")


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ({"round": "finals"}, UnknownNameError, "unknown round 'finals'"),
        ({"x": "width.9"}, UnknownNameError, "unknown quantity 'width.9'"),
        ({"only.speed": "1..2"}, UnknownNameError, "unknown quantity 'speed'"),
        ({"network": "-1"}, UserError, "number of a trial"),
        ({"network": "²"}, UserError, "number of a trial"),
    ],
)
def test_a_state_that_is_not_there(planned, query, error, said):
    with pytest.raises(error, match=said):
        Looking.of({"run": "r", **query}, read_run(planned[0]))


def test_a_box_narrows_to_the_values_inside(imported):
    whole = read_run(imported[0]).rounds["population"]
    looking = Looking(run="r", x=("width.1", "flops"), by="slope")
    box = {"points": [], "range": {"x": [33.0, 12.5], "y": [0, 100]}}
    narrowed = changed_looking(looking, whole, "runs-left.selectedData", box)
    assert narrowed.filter.spans == {"width.1": Span(low=16, high=32)}
    empty = {"range": {"x": [1, 2], "y": [0, 100]}}
    assert changed_looking(looking, whole, "runs-left.selectedData", empty) == looking
    assert changed_looking(looking, whole, "runs-left.selectedData", None) == looking
    errors = joined(whole, "error")
    narrowed = changed_looking(narrowed, whole, "runs-edf.selectedData", {"range": {"x": [30, 40]}})
    inside = errors[(errors >= 30) & (errors <= 40)]
    assert narrowed.filter.spans["error"] == Span(low=inside.min(), high=inside.max())


def test_the_slider_narrows_and_widens(imported):
    data = read_run(imported[0])
    whole = data.rounds["population"]
    looking = Looking(run="r", round="population", x=("flops", "params"), by="width.2")
    moved = changed_looking(looking, whole, "runs-range.value", [16, 40])
    assert moved.filter.spans == {"width.2": Span(low=16, high=40)}
    assert slider(Pane.of(moved, data, View()))["value"] == [16, 40]
    back = changed_looking(moved, whole, "runs-range.value", [8, 64])
    assert back.filter.spans == {}


def test_a_chip_takes_its_span_away(imported):
    whole = read_run(imported[0]).rounds["population"]
    chosen = Filter.of({"only.flops": "1e6..2e6", "only.slope": "0..1"})
    looking = Looking(run="r", filter=chosen)
    one = '{"key":"flops","type":"runs-drop"}.n_clicks'
    assert list(changed_looking(looking, whole, one, 1).filter.spans) == ["slope"]
    assert changed_looking(looking, whole, one, None) == looking, "a new chip is not a click"
    every = '{"key":"","type":"runs-drop"}.n_clicks'
    assert changed_looking(looking, whole, every, 1).filter == Filter()


def test_counts_of_the_filter(planned):
    folder, trials = planned
    view = View(folders=(folder.path.parent,))
    query = {"run": str(folder.path), "only.flops": "5300000..5700000"}
    inside = [
        one
        for one in trials
        if one.round == "population" and 5_300_000 <= one.complexity.flops <= 5_700_000
    ]
    done = sum(one.state == "finished" for one in inside)
    words = f"{done} of 23 networks shown, {len(inside) - done} of 1 failed."
    assert shown_words(pane_of(view, query)) == words
    with pytest.raises(RunError, match="no run '/etc'"):
        pane_of(view, {"run": "/etc"})


def test_a_run_is_read_again_only_when_it_changed(tmp_path):
    plan = study("regnetx", networks=4)
    trials = [replace(one, state="running", error=None) for one in trained(plan)]
    folder = made(tmp_path / "run", plan, trials)
    first = run_data(folder)
    assert run_data(folder) is first
    assert first.running == tuple(f"regnetx-{one.index}" for one in trials)
    with Store(folder.database) as store:
        store.finish(trials[0].id, error=40.0, seconds=1.0, curve=(), setting={})
    again = run_data(folder)
    assert again.counts["finished"] == 1
    assert again.rounds["population"][0].table.errors.tolist() == [40.0]
    assert state_words(again) == "stopped, 3 to go"
    with folder.locked():
        assert state_words(again) == "running"


def test_a_run_that_has_not_begun(tmp_path):
    with Store(tmp_path / "run.db"):
        pass
    data = read_run(RunFolder(tmp_path))
    assert (data.rounds, data.best, state_words(data)) == ({}, None, "not begun")
    looking = Looking.of({"run": "r"}, data)
    pane = Pane.of(looking, data, View())
    assert shown_words(pane) == "0 networks finished, 0 failed."
    assert len(scatter(pane.shown, pane.whole, looking.x[0]).data) == 0


def test_files_that_are_no_run_of_this_version(tmp_path):
    broken = RunFolder(tmp_path / "broken")
    broken.path.mkdir()
    broken.database.write_bytes(b"not a database at all, but long enough to be read as one" * 40)
    with pytest.raises(StorageError, match="not a readable run"):
        run_data(broken)
    other = RunFolder(tmp_path / "other")
    other.path.mkdir()
    with Store(other.database) as store:
        store.record(format=99)
    with pytest.raises(RunError, match="run format 99"):
        run_data(other)


def test_the_steps_of_a_refinement_are_read(planned):
    (walk,) = run_walks(planned[0])
    assert walk.start == "anynetx_a"
    assert "Lineage: anynetx_a" in walk.picture


def test_a_search_is_drawn_of_the_networks_that_pass(tmp_path):
    plan = search_study(networks=16)
    trials = trained(plan)
    origins = ["drawn"] * 6 + ["proposed"] * 10
    folder = made(tmp_path / "search", plan, trials, kind="search", origins=origins)
    record = run_record(folder)
    findings = findings_of(record)
    limits = limits_of(record.study.budget, findings.terms.objective)
    own = read_run(folder).rounds["population"]
    median = float(np.median(own[0].table.params))
    shown = Filter(spans={"params": Span(high=median)}).rows(own)
    figure = search_figures(findings, limits, passing(findings.trace, shown)).progress
    best = next(trace for trace in figure.data if trace.name == "best so far")
    known = [one.error if one.complexity.params <= median else np.inf for one in trials]
    lowest = np.minimum.accumulate(known)
    assert list(best.y) == [error for error in lowest if np.isfinite(error)]
    assert list(best.x) == [place + 1 for place, e in enumerate(lowest) if np.isfinite(e)]


def test_one_network_in_words_and_curve(planned):
    folder, trials = planned
    done, failed = trials[0], trials[3]
    assert outcome(done) == f"Finished in 10 s: {done.error:.2f} % validation error (1 attempt)."
    assert outcome(failed) == "Failed after 2 attempts: the loss became nan in epoch 2."
    (line,) = draw_trial([done]).data
    assert list(line.y) == [epoch.validation_error_percent for epoch in done.curve]
    assert opened(run_data(folder), None, View()) is None
    assert "is not in this run" in str(opened(run_data(folder), 12345, View()))


def test_a_row_of_a_table_has_no_network_to_open(imported):
    folder, tables = imported
    data = run_data(folder)
    rows = data.rounds["population"][1]
    said = str(opened(data, int(rows.ids[7]), View()))
    assert "b-7" in said
    assert f"{tables['b'].errors[7]:.2f} %" in said
    assert "its network is not known" in said


def test_the_age_of_a_run(tmp_path):
    folder, _ = table(tmp_path / "run", rows=5)
    os.utime(folder.database, (1_000, 5_000))
    assert changed(folder) == 5_000.0
    assert [age(seconds) for seconds in (0, 59, 60, 7_200, 90_000, 2_600_000)] == [
        "now",
        "now",
        "1 minute ago",
        "2 hours ago",
        "1 day ago",
        "30 days ago",
    ]
    assert "No run was found" in str(run_list([tmp_path / "nothing"]))
