"""The picture of a contest: who is on the front and by what right, and what is drawn where."""

from dataclasses import replace
from math import inf, log10, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.present.palette import COLOURS
from netspace.present.pareto import (
    APART,
    AS_MEASURED,
    Point,
    backdrop_words,
    pareto_words,
    placed,
)
from netspace.present.pareto_axes import PANEL, Spot, _boxes, cost_ends, error_ends, sides
from netspace.present.pareto_plot import PALE, draw_pareto, draw_published
from netspace.present.published import MEASURED, SOURCES, published
from netspace.search.front import front
from tests.present.records import NASTY


def point(name: str, error: float, flops: float, half: float = 0.5, kind="handcrafted", **costs):
    return Point(
        name=name,
        kind=kind,
        error=error,
        low=error - half,
        high=error + half,
        costs={"flops": flops, **costs},
    )


# The cheapest; one that is really better; one that is better by less than the noise; one that is
# worse by less than the noise; and one that is really worse than a cheaper one.
A, B, C, D, E = POINTS = (
    point("a", 30.0, 1e6, eager=2.0),
    point("b", 26.0, 2e6, kind="searched", eager=1.0),
    point("c", 25.5, 3e6, kind="design space"),
    point("d", 25.9, 4e6, kind="searched", eager=4.0),
    point("e", 29.0, 5e6, eager=5.0),
)


def places(points, cost="flops", real=None) -> dict[str, str]:
    return {one.point.name: one.place for one in placed(points, cost, real)}


def named(figure) -> dict:
    return {trace.name: trace for trace in figure.data if trace.name}


def family(name: str, cost: str) -> list[tuple[float, float]]:
    """Cost and error of pycls's networks of a family, the cheapest first."""
    own = [one for one in published() if one.source == "pycls" and one.family == name]
    return sorted((one.cost(cost), one.error) for one in own if one.cost(cost) is not None)


class TestPlaces:
    def test_of_five_networks(self):
        assert places(POINTS) == {
            "a": "front",
            "b": "front",
            "c": "open",
            "d": "open",
            "e": "behind",
        }
        assert [one.point.name for one in placed(POINTS, "flops") if one.lowest] == ["a", "b", "c"]

    def test_the_cheapest_comes_first_whatever_the_order(self):
        assert placed(POINTS[::-1], "flops") == placed(POINTS, "flops")
        assert [one.cost for one in placed(POINTS, "eager")] == [1.0, 2.0, 4.0, 5.0]

    def test_another_cost_is_another_front(self):
        assert places(POINTS, "eager") == {"b": "front", "a": "behind", "d": "open", "e": "behind"}

    def test_intervals_that_touch_are_no_difference(self):
        assert places([point("a", 30.0, 1e6), point("b", 29.0, 2e6)])["b"] == "open"
        assert places([point("a", 30.0, 1e6), point("b", 28.9, 2e6)])["b"] == "front"

    def test_equal_costs_are_rivals_of_each_other(self):
        assert places([point("a", 30.0, 1e6), point("b", 28.0, 1e6)]) == {
            "a": "behind",
            "b": "front",
        }

    def test_without_intervals_only_the_cheapest_is_there_for_certain(self):
        unknown = [replace(one, low=-inf, high=inf) for one in POINTS]
        assert places(unknown) == {"a": "front", "b": "open", "c": "open", "d": "open", "e": "open"}

    def test_real_differences_may_be_given(self):
        pairs = {("c", "a"), ("c", "b"), ("b", "a"), ("c", "d"), ("d", "a")}
        assert places(POINTS, real=pairs) == {
            "a": "front",
            "b": "front",
            "c": "front",
            "d": "behind",
            "e": "open",
        }

    def test_what_is_not_known_has_no_place(self):
        lost = replace(A, name="lost", error=nan)
        slow = point("slow", 20.0, nan)
        assert list(places([*POINTS, lost, slow])) == ["a", "b", "c", "d", "e"]
        assert places([], "flops") == {}


points_drawn = st.lists(
    st.builds(
        point,
        st.just("x"),
        st.integers(20, 30).map(float),
        st.integers(1, 6).map(float),
        st.floats(0, 4),
    ),
    max_size=8,
).map(lambda some: [replace(one, name=f"n{i}") for i, one in enumerate(some)])


@given(points_drawn)
def test_the_line_is_the_front_and_places_agree_with_it(points):
    found = placed(points, "flops")
    values = np.array([(one.cost, one.point.error) for one in found]).reshape(-1, 2)
    assert [one.lowest for one in found] == front(values).tolist()
    for one in found:
        rivals = [p for p in points if p.costs["flops"] <= one.cost and p is not one.point]
        surely = all(one.point.high < p.low for p in rivals)
        never = any(p.high < one.point.low for p in rivals)
        assert one.place == ("front" if surely else "behind" if never else "open")
        assert one.lowest or one.place != "front"
        assert not one.lowest or one.place != "behind"


