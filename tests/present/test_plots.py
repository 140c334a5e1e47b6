from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from netspace.analyse.insight import good_range
from netspace.present.cost_plot import draw_costs
from netspace.present.curves import draw_curves
from netspace.present.good_ranges import draw_good_ranges, knobs, span
from netspace.present.hover import describe
from netspace.present.palette import COLOURS, colour, literal, tint
from netspace.present.plots import draw_edf
from netspace.present.populations import Population, TablePopulation, candidates, finished
from netspace.spaces.families import article, space
from netspace.spaces.listed import ListedTemplate, listed_space
from netspace.spaces.ranges import Choice
from netspace.spaces.rules import Shared
from netspace.spaces.space import Parameter, Space
from netspace.table import Floats, TrialTable
from netspace.trial import Trial
from tests.present.records import NASTY, fail, final_round, finish, planned, study, trained

STUDY = study("anynetx_a", "regnetx")
TRIALS = tuple(trained(STUDY))


def population(name: str, number: int = 0, trials=TRIALS) -> Population:
    own = tuple(trial for trial in trials if trial.space == name)
    return Population(space=name, number=number, trials=own)


def both(trials=TRIALS) -> tuple[Population, Population]:
    return population("anynetx_a", 0, trials), population("regnetx", 1, trials)


def table_of(values: Floats) -> TablePopulation:
    """Networks of one parameter, `(n, stages)`, of which the least values are the best."""
    unknown = np.full(len(values), np.nan)
    table = TrialTable(
        index=np.arange(len(values)),
        errors=30.0 + values.sum(axis=1) + np.linspace(0, 1, len(values)),
        flops=unknown,
        params=unknown,
        activations=unknown,
        parameters={"depth": values},
    )
    return TablePopulation(space="t", number=0, table=table)


def with_errors(*errors: float, failed: int = 0) -> Population:
    some = planned(STUDY)[: len(errors) + failed]
    done = [finish(trial, error) for trial, error in zip(some, errors, strict=False)]
    broken = [fail(trial, "diverged") for trial in some[len(errors) :]]
    return Population(space="anynetx_a", number=0, trials=(*done, *broken))


def traces(figure, mode: str) -> list:
    return [trace for trace in figure.data if trace.mode == mode and trace.showlegend is not False]


class TestEdf:
    def test_steps_at_each_error_from_0_to_1(self):
        figure = draw_edf([with_errors(30.0, 20.0, 40.0, 20.0)])
        (line,) = traces(figure, "lines")
        assert line.line.shape == "hv"
        assert line.x[1:-1] == (20.0, 30.0, 40.0)
        assert line.y == (0.0, 0.5, 0.75, 1.0, 1.0)
        assert line.x[0] < 20 < 40 < line.x[-1]
        assert figure.layout.xaxis.range == (line.x[0], line.x[-1])

    def test_the_band_is_the_simultaneous_one(self):
        errors = [20.0 + step for step in range(12)]
        high, low, line = draw_edf([with_errors(*errors)]).data
        reach = sqrt(log(2 / 0.05) / (2 * 12))
        assert low.fill == "tonexty"
        assert high.x == low.x == line.x
        assert high.y == pytest.approx([min(1, share + reach) for share in line.y])
        assert low.y == pytest.approx([max(0, share - reach) for share in line.y])

    def test_failed_networks_are_in_the_legend_only(self):
        (line,) = traces(draw_edf([with_errors(20.0, 30.0, failed=3)]), "lines")
        assert line.name == "anynetx_a (2 finished, 3 failed)"
        assert line.y == (0.0, 0.5, 1.0, 1.0)

    def test_a_space_without_an_error_has_its_place_in_the_legend(self):
        found = traces(draw_edf([with_errors(failed=2), population("regnetx", 1)]), "lines")
        assert [line.name for line in found] == [
            "anynetx_a (0 finished, 2 failed)",
            "regnetx (12 finished, 0 failed)",
        ]
        assert found[0].y == (None,)

    def test_nothing_at_all(self):
        assert traces(draw_edf([with_errors()]), "lines")[0].x == (None,)

    def test_axes_say_what_they_are(self):
        figure = draw_edf(both())
        assert figure.layout.xaxis.title.text == "top-1 error (%) on validation"
        assert figure.layout.yaxis.title.text == "share of networks with at most this error"


