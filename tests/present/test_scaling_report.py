import re
from dataclasses import replace
from functools import cache
from statistics import fmean

import plotly.graph_objects as go
import pytest
import yaml

from netspace.config import scaling_from_plain
from netspace.design.complexity import count, parts
from netspace.design.scaling import between, exponents
from netspace.present.palette import colour
from netspace.present.scaling_map import draw_map
from netspace.present.scaling_plots import draw_scaling
from netspace.present.scaling_record import SERIES, ScalingRecord, best_of_grid
from netspace.present.scaling_report import render_scaling
from netspace.present.wording import times, uncertain
from tests.present.pages import Page, parsed
from tests.present.records import NASTY, fail
from tests.present.scaling_records import (
    BASE,
    STUDY,
    confirmation,
    planned,
    record,
    trained,
    whole,
)


@cache
def found() -> ScalingRecord:
    return whole()


@cache
def page() -> Page:
    return parsed(render_scaling(found()))


def read(study: ScalingRecord) -> Page:
    shown = parsed(render_scaling(study))
    for figure in shown.figures.values():
        go.Figure(figure)  # raises where a property is not plotly's
    return shown


def rows_below(shown: Page, *columns: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    start = shown.rows.index(shown.row(*columns)) + 1
    length = len(shown.rows[start - 1])
    end = next((n for n in range(start, len(shown.rows)) if len(shown.rows[n]) != length), None)
    return shown.rows[start:end]


class TestOneFile:
    def test_nothing_is_loaded_from_elsewhere(self):
        assert page().loads
        assert all(value.startswith(("#", "data:")) for value in page().loads)
        styles = re.findall(r"<style>(.*?)</style>", render_scaling(found()), re.DOTALL)
        assert not [style for style in styles if "url(" in style or "@import" in style]

    def test_contents_lead_to_every_section(self):
        targets = [a["href"] for tag, a in page().tags if tag == "a" and "href" in a]
        assert targets == [f"#{a['id']}" for tag, a in page().tags if tag == "section"]
        assert "#failed" not in targets

    def test_every_figure_is_plotlys(self):
        assert list(read(found()).figures) == ["curves", "grid"]

    def test_the_same_study_gives_the_same_file(self):
        assert render_scaling(found()) == render_scaling(found())

    def test_no_text_becomes_a_tag(self):
        first = planned()
        study = replace(STUDY, network=replace(BASE, name=NASTY))
        nasty = record([fail(first[0], NASTY), *trained(first[1:])], study=study)
        shown = read(nasty)
        assert NASTY not in render_scaling(nasty)
        assert f"{NASTY} at 16×16 on cifar10" in shown.text
        assert shown.row("the base at 1x")[-1] == NASTY
        assert not [text for _, text in shown.scripts if text.strip() == "alert(1)"]


class TestAnswer:
    def test_a_clear_win_says_by_how_much(self):
        won = whole(compound=36.0)
        best = won.best
        spread = won.spread
        assert best is not None
        assert spread is not None
        rival = min((won.at(name, 2.0) for name in SERIES[1:]), key=lambda point: point.mean)
        alpha, beta, gamma = best.bases
        one, two = spread.half_width(2), spread.half_width(2, 2)
        assert (
            f"Scaled 2x with alpha {alpha:.2f}, beta {beta:.2f}, gamma {gamma:.2f}: "
            f"{uncertain(best.mean, one)} % error, against {uncertain(rival.mean, one)} % for "
            f"fast; better by {uncertain(rival.mean - best.mean, two)} points"
        ) in read(won).text

    def test_a_loss_is_a_loss(self):
        shown = read(whole(compound=44.0))
        assert "for fast; worse by " in shown.text
        others = "depth alone, width alone, resolution alone and fast"
        assert f"At 2x, compound is worse than {others}." in shown.text

    def test_overlapping_intervals_are_not_a_win(self):
        shown = read(whole(compound=40.0))
        assert "for fast; the two cannot be told apart" in shown.text
        row = shown.row("2x", "compound minus fast")
        assert row[-1] == "cannot be told apart"
        low, high = map(float, row[3].split(" to "))
        assert low < float(row[2]) < high
        assert low < 0 < high

    def test_one_network_is_not_compared_with_itself(self):
        width = next(trial for trial in planned() if trial.space == "width")
        trials = [
            replace(t, network=width.network) if t.space == "compound" and not t.index else t
            for t in found().trials
        ]
        shown = read(record(trials))
        assert "came to the same network as width alone" in shown.text
        assert shown.row("2x", "compound minus width alone")[-1] == "the same network"

    def test_differences_are_of_the_means(self):
        for name in SERIES[1:]:
            for factor in (2.0, 4.0):
                called = name if name == "fast" else f"{name} alone"
                row = page().row(times(factor), f"compound minus {called}")
                ours, other = found().at("compound", factor), found().at(name, factor)
                assert ours is not None
                assert other is not None
                assert row[2] == f"{ours.mean - other.mean:+.2f}"

    def test_selection_is_said_to_flatter(self):
        study = whole(compound=40.6)
        chosen, best, spread = best_of_grid(study.points), study.best, study.spread
        assert chosen is not None
        assert best is not None
        assert spread is not None
        before, after = (uncertain(p.mean, spread.half_width(2)) for p in (chosen, best))
        assert before != after
        text = read(study).text
        assert f"has the lowest mean error: {before} %." in text
        assert f"flattered by chance, so it was trained again with fresh seeds: {after} %" in text


class TestCurves:
    def test_each_series_runs_from_the_base_through_its_means(self):
        figure = draw_scaling(found())
        lines = {trace.name: trace for trace in figure.data if trace.mode == "lines+markers"}
        assert list(lines) == ["fast", "resolution alone", "width alone", "depth alone", "compound"]
        base = found().base
        assert base is not None
        for number, (name, line) in enumerate(zip(SERIES, reversed(lines.values()), strict=True)):
            own = found().series(name)
            assert line.y == (base.mean, *(point.mean for point in own))
            flops = [point.complexity.flops for point in (base, *own)]
            assert list(line.x) == pytest.approx(flops, rel=0.06)
            assert line.line.color == colour(number)

    def test_bars_are_the_intervals_of_the_pooled_spread(self):
        spread = found().spread
        assert spread is not None
        half = spread.half_width(2)
        for trace in draw_scaling(found()).data:
            if trace.name != "points of the grid":
                bars = [bar for bar in trace.error_y.array if bar]
                assert bars == pytest.approx([half] * len(bars))
                assert len(bars) == (1 if trace.name == "the base" else 2)

    def test_marks_at_one_factor_stand_apart_in_order(self):
        level = replace(found(), points=tuple(_level(point) for point in found().points))
        figure = draw_scaling(level)
        places = [t.x[1] for t in figure.data if t.mode == "lines+markers"]
        assert places == sorted(places, reverse=True)
        assert max(figure.data[0].x) < min(places)

    def test_the_grid_is_faint(self):
        dots = draw_scaling(found()).data[0]
        assert dots.y == tuple(point.mean for point in found().grid)
        assert dots.marker.opacity < 0.6

    def test_the_axis_names_the_factors(self):
        axis = draw_scaling(found()).layout.xaxis
        assert axis.type == "log"
        assert axis.tickvals == tuple(count(BASE).flops * step for step in (1, 2, 4))
        assert [text.split("<br>")[1] for text in axis.ticktext] == ["1x", "2x", "4x"]


def _level(point):
    """The point with exactly the flops asked for."""
    cost = replace(point.complexity, flops=round(point.factor * 1e6))
    return replace(point, trials=tuple(replace(t, complexity=cost) for t in point.trials))


class TestTables:
    def test_series_with_flops_errors_and_intervals(self):
        spread = found().spread
        assert spread is not None
        half = spread.half_width(2)
        rows = rows_below(page(), "series", "flops asked")
        assert [(row[0], row[1]) for row in rows[:3]] == [
            ("the base", "1x"),
            ("compound", "2x"),
            ("depth alone", "2x"),
        ]
        assert len(rows) == 11
        for row, point in zip(rows, found().ways, strict=True):
            assert row[2:] == [
                f"{point.complexity.flops:,}",
                "2 of 2",
                f"{point.mean:.2f} %",
                f"{point.mean - half:.2f} to {point.mean + half:.2f}",
            ]

    def test_networks_as_built(self):
        rows = rows_below(page(), "series", "asked", "resolution", "depths")
        for row, point in zip(rows, found().ways, strict=True):
            network, cost = point.network, point.complexity
            height, width = network.resolution
            assert row[2] == f"{height}×{width}"
            assert row[3] == ", ".join(str(stage.depth) for stage in network.stages)
            assert row[4] == ", ".join(str(stage.width) for stage in network.stages)
            assert row[6:] == [f"{cost.flops:,}", f"{cost.params:,}", f"{cost.activations:,}"]

    def test_the_grid_from_best_to_worst(self):
        rows = rows_below(page(), "alpha", "beta", "gamma")
        means = [float(row[-1].removesuffix(" %")) for row in rows]
        assert means == sorted(means)
        assert len(rows) == 12
        best = best_of_grid(found().points)
        assert best is not None
        came = between(BASE, best.network)
        expected = (*best.bases, came.depth, came.width, came.resolution)
        assert rows[0][:6] == [f"{number:.3f}" for number in expected]
        assert rows[0][7:9] == [f"{error:.2f} %" for error in best.errors]

    def test_gains_of_both_steps(self):
        base, spread = found().base, found().spread
        assert base is not None
        assert spread is not None
        for name, called in (("resolution", "resolution alone"), ("compound", "compound")):
            once, twice = found().series(name)
            row = next(r for r in page().rows if r[0] == called and len(r) == 5 and "±" in r[1])
            first, second = base.mean - once.mean, once.mean - twice.mean
            values = [float(cell.split(" ± ")[0]) for cell in row[1:4]]
            assert values == pytest.approx([first, second, first - second], abs=0.006)
            assert row[1].endswith(f" ± {spread.half_width(2, 2):.2f}")
            slower = first - second > spread.half_width(2, 0.5, 2)
            assert row[4] == ("the second step gains less" if slower else "cannot be told apart")
            assert slower == (name == "resolution")

    def test_exponents_of_the_base(self):
        found_exponents = exponents(BASE)
        for name, formula in (
            ("depth", "2 = 2^1"),
            ("width", "4 = 2^2"),
            ("resolution", "4 = 2^2"),
        ):
            row = page().row(name, formula)
            power = found_exponents[name].flops
            assert row[2] == f"{2**power:.2f} = 2^{power:.2f}"

    def test_receptive_fields_against_resolution(self):
        rows = rows_below(page(), "series", "asked", "resolution", "last map")
        for row, point in zip(rows, found().ways, strict=True):
            last = parts(point.network)[len(point.network.stages)]
            assert row[4] == f"{last.reach.size:,}"
            assert row[5] == f"{last.reach.size / point.network.resolution[0]:.2f}"

    def test_the_best_network_beside_the_base(self):
        best = found().best
        assert best is not None
        before, after = BASE.stages[2], best.network.stages[2]
        row = page().row("stage 3")
        assert before.depth != after.depth
        assert row[1:3] == [f"{before.width} → {after.width}", f"{before.depth} → {after.depth}"]
        assert page().row("whole")[5] == f"{count(BASE).flops:,} → {best.complexity.flops:,}"
        assert [a.get("role") for tag, a in page().tags if tag == "svg"] == ["img", "img"]


class TestMap:
    def test_marks_stand_where_the_networks_are(self):
        figure = draw_map(found())
        assert figure is not None
        grid = next(trace for trace in figure.data if trace.name == "points of the grid")
        for x, y, point in zip(grid.x, grid.y, found().grid, strict=True):
            came = between(BASE, point.network)
            assert (x, y) == (came.depth, came.resolution)
        assert grid.marker.color == tuple(point.mean for point in found().grid)

    def test_the_ring_is_around_the_best(self):
        figure, best = draw_map(found()), best_of_grid(found().points)
        assert figure is not None
        assert best is not None
        ring = next(trace for trace in figure.data if trace.name == "the best of the grid")
        came = between(BASE, best.network)
        assert (ring.x, ring.y) == ((came.depth,), (came.resolution,))

    def test_along_a_line_the_formula_gives_one_width(self):
        figure = draw_map(found())
        assert figure is not None
        lines = [trace for trace in figure.data if trace.mode == "lines"]
        names = [note.text for note in figure.layout.annotations]
        assert names == ["width 1", "width 1.1", "width 1.2", "width 1.3", "width 1.4"]
        for line, name in zip(lines, names, strict=True):
            width = float(name.removeprefix("width "))
            flops = [x * width**2 * y**2 for x, y in zip(line.x, line.y, strict=True)]
            assert flops == pytest.approx([2.0, 2.0])

    def test_networks_in_one_place_share_a_label(self):
        grid = list(found().grid)
        twins = (grid[0], replace(grid[1], trials=_as(grid[1], grid[0])), *grid[2:])
        rest = [point for point in found().points if point.series != "grid"]
        figure = draw_map(replace(found(), points=(*twins, *rest)))
        assert figure is not None
        text = next(t.text for t in figure.data if t.name == "points of the grid")
        assert text[:2] == ("", f"{twins[0].mean:.1f}, {twins[1].mean:.1f}")


def _as(point, other):
    return tuple(replace(trial, network=other.network) for trial in point.trials)


class TestOtherStudies:
    @pytest.mark.parametrize("trials", [[], planned()], ids=["nothing", "planned"])
    def test_not_begun(self, trials):
        shown = read(record(trials))
        assert f"Not finished yet: 0 of {len(trials)} trainings done" in shown.text
        assert "No network has finished training." in shown.text
        assert shown.figures == {}

    def test_half_of_the_grid(self):
        first = planned()
        shown = read(record([*trained(first[:8]), *first[8:]]))
        assert "Not finished yet: 8 of 42 trainings done" in shown.text
        assert "Among 7 of 12 points of the grid" in shown.text
        assert "17 trainings of the grid are still to come" in shown.text
        assert "unknown" in shown.row("the base", "1x")
        assert sum(row[-1] == "–" for row in rows_below(shown, "alpha", "beta")) == 5

    def test_before_the_confirmation_nothing_is_compared(self):
        shown = read(record(trained(planned())))
        assert "it is to be trained again with fresh seeds" in shown.text
        assert "compound minus" not in shown.text
        assert "compound" not in [trace.get("name") for trace in shown.figures["curves"]["data"]]
        assert "The best of the grid and the base" in shown.text

    def test_a_factor_and_not_yet_its_square(self):
        first = trained(planned())
        again = confirmation(best_of_grid(record(first).points))
        shown = read(record([*first, *trained([t for t in again if not t.index])]))
        assert "At 2x, compound" in shown.text
        assert "At 4x, compound" not in shown.text
        assert "not trained twice as far yet" in [row[-1] for row in shown.rows]
        assert "second step gains less" in shown.text

    def test_failed_trainings_are_told_and_left_out(self):
        first = planned()
        broken = [fail(first[1], "diverged: not finite"), *trained(first[2:])]
        study = record([*trained(first[:1]), *broken])
        shown = read(study)
        point = study.grid[0]
        row = next(r for r in rows_below(shown, "alpha", "beta") if "failed" in r)
        assert row[-1] == "1"
        assert row[-2] == f"{fmean(point.errors):.2f} %"
        assert shown.row(f"the grid at 2x: {_bases(point)}")[1:] == [
            "1000",
            "2",
            "diverged: not finite",
        ]
        assert best_of_grid(study.points) is not point

    def test_a_lost_point_of_the_grid_does_not_end_the_study(self):
        first = planned()
        lost = [fail(t, "diverged") if (t.space, t.index) == ("grid", 0) else t for t in first]
        shown = read(record(lost))
        assert "Not finished yet: 0 of 42 trainings done, 2 failed" in shown.text

    def test_all_failed(self):
        shown = read(record([fail(trial, "diverged") for trial in planned()]))
        assert "No answer: no network of the grid finished" in shown.text
        assert "0 of 42 trainings done, 42 failed" in shown.text
        assert shown.row("the base", "1x")[3] == "0 of 2, 2 failed"

    def test_a_confirmation_that_failed(self):
        first = trained(planned())
        again = confirmation(best_of_grid(record(first).points))
        shown = read(record([*first, *(fail(trial, "diverged") for trial in again)]))
        assert "No answer: the best of the grid failed with fresh seeds" in shown.text

    def test_without_two_seeds_there_is_no_interval(self):
        first = trained(planned(seeds=1))
        again = trained(confirmation(best_of_grid(record(first).points), seeds=1))
        shown = read(record([*first, *again]))
        assert "the spread over seeds is not known yet" in shown.text
        assert "cannot be compared yet with depth alone" in shown.text
        assert "±" not in " ".join(cell for row in shown.rows for cell in row)
        assert shown.row("2x", "compound minus fast")[3:] == ["unknown", "spread unknown"]
        bars = [trace.get("error_y", {}) for trace in shown.figures["curves"]["data"]]
        assert not [bar for bar in bars if bar.get("visible")]

    def test_another_factor(self):
        other = record(planned()[:1], study=replace(STUDY, factor=3.0))
        ticks = draw_scaling(other).layout.xaxis.ticktext
        assert [text.split("<br>")[1] for text in ticks] == ["1x", "3x", "9x"]
        assert read(other).figures == {}


def _bases(point):
    alpha, beta, gamma = point.bases
    return f"alpha {alpha:.2f}, beta {beta:.2f}, gamma {gamma:.2f}"


def test_the_run_itself():
    assert "netspace scale small.yaml --search --data cifar10" in page().text
    assert page().row("fingerprint")[1] == "0123456789abcdef"
    assert page().row("epochs") == ["epochs", "6"]
    assert page().row("precision", "bf16")
    assert "12 points (alpha, beta, gamma) at 2x the flops" in page().text
    text = next(data for data in page().texts if data.startswith("network:"))
    assert scaling_from_plain(yaml.safe_load(text)) == STUDY
    unplanned = read(record([], plan=()))
    assert "2 seeds for each network, 6 epochs" in unplanned.text


@pytest.mark.parametrize(
    ("value", "half", "said"),
    [
        (38.123, 0.912, "38.1 ± 0.9"),
        (0.52, 0.04, "0.52 ± 0.04"),
        (0.93, 0.91, "0.93 ± 0.91"),
        (38.123, float("inf"), "38.12"),
    ],
)
def test_digits_follow_the_half_width(value, half, said):
    assert uncertain(value, half) == said