class TestContest:
    figure = draw_pareto(POINTS, "flops")

    def test_marks_are_at_cost_and_error_with_whiskers_of_the_interval(self):
        marks = named(self.figure)["searched, front"]
        assert (marks.x, marks.y) == ((2e6,), (26.0,))
        assert (marks.error_y.array, marks.error_y.arrayminus) == ((0.5,), (0.5,))
        assert named(self.figure)["searched, open"].x == (4e6,)
        assert named(self.figure)["handcrafted, front"].x == (1e6,)
        assert named(self.figure)["handcrafted, behind"].x == (5e6,)

    def test_whiskers_may_have_two_lengths_or_none(self):
        found = named(draw_pareto([replace(A, low=29.9), replace(B, low=-inf, high=inf)], "flops"))
        assert found["handcrafted, front"].error_y.array == (0.5,)
        assert found["handcrafted, front"].error_y.arrayminus == pytest.approx((0.1,))
        assert found["searched, open"].error_y.array == (0.0,)

    def test_kinds_have_a_shape_and_a_colour_and_places_a_filling(self):
        looks = {
            name: (trace.marker.symbol, trace.marker.color, trace.opacity)
            for name, trace in named(self.figure).items()
            if ", " in name
        }
        assert looks == {
            "handcrafted, front": ("circle", COLOURS[0], 1.0),
            "handcrafted, behind": ("circle", COLOURS[0], PALE),
            "searched, front": ("diamond", COLOURS[1], 1.0),
            "searched, open": ("diamond-open", COLOURS[1], 1.0),
            "design space, open": ("square-open", COLOURS[2], 1.0),
        }

    def test_the_step_line_is_the_front_up_to_the_edge(self):
        stairs = named(self.figure)["front of the mean errors"]
        edge = 10 ** self.figure.layout.xaxis.range[1]
        assert stairs.line.shape == "hv"
        assert stairs.x == pytest.approx((1e6, 2e6, 3e6, edge))
        assert stairs.y == (30.0, 26.0, 25.5, 25.5)

    def test_every_network_is_named_once(self):
        (texts,) = [one for one in self.figure.data if one.mode == "markers+text"]
        assert texts.text == ("a", "b", "c", "d", "e")
        assert (texts.x, texts.y) == ((1e6, 2e6, 3e6, 4e6, 5e6), (30.0, 26.0, 25.5, 25.9, 29.0))

    def test_the_legend_explains_what_is_there_and_nothing_else(self):
        def legend(figure) -> list[str]:
            return [one.name for one in figure.data if one.showlegend is not False]

        assert legend(self.figure) == [
            "handcrafted",
            "searched",
            "design space",
            "hollow: within the noise",
            "pale: behind",
            "front of the mean errors",
        ]
        assert legend(draw_pareto([A, B], "flops")) == [
            "handcrafted",
            "searched",
            "front of the mean errors",
        ]

    def test_axes(self):
        layout = self.figure.layout
        assert (layout.xaxis.type, layout.yaxis.type) == ("log", None)
        assert layout.xaxis.title.text == "flops (multiply-adds per image)"
        assert layout.yaxis.title.text == "top-1 error (%) on validation"
        assert layout.yaxis.range[0] < 25.0
        assert layout.yaxis.range[1] > 30.5
        assert draw_pareto(POINTS, "eager").layout.xaxis.title.text == "latency in ms, eager"
        title = draw_pareto(POINTS, "onnx_int8_static", axis="error").layout
        assert title.xaxis.title.text == "latency in ms, onnx int8 static"
        assert title.yaxis.title.text == "error"

    def test_hovering(self):
        assert named(self.figure)["searched, open"].text == (
            "<b>d</b>, searched<br>error 25.90 % (25.40 to 26.40)<br>flops 4M<br>eager 4 ms<br>"
            "on the front or not, within the noise",
        )
        alone = named(draw_pareto([replace(A, low=-inf, high=inf)], "flops"))
        assert "error 30.00 %, no interval<br>" in alone["handcrafted, front"].text[0]

    def test_names_are_escaped(self):
        (texts,) = [
            one
            for one in draw_pareto([replace(A, name=NASTY)], "flops").data
            if one.mode == "markers+text"
        ]
        assert texts.text == ("&lt;script&gt;alert(1)&lt;/script&gt;",)
        (said,) = named(draw_pareto([replace(A, name=NASTY)], "flops"))["handcrafted, front"].text
        assert said.startswith("<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>")

    def test_nothing_to_draw(self):
        figure = draw_pareto([], "flops")
        assert named(figure)["front of the mean errors"].x == ()
        assert figure.layout.yaxis.range == (0.0, 100.0)