class TestCosts:
    def test_one_point_for_each_finished_network_in_each_panel(self):
        broken = (fail(TRIALS[0], "diverged"), *TRIALS[1:])
        figure = draw_costs(both(broken))
        assert len(figure.data) == 6
        for trace, (cost, people) in zip(
            figure.data,
            [(c, p) for c in ("flops", "params", "activations") for p in both(broken)],
            strict=True,
        ):
            expected = {(getattr(t.complexity, cost), t.error) for t in people.finished}
            assert set(zip(trace.x, trace.y, strict=True)) == expected
        assert len(figure.data[0].x) == 11

    def test_the_winner_is_starred_at_its_population_error(self):
        final = final_round(TRIALS)
        figure = draw_costs(both(), final[0])
        stars = [trace for trace in figure.data if trace.marker.symbol == "star"]
        best = min(TRIALS, key=lambda trial: trial.error or 0.0)
        assert [(star.x, star.y) for star in stars] == [
            ((getattr(best.complexity, cost),), (best.error,))
            for cost in ("flops", "params", "activations")
        ]
        assert best.error != final[0].error

    def test_without_winner_no_star(self):
        assert all(trace.marker.symbol != "star" for trace in draw_costs(both()).data)

    def test_a_wide_cost_has_a_logarithmic_axis(self):
        trials = both()[0].finished
        cheap = replace(trials[0], complexity=replace(trials[0].complexity, params=100))
        figure = draw_costs([Population(space="anynetx_a", number=0, trials=(cheap, *trials[1:]))])
        assert (figure.layout.xaxis.type, figure.layout.xaxis2.type) == ("linear", "log")
        assert figure.layout.xaxis.title.text == "flops (multiply-adds per image)"

    @pytest.mark.parametrize(("least", "ticks"), [(200_000, "D2"), (100, 1)])
    def test_its_ticks_have_room(self, least: int, ticks: object):
        costs = [replace(t.complexity, params=3_000_000) for t in TRIALS[:3]]
        costs[0] = replace(costs[0], params=least)
        trials = tuple(
            replace(trial, complexity=cost) for trial, cost in zip(TRIALS, costs, strict=False)
        )
        figure = draw_costs([Population(space="anynetx_a", number=0, trials=trials)])
        assert figure.layout.xaxis2.dtick == ticks

    def test_hovering_tells_what_the_network_is(self):
        trial = TRIALS[0]
        words = describe(trial).split("<br>")
        stages = trial.network.stages
        assert words[0] == "<b>anynetx_a-0</b>"
        assert words[1] == f"error {trial.error:.2f} %"
        assert f"depth {trial.network.depth}: {', '.join(str(s.depth) for s in stages)}" in words
        assert f"widths {', '.join(str(s.width) for s in stages)}" in words
        assert any(word.startswith("group width ") for word in words)
        assert any(word.startswith(f"flops {trial.complexity.flops:,} (") for word in words)
        assert draw_costs(both()).data[0].text[-1].startswith("<b>anynetx_a-")


