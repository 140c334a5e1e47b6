from netspace.analyse.importance import Importance
from netspace.present.importance_plot import called, draw_importances
from netspace.present.palette import COLOURS, tint
from netspace.present.sentences import separation


def importance(share, p_value=0.001, parameter="group_width", stage=None, stages=1):
    return Importance(
        parameter=parameter,
        stage=stage,
        stages=stages,
        networks=80,
        divergence=2 * share,
        p_value=p_value,
        share=share,
    )


def test_names_say_the_stage():
    assert called(importance(0.5)) == "group width"
    assert called(importance(0.5, stage=2, stages=4)) == "group width, stage 2"
    assert called(importance(0.5, stages=4)) == "group width, stages summed"


def test_the_most_important_is_on_top_and_chance_is_pale():
    found = [importance(0.7), importance(0.3, 0.4, "depth"), importance(0.0, 1.0, "width")]
    (bars,) = draw_importances(1, found).data
    assert bars.y == ("depth", "group width")
    assert bars.x == (0.3, 0.7)
    assert bars.marker.color == (tint(1, 0.3), COLOURS[1])
    assert bars.text == ("30%", "70%")


def test_many_are_cut_short():
    (bars,) = draw_importances(0, [importance(0.02, stage=n) for n in range(1, 51)]).data
    assert len(bars.y) == 12
    assert bars.y[-1] == "group width, stage 1"


def test_names_are_shown_letter_by_letter():
    (bars,) = draw_importances(0, [importance(1.0, parameter="<b>$")]).data
    assert bars.y == ("&lt;b&gt;&#36;",)


def test_sentences():
    four = [importance(0.25, stage=n, stages=4) for n in range(1, 5)]
    assert separation(80, four) == (
        "What separates the best 10 % of the 80 networks: group width, stage 1 (25 %), group "
        "width, stage 2 (25 %) and group width, stage 3 (25 %), and 1 more."
    )
    assert separation(80, [importance(0.0, 0.3)]).startswith("No parameter separates the best 10 %")
    assert separation(49, []).startswith("49 finished networks: too few")
