"""The automatic walk on tables whose truth is known."""

import numpy as np
import pytest

from netspace.analyse.refinement import Step
from netspace.errors import InfeasibleError, UserError
from netspace.workflow.asking import Asking
from netspace.workflow.tables import TableSource
from netspace.workflow.walk import HORIZON, PROPOSERS, Automatic, Walk, standing, walk
from tests.workflow.synthetic import PLANTED, Truth, table

SEEDS = range(100)


def walked(seed, *, effect, at_most=300, **options):
    whole = table(seed, effect=effect)
    source = TableSource("table", whole, seed=seed)
    ended = walk(source, Walk(start="table", at_most=at_most, seed=seed, **options), quiet())
    return whole, source, ended


def quiet():
    return Automatic(lambda sentence: None)


def false_steps(whole, steps) -> list[Step]:
    """The accepted steps that all rows of the table contradict."""
    truth, rules, found = Truth(whole), (), []
    for step in steps:
        if step.taken:
            if not truth.agrees(step, rules):
                found.append(step)
            rules = (*rules, step.rule)
    return found


@pytest.mark.slow
def test_the_planted_rule_is_found_and_false_ones_are_not():
    """The figures that count: at least 90 of 100 find it, at most 5 accept a false rule."""
    found, false = [], []
    for seed in SEEDS:
        whole, source, _ = walked(seed, effect=4.0)
        assert source.trained <= 300
        found.append(any(step.rule == PLANTED and step.holds for step in source.steps))
        false.append(bool(false_steps(whole, source.steps)))
    assert sum(found) >= 90
    assert sum(false) <= 5


@pytest.mark.slow
def test_without_a_planted_rule_no_improvement_is_found():
    improved = []
    for seed in range(50):
        _, source, _ = walked(seed, effect=0.0)
        improved.append(any(step.outcome == "improvement" for step in source.steps))
    assert sum(improved) <= 3


def test_a_verdict_uses_no_network_that_proposed_its_rule():
    _, source, _ = walked(3, effect=4.0)
    tables = {step.parent: source.table(step.parent) for step in source.steps}
    for step in source.steps:
        own = tables[step.parent]
        assert step.seen >= PROPOSERS
        used = step.comparison.finished_a
        assert step.parent_errors == tuple(own.errors[step.seen : step.seen + used])
    rows = [row for name in tables for row in tables[name].index.tolist()]
    assert len(rows) == len(set(rows))


def test_the_error_rate_is_spent_on_the_whole_walk():
    _, source, _ = walked(3, effect=4.0)
    rates = [step.error_rate for step in source.steps]
    assert rates[0] == 0.025
    for number, (before, rate) in enumerate(zip(source.steps, rates[1:], strict=False), 2):
        assert rate == pytest.approx(0.05 / 2**number + before.error_rate * before.holds)


def test_a_walk_goes_on_where_it_stopped():
    whole = table(5, effect=4.0)
    kept = {}

    def keep(steps, drawn):
        kept.update(steps=steps, drawn={name: list(rows) for name, rows in drawn.items()})

    def source():
        return TableSource("table", whole, seed=5, kept=keep, **kept)

    for at_most in (90, 150, 300):
        ended = walk(source(), Walk(start="table", at_most=at_most, seed=5), quiet())
        assert source().trained <= at_most
        assert ended
    in_one, steps = walked(5, effect=4.0)[1], source().steps
    assert [step.rule for step in steps] == [step.rule for step in in_one.steps]
    assert [step.outcome for step in steps[:1]] == [step.outcome for step in in_one.steps[:1]]


class KilledError(Exception):
    pass


def killed_at(call, whole):
    """The walk, killed as it keeps something for the call-th time, and gone on with."""
    kept, calls = {}, iter(range(1, 1_000))

    def keep(steps, drawn):
        kept.update(steps=steps, drawn={name: list(rows) for name, rows in drawn.items()})
        if next(calls) == call:
            raise KilledError

    while True:
        source = TableSource("table", whole, seed=5, kept=keep, **kept)
        try:
            walk(source, Walk(start="table", at_most=300, seed=5), quiet())
        except KilledError:
            continue
        return source.steps, next(calls) - 1