class TestGoodRanges:
    anynet = space("anynetx_a", resolution=32, classes=10)

    def test_every_stage_of_every_parameter(self):
        found = knobs(population("anynetx_a").table, self.anynet)
        assert len(found) == 16
        assert [knob.name for knob in found[:2]] == ["depth, stage 1", "depth, stage 2"]

    def test_ranges_are_those_of_the_empirical_bootstrap(self):
        people = population("regnetx")
        (depth, *_) = knobs(people.table, space("regnetx", resolution=32, classes=10))
        values = [trial.parameters["depth"] for trial in people.trials]
        assert depth.values.tolist() == values
        assert depth.good == good_range(values, [trial.error for trial in people.trials])
        assert depth.stage is None

    def test_shared_parameters_are_one_and_fixed_ones_none(self):
        shared = self.anynet.with_rule(Shared(parameter="bottleneck_ratio"))
        names = [knob.name for knob in knobs(population("anynetx_a").table, shared)]
        assert "bottleneck ratio" in names
        assert len(names) == 13
        narrow = article(space("regnetx", resolution=32, classes=10))
        found = knobs(population("regnetx").table, narrow)
        assert "bottleneck_ratio" not in {knob.parameter for knob in found}

    def test_lists_from_a_store_do_as_well_as_tuples(self):
        listed = tuple(
            replace(t, parameters={"depth": list(t.parameters["depth"])})
            for t in TRIALS
            if t.space == "anynetx_a"
        )
        found = knobs(population("anynetx_a", trials=listed).table, self.anynet)
        assert [knob.name for knob in found] == [f"depth, stage {n}" for n in (1, 2, 3, 4)]

    def test_few_networks_have_none(self):
        few = population("anynetx_a", trials=TRIALS[:7])
        assert knobs(few.table, self.anynet) == ()

    def test_points_band_and_median_are_drawn(self):
        people = population("regnetx", 1)
        found = knobs(people.table, space("regnetx", resolution=32, classes=10))
        telling = [knob for knob in found if knob.telling]
        figure = draw_good_ranges(people, found)
        assert telling
        assert [list(trace.x) for trace in figure.data] == [
            knob.values.tolist() for knob in telling
        ]
        errors = tuple(trial.error for trial in people.trials)
        assert all(trace.y == errors for trace in figure.data)
        assert figure.data[0].text[3] == "regnetx-3"
        assert figure.data[0].hovertext[3].startswith("flops 5.")
        bands = [shape for shape in figure.layout.shapes if shape.type == "rect"]
        medians = [shape for shape in figure.layout.shapes if shape.type == "line"]
        assert [(b.x0, b.x1) for b in bands] == [(k.good.low, k.good.high) for k in telling]
        assert [line.x0 for line in medians] == [knob.good.median for knob in telling]
        titles = [note.text for note in figure.layout.annotations]
        assert f"{telling[0].name}: {span(telling[0].good)}" in titles

    def test_stages_of_a_parameter_share_a_row_and_an_axis(self):
        people = population("anynetx_a")
        found = knobs(people.table, self.anynet)
        figure = draw_good_ranges(people, found)
        assert len(figure.data) % 4 == 0
        assert figure.layout.xaxis.range == figure.layout.xaxis4.range
        assert figure.layout.yaxis.domain == figure.layout.yaxis4.domain

    @pytest.mark.parametrize(("stages", "rows", "columns"), [(4, 1, 4), (7, 2, 4), (8, 2, 4)])
    def test_many_stages_take_more_rows(self, stages: int, rows: int, columns: int):
        people = table_of(np.random.default_rng(1).integers(1, 5, (400, stages)).astype(float))
        found = knobs(people.table, listed_space("t", people.table.parameters))
        figure = draw_good_ranges(people, found)
        axes = [axis.domain for axis in figure.select_xaxes()]
        assert len(axes) == stages
        assert len(set(axes)) == columns
        assert len({axis.domain for axis in figure.select_yaxes()}) == rows

    def test_many_points_on_few_values_are_spread_but_tell_their_value(self):
        values = np.random.default_rng(1).integers(1, 5, (400, 1)).astype(float)
        people = table_of(values)
        found = knobs(people.table, listed_space("t", people.table.parameters))
        (points,) = draw_good_ranges(people, found).data
        assert list(points.customdata) == values[:, 0].tolist()
        assert 0.0 < np.abs(np.array(points.x) - values[:, 0]).max() < 0.5
        (fewer,) = draw_good_ranges(people, found, most=100).data
        assert len(fewer.x) == 100
        assert list(fewer.x) == list(fewer.customdata)

    def test_a_table_from_elsewhere_is_drawn_alike(self):
        """Rows that lack a stage or an error, and no networks behind them."""
        rng = np.random.default_rng(0)
        depth = rng.integers(1, 5, (40, 2)).astype(float)
        depth[::5, 1] = np.nan
        errors = np.where(np.arange(40) % 7 == 0, np.nan, 30.0 + 2 * depth[:, 0])
        rows = TrialTable(
            index=np.arange(40),
            errors=errors,
            flops=np.full(40, 5e6),
            params=np.full(40, np.nan),
            activations=np.full(40, np.nan),
            parameters={"depth": depth},
        )
        choice = Choice(values=(1.0, 2.0, 3.0, 4.0))
        own = Space(
            name="table",
            parameters=(Parameter(name="depth", values=choice, size=2),),
            template=ListedTemplate(),
        )
        found = knobs(rows, own)
        assert [knob.name for knob in found] == ["depth, stage 1", "depth, stage 2"]
        assert [knob.values.size for knob in found] == [
            np.isfinite(errors).sum(),
            (np.isfinite(errors) & np.isfinite(depth[:, 1])).sum(),
        ]
        people = TablePopulation(space="table", number=2, table=rows)
        first, second = draw_good_ranges(people, found).data
        both = zip(second.x, second.y, strict=True)
        known = np.isfinite(errors) & np.isfinite(depth[:, 1])
        assert list(both) == list(zip(depth[known, 1], errors[known], strict=True))
        assert len(second.text) == len(second.x)
        assert (first.text[0], first.hovertext[0]) == ("table-1", "flops 5M")
        assert (
            "depth, stage 1 %{customdata}<br>error %{y:.2f} %<br>%{hovertext}"
            in first.hovertemplate
        )
        assert first.marker.color == COLOURS[2]
        (line,) = traces(draw_edf([people]), "lines")
        assert line.name == "table (34 finished, 6 failed)"

    def test_span_of_one_value(self):
        found = knobs(population("anynetx_a").table, self.anynet)[0]
        assert span(replace(found.good, low=2.0, high=2.0)) == "2"


