import numpy as np
import pytest

from netspace.config import Budget
from netspace.present.search_front_plot import draw_front, limits_of
from netspace.present.search_marks import ends_shown, hover_lines, outside
from netspace.present.search_plots import draw_progress, draw_volume
from netspace.present.search_random import Baseline, expected
from netspace.present.search_shift_plot import draw_shifts
from netspace.present.search_shifts import shifts
from netspace.present.search_trace import Trace, followed, trace_of
from netspace.present.search_volume import volume
from netspace.search.halving import Halving
from netspace.search.objective import Accuracy, Reward
from tests.present.records import (
    NASTY,
    fail,
    planned,
    search_record,
    search_study,
    stopped,
    trained,
)

STUDY = search_study()
TRIALS = [*trained(STUDY)[:20], *planned(STUDY)[20:]]
TRIALS[3], TRIALS[15] = (fail(TRIALS[place], "diverged") for place in (3, 15))
TRACE = trace_of(search_record(STUDY, TRIALS))


def named(figure) -> dict:
    return {trace.name: trace for trace in figure.data if trace.name}


def progress(trace: Trace, objective=None, baseline=None):
    objective = objective or Accuracy()
    found = followed(trace, objective)
    random = expected(trace, found, objective, baseline)
    return draw_progress(trace, found, random, axis="error"), found, random


class TestProgress:
    def test_networks_stand_in_the_order_asked_for(self):
        figure, _, _ = progress(TRACE)
        dots = named(figure)
        assert dots["drawn at random"].x == (1, 2, 3, *range(5, 11))
        assert dots["proposed by the strategy"].x == (*range(11, 16), *range(17, 21))
        assert dots["drawn at random"].y[0] == TRIALS[0].error
        assert dots["failed (2)"].x == (4, 16)

    def test_the_line_is_the_best_so_far(self):
        figure, found, _ = progress(TRACE)
        line = named(figure)["best so far"]
        assert line.line.shape == "hv"
        assert line.x == tuple(range(1, 25))
        assert line.y == tuple(found.so_far)

    def test_random_search_ends_where_its_draws_do(self):
        figure, _, random = progress(TRACE)
        line = named(figure)["random search, by 9 draws"]
        assert line.x == tuple(range(1, 10))
        assert line.y == pytest.approx(random.values)
        high, low, *_ = figure.data
        assert high.x == low.x == ()  # too few draws for a band

    def test_the_band_is_there_where_draws_are_many(self):
        errors = np.random.default_rng(0).normal(45, 3, 60)
        figure, _, random = progress(TRACE, baseline=Baseline(name=NASTY, errors=errors))
        high, low, *_ = figure.data
        assert low.fill == "tonexty"
        assert high.x == tuple(range(1, 21))
        assert low.y == pytest.approx(random.low[:20])
        assert [name for name in named(figure) if name.startswith("random")] == [
            "random search, by 60 draws of &lt;script&gt;alert(1)&lt;/script&gt;"
        ]

    def test_those_that_stopped_early_are_hollow(self):
        study = search_study(halving=Halving(first=1, factor=3))
        cut = [stopped(one, 1) for one in trained(study)[:12]]
        trace = trace_of(search_record(study, [*cut, *trained(study)[12:]]))
        figure, _, _ = progress(trace)
        hollow = named(figure)["drawn at random, stopped early"]
        assert hollow.marker.symbol.endswith("-open")
        assert len(hollow.x) == 10
        assert not [name for name in named(figure) if name.startswith("random search")]

    def test_nothing_to_draw(self):
        figure, _, _ = progress(trace_of(search_record(STUDY, planned(STUDY))))
        assert named(figure)["best so far"].x == ()

    def test_a_reward_rises(self):
        figure, found, _ = progress(TRACE, Reward(target="5M"))
        assert named(figure)["best so far"].y[-1] == np.nanmax(found.values)
        assert named(figure)["failed (2)"].y[0] < np.nanmin(found.values) + 1e-9


class TestEnds:
    def test_the_worst_are_drawn_at_the_edge(self):
        errors = np.array([30.0, 31.0, 32.0, 33.0, 90.0])
        low, high = ends_shown(errors)
        assert (low, high) == (30.0, 36.0)
        assert outside(errors, (low, high)) == 1

    def test_what_is_held_is_inside(self):
        assert ends_shown(np.array([30.0, 31.0, 32.0]), held=50.0) == (30.0, 50.0)

    def test_a_reward_is_cut_below(self):
        assert ends_shown(np.array([0.1, 0.68, 0.69, 0.7]), high=True) == pytest.approx(
            (0.655, 0.7)
        )

    def test_equal_errors_and_none(self):
        assert ends_shown(np.array([30.0, 30.0])) == (30.0, 30.0)
        assert ends_shown(np.array([np.nan])) == (0.0, 100.0)