def test_a_walk_killed_anywhere_comes_to_the_same():
    """The number of networks that each step took included."""
    whole = table(5, effect=4.0)
    steps, calls = killed_at(0, whole)
    for call in range(1, calls + 1):
        assert killed_at(call, whole)[0] == steps


def test_networks_are_not_trained_in_vain():
    """40 that propose and 20 a side for the first look: with fewer allowed none is trained."""
    with pytest.raises(UserError, match=r"--at-most 79 is fewer .* give at least 80"):
        walked(0, effect=0.0, at_most=79)
    _, source, ended = walked(0, effect=0.0, at_most=80)
    assert source.trained == 80
    assert "more than the 80 networks allowed; it goes on with --at-most" in ended


def test_a_child_takes_no_name_that_is_taken():
    source = TableSource("table", table(1, effect=4.0), drawn={"table.1": [0, 1]})
    walk(source, Walk(start="table", at_most=100), quiet())
    assert source.steps[0].child == "table.2"
    assert source.table("table.1").index.tolist() == [0, 1]


def test_a_step_says_what_it_did_to_the_space():
    _, source, _ = walked(1, effect=4.0)
    first = source.steps[0]
    assert first.rule == PLANTED
    assert (first.before.degrees_of_freedom, first.after.degrees_of_freedom) == (10, 10)
    assert first.before.log10_size == pytest.approx(np.log10(5**3 * 4**3 * 3**3 * 3))
    assert first.after.log10_size == pytest.approx(np.log10(35 * 4**3 * 3**3 * 3))
    assert first.sentence.startswith("width does not fall from stage to stage: accepted: ")


def test_too_small_a_table_ends_the_step_not_the_walk():
    whole = table(0, effect=4.0, rows=130)
    source = TableSource("table", whole)
    ended = walk(source, Walk(start="table"), quiet())
    assert ended
    assert all(step.taken is not None for step in source.steps)
    with pytest.raises(InfeasibleError, match="rows of the table are left"):
        source.grow("table", 1_000)


def test_standing_is_the_last_child_taken():
    assert standing([], "a") == "a"
    _, source, _ = walked(1, effect=4.0)
    taken = [step.child for step in source.steps if step.taken]
    assert standing(source.steps, "table") == taken[-1]


def test_no_step_goes_beyond_the_horizon():
    _, source, _ = walked(2, effect=0.0, at_most=400)
    assert max(step.comparison.finished_b for step in source.steps) <= HORIZON


class Scripted:
    """Answers in order; keeps what was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = iter(answers)
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return next(self.answers, "")


def asked(*answers, seed=1):
    person = Scripted(*answers)
    source = TableSource("table", table(seed, effect=4.0), seed=seed)
    ended = walk(source, Walk(start="table", seed=seed), Asking(person))
    return person, source, ended


def test_a_person_chooses_and_accepts():
    person, source, ended = asked("1", "y", "")
    assert ended == "nothing was chosen"
    (step,) = source.steps
    assert (step.rule, step.taken) == (PLANTED, True)
    assert "1. width does not fall from stage to stage: seems to help" in person.asked[0]
    assert "Go on from table.1? (y or n)" in person.asked[1]
    assert person.asked[2].startswith("Rules for table.1, ")


def test_a_person_may_decline_what_holds():
    _, source, _ = asked("1", "n", "")
    (step,) = source.steps
    assert step.holds
    assert step.taken is False
    assert standing(source.steps, "table") == "table"


def test_an_answer_that_is_no_number_is_asked_again():
    person, source, _ = asked("yes", "0", "")
    assert source.steps == ()
    assert person.asked[1].startswith("'yes' is not a number from 1 to ")
    assert person.asked[2].startswith("'0' is not a number")
