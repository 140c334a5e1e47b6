"""The picture and the words of a walk."""

import json
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import Mean
from netspace.analyse.evidence import Evidence
from netspace.analyse.refinement import Size, Step
from netspace.analyse.replicates import Estimate
from netspace.design.serial import read, to_plain
from netspace.present.lineage import draw_lineage
from netspace.present.refinement_section import walks_shown
from netspace.present.refinement_text import Refined, refined_json, refined_text, step_lines
from netspace.spaces.rules import NonDecreasing, Shared


def comparison(low, high):
    return Comparison(
        estimand=Mean(),
        margin=0.5,
        difference=(low + high) / 2,
        low=low,
        high=high,
        confidence=0.975,
        chance_b_below_a=0.6,
        finished_a=20,
        failed_a=1,
        finished_b=20,
        failed_b=0,
        looks=(20,),
    )


def step(number=1, **changed):
    made = Step(
        number=number,
        start="anynetx_a",
        parent="anynetx_a",
        child=f"anynetx_a.{number}",
        rule=Shared(parameter="bottleneck_ratio"),
        seed=7,
        seen=40,
        evidence=Evidence(
            members=6,
            others=34,
            gain=Estimate(value=2.0, half_width=1.5),
            correlation=0.3,
            strength=2.6,
        ),
        before=Size(degrees_of_freedom=16, log10_size=20.3),
        after=Size(degrees_of_freedom=13, log10_size=18.9),
        error_rate=0.025,
        comparison=comparison(-3.0, -1.0),
        networks=40,
        parent_errors=(50.0, 51.0, 52.0),
        child_errors=(48.0, 49.0, 50.0),
        taken=True,
    )
    return replace(made, **changed)


DECLINED = step(
    2,
    parent="anynetx_a.1",
    rule=NonDecreasing(parameter="width"),
    comparison=comparison(-1.0, 3.0),
    taken=False,
)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-3.0, -1.0, "improvement"),
        (-3.0, 0.4, "simplification"),
        (0.1, 0.4, "simplification"),
        (0.1, 0.6, "worse"),
        (-0.1, 0.6, "undecided"),
        (-0.1, 0.5, "undecided"),
    ],
)
def test_the_interval_tells_the_outcome(low, high, outcome):
    found = step(comparison=comparison(low, high))
    assert found.outcome == outcome
    assert found.holds == (outcome in ("improvement", "simplification"))
    assert step(comparison=None).outcome == "pending"


def test_a_step_comes_back_from_plain_values():
    for one in (step(), DECLINED, step(comparison=None, taken=None)):
        assert read(Step, json.loads(json.dumps(to_plain(one, complete=True)))) == one


def test_a_step_in_words():
    lines = list(step_lines(step()))
    assert lines == [
        "anynetx_a -> anynetx_a.1: bottleneck ratio is the same in all stages: accepted: an "
        "improvement",
        "    anynetx_a.1 minus anynetx_a is -2.0 points (97.5 % interval -3.0 to -1.0) in the mean "
        "error; the margin is 0.5, on 20 and 20 fresh networks",
        "    Degrees of freedom 16 to 13, size 10^20.3 to 10^18.9; 40 networks trained for it",
    ]
    assert step(taken=False).sentence.endswith("an improvement, but not gone on from")
    undecided = comparison(-1.0, 3.0)
    assert step(comparison=undecided, taken=None).sentence.endswith(": not decided yet")
    assert step(comparison=undecided, taken=False).sentence.endswith("did not decide")


def refined(*steps):
    return Refined(
        start="anynetx_a",
        space="anynetx_a.1",
        steps=steps,
        ended="nothing is left",
        networks=80,
        written=None,
    )


def test_the_whole_walk_in_words():
    text = refined_text(refined(step(), DECLINED))
    assert "Lineage: anynetx_a -> anynetx_a.1; 80 networks trained." in text
    assert "declined: the networks did not decide" in text
    found = json.loads(refined_json(refined(step(), DECLINED)))
    assert [one["outcome"] for one in found["steps"]] == ["improvement", "undecided"]
    assert "child_errors" not in found["steps"][0]


def texts(picture):
    root = ElementTree.fromstring(picture)
    return [node.text for node in root.iter() if node.tag.endswith("text")], root


def test_the_picture_shows_every_space_and_rule():
    said, root = texts(draw_lineage([step(), DECLINED]))
    for words in ("anynetx_a", "anynetx_a.1", "16 degrees of freedom, size 10^20.3"):
        assert words in said
    assert any("does not fall" in line for line in said)
    assert "anynetx_a.2" not in said, "a declined child is no station of the lineage"
    crosses = [node for node in root.iter() if node.get("class") == "cross"]
    heads = [node for node in root.iter() if node.get("class") == "head"]
    assert (len(crosses), len(heads)) == (1, 1)


def test_a_rule_that_is_not_decided_yet_is_not_crossed_out():
    _, root = texts(draw_lineage([step(taken=None, comparison=None)]))
    kinds = [node.get("class") for node in root.iter()]
    assert (kinds.count("cross"), kinds.count("open")) == (0, 1)


def test_the_line_ends_at_the_last_rule():
    """Below the last declined rule there is nothing that a line could lead to."""
    _, root = texts(draw_lineage([step(), DECLINED, replace(DECLINED, number=3)]))
    down = [node.get("d") for node in root.iter() if node.get("class") == "branch"]
    first, last = (float(line.split("V")[1]) for line in down if "V" in line)
    across = [float(line.split()[1].split("H")[0]) for line in down if "H" in line]
    assert first > across[0]
    assert last == across[1]


def test_all_lines_of_a_long_rule_stand_out():
    long = step(rule=Shared(parameter="_".join(["ratio"] * 20)))
    _, root = texts(draw_lineage([long]))
    rules = [node.text for node in root.iter() if node.get("class") == "rule"]
    assert len(rules) > 1
    assert " ".join(rules) == long.sentence


def test_a_long_name_stays_in_its_box():
    long = step(start="x" * 60, parent="x" * 60)
    said, _ = texts(draw_lineage([long]))
    assert "x" * 30 + "…" in said
    assert "x" * 60 not in said


def test_nothing_in_the_picture_overlaps_or_leaves_it():
    steps = [step(), DECLINED, step(3, parent="anynetx_a.1"), step(4, taken=False)]
    _, root = texts(draw_lineage(steps))
    height = float(root.get("viewBox").split()[3])
    ends = [float(node.get("y")) for node in root.iter() if node.get("class") in ("rule", "faint")]
    assert ends == sorted(set(ends))
    assert max(ends) < height
    boxes = [float(node.get("y")) for node in root.iter() if node.get("class") == "space"]
    assert all(later - sooner > 46 for sooner, later in pairwise(boxes))
    assert max(boxes) + 46 < height


def test_names_are_escaped():
    nasty = step(start="<b>", parent="<b>&", child="<b>.1")
    said, _ = texts(draw_lineage([nasty]))
    assert "<b>&" in said


def test_the_section_shows_each_walk_with_its_distributions():
    walks = walks_shown([step(), DECLINED, step(3, start="regnetx", parent="regnetx")])
    assert [walk.start for walk in walks] == ["anynetx_a", "regnetx"]
    first = walks[0].steps[0]
    assert first.edf is not None
    assert "6 of 40 networks obey it" in first.sentences[0]
    assert "err 2.0 points less (95 % interval 0.5 to 3.5)" in first.sentences[0]
    assert walks_shown([step(parent_errors=(), child_errors=())])[0].steps[0].edf is None