class TestPublished:
    figure = draw_pareto(POINTS, "flops", backdrop=published())

    def own(self, figure=None) -> dict:
        return {
            trace.name: trace
            for trace in (figure or self.figure).data
            if trace.xaxis == "x2" and trace.name
        }

    def test_families_of_one_recipe_are_lines_of_their_kind(self):
        found = self.own()
        for name, look in {
            "ResNet": ("circle", COLOURS[0]),
            "EfficientNet": ("diamond", COLOURS[1]),
            "RegNetY": ("square", COLOURS[2]),
        }.items():
            assert list(zip(found[name].x, found[name].y, strict=True)) == family(name, "flops")
            assert (found[name].marker.symbol, found[name].line.color) == look
            assert found[name].mode == "lines+markers"

    def test_all_others_are_grey_dots(self):
        dots = self.own()["ImageNet, other recipes"]
        others = {(one.flops, one.error) for one in published() if one.source != "pycls"}
        assert set(zip(dots.x, dots.y, strict=True)) == others
        assert dots.marker.color == COLOURS[-1]

    def test_the_panels_share_no_axis(self):
        layout = self.figure.layout
        assert layout.yaxis2.matches is None
        assert layout.xaxis2.matches is None
        assert layout.yaxis2.title.text == "top-1 error (%) on ImageNet"
        assert layout.xaxis2.title.text == "flops (multiply-adds per image)"
        assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
        assert not [one for one in self.figure.data if one.xaxis == "x2" and one.yaxis != "y2"]
        assert layout.xaxis.range[1] < 7.5 < layout.xaxis2.range[0] + 1

    def test_the_panel_holds_all_lines_and_all_low_errors(self):
        low, high = self.figure.layout.yaxis2.range
        least, most = (10**end for end in self.figure.layout.xaxis2.range)
        for one in published():
            assert low < one.error
            assert one.error < high or one.source == "timm"
            assert least < one.flops < most or one.error > high
        assert high < 34
        assert least > min(one.flops for one in published())  # an error far above the panel

    @pytest.mark.parametrize("cost", ["params", "activations"])
    def test_other_counts(self, cost):
        figure = draw_pareto(POINTS, cost, backdrop=published())
        line = self.own(figure)["RegNetX"]
        assert list(zip(line.x, line.y, strict=True)) == family("RegNetX", cost)

    def test_a_latency_stands_beside_timms(self):
        figure = draw_pareto(POINTS, "eager", backdrop=published())
        line = self.own(figure)["RegNetX"]
        assert list(zip(line.x, line.y, strict=True)) == family("RegNetX", "cpu_ms")
        assert figure.layout.xaxis2.title.text == "latency in ms, one image, Intel i9"
        assert len(self.own(figure)["EfficientNet"].x) == 2  # the others were not measured

    def test_families_are_named_at_their_cheapest(self):
        (texts,) = [
            one for one in self.figure.data if one.mode == "markers+text" and one.xaxis == "x2"
        ]
        assert dict(zip(texts.text, texts.x, strict=True)) == {
            name: family(name, "flops")[0][0]
            for name in ("RegNetX", "RegNetY", "EfficientNet", "ResNet", "ResNeXt")
        }

    def test_hovering(self):
        assert self.own()["ResNet"].text[0] == (
            "<b>ResNet-50</b>, ResNet, handcrafted<br>ImageNet error 23.19 % at 224 pixels<br>"
            "recipe pycls (pycls)"
        )

    def test_one_below_the_other(self):
        layout = draw_pareto(POINTS, "flops", backdrop=published(), stacked=True).layout
        assert layout.yaxis2.domain[1] < layout.yaxis.domain[0]
        assert layout.xaxis.domain == layout.xaxis2.domain == (0.0, 1.0)
        assert layout.height > self.figure.layout.height

    def test_the_panel_alone(self):
        figure = draw_published(published(), "params")
        line = named(figure)["RegNetX"]
        assert list(zip(line.x, line.y, strict=True)) == family("RegNetX", "params")
        assert {"handcrafted", "searched", "design space"} <= set(named(figure))
        assert not {"pale: behind", "hollow: within the noise"} & set(named(figure))
        assert figure.layout.yaxis.title.text == "top-1 error (%) on ImageNet"

    def test_without_lines_all_dots_are_inside(self):
        vgg = [one for one in published() if one.family == "VGG"]
        low, high = draw_published(vgg, "flops").layout.yaxis.range
        assert low < min(one.error for one in vgg) < max(one.error for one in vgg) < high