class TestCurves:
    def test_best_five_and_every_final_trial(self):
        final = final_round(TRIALS)
        figure = draw_curves(both(), final)
        first = [trace for trace in figure.data if trace.xaxis == "x"]
        last = [trace for trace in figure.data if trace.xaxis == "x2"]
        best = finished(TRIALS)[:5]
        assert [trace.name for trace in first] == [t.name for t in best]
        assert len(last) == 6
        for trace, trial in zip((*first, *last), (*best, *final), strict=True):
            assert trace.x == tuple(epoch.number for epoch in trial.curve)
            assert trace.y == tuple(epoch.validation_error_percent for epoch in trial.curve)

    def test_a_network_looks_the_same_in_both_and_is_named_once(self):
        figure = draw_curves(both(), final_round(TRIALS))
        looks = {(t.name, t.line.color, t.line.dash, t.line.width) for t in figure.data}
        names = [trace.name for trace in figure.data if trace.showlegend]
        assert len(looks) == len(set(names)) == len(names) == 5

    def test_before_the_final_round_there_is_one_panel(self):
        figure = draw_curves(both(), [])
        assert {trace.xaxis for trace in figure.data} == {"x"}
        assert [note.text for note in figure.layout.annotations] == ["population: the best 5"]

    def test_no_curve_at_all(self):
        assert not draw_curves([population("regnetx", trials=planned(STUDY))], []).data

    def test_an_error_of_0_keeps_the_axis_linear(self):
        perfect = [finish(TRIALS[0], 0.0)]
        assert draw_curves(both(), []).layout.yaxis.type == "log"
        assert draw_curves([population("anynetx_a", trials=perfect)], []).layout.yaxis.type is None


class TestLook:
    def test_a_space_has_one_colour_everywhere(self):
        people = both()
        final = [trial for trial in final_round(TRIALS) if trial.space == "regnetx"]
        lines = {t.legendgroup: t.line.color for t in traces(draw_edf(people), "lines")}
        points = {t.legendgroup: t.marker.color for t in draw_costs(people).data}
        curves = {t.line.color for t in draw_curves([people[1]], final).data}
        assert lines == points == {"anynetx_a": COLOURS[0], "regnetx": COLOURS[1]}
        assert curves == {COLOURS[1]}

    def test_colours_begin_again_after_the_last(self):
        assert colour(len(COLOURS)) == colour(0)
        assert tint(0, 0.5) == "#0072B280"

    def test_names_are_shown_letter_by_letter(self):
        assert literal("<b>$x$") == "&lt;b&gt;&#36;x&#36;"
        nasty = [replace(trial, space=NASTY) for trial in TRIALS[:9]]
        people = [Population(space=NASTY, number=0, trials=tuple(nasty))]
        for figure in (draw_edf(people), draw_costs(people, nasty[0]), draw_curves(people, nasty)):
            shown = [trace.name for trace in figure.data if trace.name]
            shown += [text for trace in figure.data for text in trace.text or ()]
            assert shown
            assert not [text for text in shown if "<script" in text]


def test_candidates_are_ordered_by_mean_error_and_those_without_come_last():
    final = final_round(TRIALS)
    late: list[Trial] = [replace(trial, state="planned", error=None) for trial in final[:2]]
    found = candidates([*late, *final[2:]])
    assert [one.first.index for one in found] == [
        final[2].index,
        final[4].index,
        final[0].index,
    ]
    assert found[0].error == pytest.approx(((final[2].error or 0) + (final[3].error or 0)) / 2)
    assert found[-1].error is None