class TestFront:
    def of(self, errors, **costs) -> Trace:
        drawn = np.zeros(len(errors), dtype=np.bool_)
        columns = {name: np.array(values) for name, values in costs.items()}
        return Trace.of(np.array(errors), costs=columns, drawn=drawn)

    def test_the_staircase_goes_on_to_the_costliest(self):
        trace = self.of([40.0, 30.0, 35.0, 50.0], flops=[1e6, 2e6, 4e6, 5e6])
        stairs = named(draw_front(trace, ["flops"], {}))["no network below"]
        assert stairs.x == (1e6, 2e6, 5e6)
        assert stairs.y == (40.0, 30.0, 30.0)
        assert named(draw_front(trace, ["flops"], {}))["the front (2)"].x == (1e6, 2e6)

    def test_two_costs_have_two_panels_and_one_front(self):
        trace = self.of([40.0, 30.0, 35.0], flops=[1e6, 2e6, 4e6], params=[9e3, 9e3, 1e3])
        figure = draw_front(trace, ["flops", "params"], {})
        fronts = [one for one in figure.data if one.name == "the front (3)"]
        assert [one.x for one in fronts] == [(1e6, 2e6, 4e6), (9e3, 9e3, 1e3)]
        assert figure.layout.xaxis2.title.text == "params"
        assert [one.showlegend for one in fronts] == [True, False]

    def test_budget_and_target_are_lines(self):
        limits = limits_of(Budget(flops="5M..6M", params="1M"), Reward(target="5M"))
        assert limits == {"flops": {"budget": 6e6, "target": 5e6}, "params": {"budget": 1e6}}
        figure = draw_front(TRACE, ["flops"], limits)
        assert [one.x0 for one in figure.layout.shapes] == [6e6, 5e6]
        assert [one.text for one in figure.layout.annotations] == ["budget", "target"]

    def test_a_front_far_up_is_drawn_in_its_place(self):
        trace = self.of([90.0, 31.0, 30.5, 30.0], flops=[1e5, 2e6, 4e6, 5e6])
        figure = draw_front(trace, ["flops"], {})
        assert figure.layout.yaxis.range[1] > 90.0

    def test_costs_far_apart_are_logarithmic(self):
        trace = self.of([40.0, 30.0], flops=[1e5, 2e6])
        assert draw_front(trace, ["flops"], {}).layout.xaxis.type == "log"
        assert draw_front(TRACE, ["flops"], {}).layout.xaxis.type == "linear"


class TestStrips:
    def test_pairs_of_early_and_late(self):
        found = shifts(TRACE)
        figure = draw_shifts(found)
        maps = [one for one in figure.data if one.type == "heatmap"]
        assert len(maps) == len({one.parameter for one in found})
        (early, late, _) = maps[0].z
        assert early == pytest.approx(100 * found[0].early, abs=0.05)
        assert late == pytest.approx(100 * found[0].late, abs=0.05)
        assert maps[0].x == found[0].values

    def test_numbers_are_text_of_the_pages_colour(self):
        texts = [one for one in draw_shifts(shifts(TRACE)).data if one.type == "scatter"]
        first = shifts(TRACE)[0]
        wanted = [f"{100 * share:.0f}" for share in (*first.early, *first.late)]
        assert list(texts[0].text) == wanted
        assert texts[0].textfont.color is None

    def test_one_parameter_fills_the_row(self):
        (first, *_) = shifts(TRACE)
        assert draw_shifts([first]).layout.xaxis.domain == (0.0, 1.0)


def test_volume_beside_random():
    found = volume(TRACE, ["flops"])
    lines = named(draw_volume(found))
    assert lines["the front so far"].y == tuple(found.share)
    assert lines["random search, by 9 draws"].y == tuple(found.random)


def test_hovering_tells_what_is_known():
    lines = hover_lines(TRACE)
    assert lines[0].startswith("<b>regnetx-0</b><br>number 1, drawn<br>error ")
    assert "after 4 epochs<br>" in lines[0]
    assert "failed" in lines[3]
    assert "planned" in lines[23]
    table = Trace.of(
        np.array([40.0]),
        costs={"flops": np.array([np.nan]), "latency_ms": np.array([3.456])},
        drawn=np.array([False]),
        names=[NASTY],
    )
    assert hover_lines(table) == [
        "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b><br>number 1, proposed<br>error 40.00 %"
        "<br>3.46 ms"
    ]