class TestWords:
    def test_who_stands_where(self):
        assert pareto_words(POINTS, "flops")[:3] == (
            "On the front, beyond the noise: a and b.",
            "On the front or not, within the noise: c and d.",
            "Behind the front, beyond the noise: e.",
        )

    def test_what_is_missing_is_named(self):
        assert "Not in the picture, as error or cost are not known: c." in pareto_words(
            POINTS, "eager"
        )

    def test_what_a_real_difference_is(self):
        assert APART in pareto_words(POINTS, "flops")
        assert APART not in pareto_words(POINTS, "flops", {("a", "b")})

    def test_latencies_have_noise_of_their_own(self):
        assert AS_MEASURED in pareto_words(POINTS, "eager")
        assert AS_MEASURED not in pareto_words(POINTS, "params")
        assert MEASURED in backdrop_words("eager")
        assert MEASURED not in backdrop_words("flops")

    def test_sources(self):
        assert SOURCES in backdrop_words("flops")
        assert "axes of their own" in backdrop_words("flops")[0]


class TestAxes:
    @pytest.mark.parametrize("costs", [[5e6], [5e6, 5.1e6], [1e6, 3e9], [0.3, 0.4]])
    def test_costs_lie_inside(self, costs):
        low, high = cost_ends(costs)
        assert low < min(costs) <= max(costs) < high
        assert high / low > 1.6

    def test_errors_lie_inside_and_none_is_below_zero(self):
        assert error_ends([25.0, 30.0]) == pytest.approx((24.6, 30.4))
        assert error_ends([0.1, 5.0])[0] == 0.0
        assert error_ends([7.0]) == (6.0, 8.0)

    @pytest.mark.parametrize(("most", "step"), [(1.1e6, "D1"), (2e6, "D1"), (6e6, "D2"), (9e7, 1)])
    def test_ticks_leave_each_other_room(self, most, step):
        figure = draw_pareto([A, replace(B, costs={"flops": most})], "flops")
        assert figure.layout.xaxis.dtick == step

    @pytest.mark.parametrize("most", np.geomspace(1e6, 1e9, 14))
    @pytest.mark.parametrize("least", [1.0, 2.1, 5.3])
    def test_a_tick_is_always_inside(self, most, least):
        points = [replace(A, costs={"flops": least * 1e6}), replace(B, costs={"flops": most})]
        axis = draw_pareto(points, "flops").layout.xaxis
        digits = {"D1": range(1, 10), "D2": (1, 2, 5), 1: (1,)}[axis.dtick]
        ticks = [log10(digit) + power for digit in digits for power in range(10)]
        assert [tick for tick in ticks if axis.range[0] <= tick <= axis.range[1]]


class TestLabels:
    costs, errors = (1e6, 1e7), (20.0, 30.0)

    def boxes(self, spots, others=()):
        chosen = sides(spots, self.costs, self.errors, others)
        return [
            dict(_boxes(spot, self.costs, self.errors))[side]
            for spot, side in zip(spots, chosen, strict=True)
        ]

    def test_alone_a_label_stands_above_to_the_right(self):
        spots = [Spot(x=2e6, y=25.0, text="alone")]
        assert sides(spots, self.costs, self.errors) == ["top right"]

    def test_at_an_edge_it_turns_inwards(self):
        right = [Spot(x=9.9e6, y=25.0, text="a long name")]
        assert sides(right, self.costs, self.errors)[0].endswith("left")
        top = [Spot(x=2e6, y=29.9, text="a name")]
        assert sides(top, self.costs, self.errors) == ["bottom right"]

    def test_neighbours_do_not_hide_each_other(self):
        spots = [Spot(x=3e6 * 1.05**i, y=25.0 - 0.3 * i, text=f"name {i}") for i in range(4)]
        boxes = self.boxes(spots)
        for i, one in enumerate(boxes):
            assert one[0] >= 0
            assert one[2] <= PANEL[0]
            for other in boxes[:i]:
                apart = one[2] <= other[0] or other[2] <= one[0]
                assert apart or one[3] <= other[1] or other[3] <= one[1]

    def test_marks_without_a_label_are_kept_clear(self):
        spot = Spot(x=2e6, y=25.0, text="name")
        other = Spot(x=2.3e6, y=25.5, text="")
        assert sides([spot], self.costs, self.errors, [other]) != ["top right"]
