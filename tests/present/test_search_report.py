import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from netspace.analyse.summary import expected_best
from netspace.config import Budget, SearchTerms, SpaceChoice
from netspace.present.record import RunRecord
from netspace.present.report import render
from netspace.present.search_findings import findings, findings_of
from netspace.present.search_random import Baseline
from netspace.present.search_section import search_shown, section_of
from netspace.present.search_text import search_json, search_text
from netspace.present.search_trace import Trace
from netspace.present.search_words import ONE_DRAW, said
from netspace.present.wording import percent
from netspace.search.evolution import Random
from netspace.search.halving import Halving
from netspace.search.objective import Pareto, Reward
from tests.present.pages import Page, parsed
from tests.present.records import (
    NASTY,
    fail,
    final_round,
    finish,
    planned,
    record,
    search_record,
    search_study,
    stopped,
    study,
    trained,
    winner,
)

STUDY = search_study()
TRIALS = tuple(trained(STUDY))


def whole(**changes: object) -> RunRecord:
    trials = [fail(TRIALS[0], "diverged"), *TRIALS[1:]]
    final = final_round(trials)
    made = search_record(STUDY, trials, winner=winner(final), **changes)
    return replace(made, trials=(*trials, *final))


def words(made: RunRecord, baseline: Baseline | None = None) -> str:
    return said(findings_of(made, baseline))


@cache
def page() -> Page:
    return parsed(render(whole()))


class TestReport:
    def test_what_takes_a_random_sample_is_left_out_and_said(self):
        sections = [a["id"] for tag, a in page().tags if tag == "section"]
        assert sections == [
            "network",
            "search",
            "costs",
            "curves",
            "failed",
            "plan",
            "data",
            "recipe",
            "settings",
            "repeat",
        ]
        targets = [a["href"] for tag, a in page().tags if tag == "a" and "href" in a]
        assert targets == [f"#{section}" for section in sections]
        assert "those of a search are chosen" in page().text
        assert list(page().figures) == ["search", "front", "shifts", "cost", "curve"]

    def test_a_design_has_no_such_section(self):
        one = study("regnetx")
        found = parsed(render(record(one, trained(one))))
        assert "search" not in found.figures
        assert "#search" not in [a.get("href") for _, a in found.tags]
        assert search_shown(record(one, trained(one))) is None

    def test_circumstances_and_repeat(self):
        assert "23 networks trained from regnetx, searched by evolution" in page().text
        assert "Networks are asked for with flops in 5M..6M." in page().text
        assert "the search begins alike" in page().text

    def test_a_search_without_a_hard_limit(self):
        free = search_study(objective=Reward(target="5M"), budget=Budget())
        found = parsed(render(search_record(free, TRIALS)))
        assert "10 classes at 32×32; no hard limit; 24 networks" in found.text
        assert "Per image: no hard limit. Networks are asked for whatever they cost." in found.text

    def test_an_unfinished_search_counts_against_what_was_asked_for(self):
        found = parsed(render(search_record(STUDY, TRIALS[:9])))
        assert "Not finished yet: 9 of 24 networks trained" in found.text
        best = min(TRIALS[:9], key=lambda trial: trial.error)
        assert f"{best.name}. {percent(best.error)} validation error, the best so far" in found.text

    @pytest.mark.parametrize(
        "trials",
        [(), planned(STUDY), [fail(trial, "diverged") for trial in TRIALS]],
        ids=["nothing", "planned", "failed"],
    )
    @pytest.mark.parametrize("objective", [Reward(target="5M"), Pareto()], ids=lambda o: o.kind)
    def test_without_a_result(self, trials, objective):
        found = parsed(render(search_record(search_study(objective=objective), trials)))
        assert "No network has finished training." in found.text
        assert "search" not in found.figures

    def test_names_are_escaped(self):
        odd = replace(STUDY, spaces=(SpaceChoice(name="regnetx", label=NASTY, networks=24),))
        text = render(search_record(odd, trained(odd)))
        assert NASTY not in text
        assert not [t for _, t in parsed(text).scripts if t.strip() == "alert(1)"]

    def test_the_same_run_gives_the_same_file(self):
        assert render(whole()) == render(whole())


class TestChoice:
    def chosen(self, objective) -> str:
        final = final_round(TRIALS)
        made = search_record(search_study(objective=objective), TRIALS, winner=winner(final))
        return parsed(render(replace(made, trials=(*TRIALS, *final)))).text

    def test_by_reward(self):
        text = self.chosen(Reward(target="5M"))
        assert "was chosen by its reward at the mean validation error (accuracy x (flops" in text

    def test_by_error(self):
        assert "This one has the lowest mean validation error there." in self.chosen(None)
        assert "has the lowest mean validation error, which puts it on the" in self.chosen(Pareto())


class TestWords:
    def test_strategy_objective_counts_and_best(self):
        best = min(TRIALS[1:], key=lambda trial: trial.error)
        text = words(whole())
        assert text.startswith(
            "Strategy: evolution. Objective: highest accuracy within the budget. 24 networks asked "
            "for: 10 drawn at random and 14 proposed by the strategy; 1 failed."
        )
        place = f"network {best.index + 1} of 24 ({best.name})"
        assert f"The lowest error is {percent(best.error)}, found with {place}." in text
        assert ONE_DRAW in text
        assert "96 epochs were trained in 4 min of training" in text

    def test_random_search_is_told_of_only_as_far_as_its_draws_reach(self):
        assert (
            "What 23 random ones would have come to cannot be said from 9 draws: a run of the "
            "random strategy would tell."
        ) in words(whole())

    def test_a_baseline_tells_with_its_interval(self):
        errors = np.random.default_rng(0).normal(45, 3, 90)
        text = words(whole(), Baseline(name="regnetx of runs/a", errors=errors))
        mean = percent(expected_best(errors, 23))
        assert f"The best of 23 random draws comes to {mean} on average, by the 90 of" in text
        assert "of regnetx of runs/a (95 % interval " in text
        assert "too few for an interval, which takes 69" in words(
            whole(), Baseline(name="b", errors=errors[:60])
        )

    def test_random_search_is_not_set_against_itself(self):
        assert "nothing to set them against" in words(search_record(STUDY, TRIALS, drawn=24))
        assert "0 random draws with a result" in words(search_record(STUDY, TRIALS, drawn=0))

    def test_rungs(self):
        halved = search_study(halving=Halving(first=1, factor=3))
        cut = [stopped(one, 1) for one in TRIALS[:20]]
        text = words(search_record(halved, [*cut, *TRIALS[20:]]))
        assert "24 to 1 epoch, 4 to 3 epochs and 4 to 4 epochs." in text
        assert "Only those trained to the end are compared" in text
        assert "trained to the end only if they did well early" in text

    def test_a_soft_reward_is_shown_with_its_remark(self):
        soft = search_record(search_study(objective=Reward(target="5M")), TRIALS)
        text, found = words(soft), findings_of(soft)
        assert f"The highest reward is {np.nanmax(found.followed.values):.4f}: " in text
        assert "The target only scales this objective and changes no order of networks" in text
        hard = search_study(objective=Reward(target="5M", form="hard"))
        assert "only scales" not in words(search_record(hard, TRIALS))

    def test_a_front(self):
        text = words(search_record(search_study(objective=Pareto(costs=("params",))), TRIALS))
        lowest = min(TRIALS, key=lambda trial: trial.error)
        assert f"the lowest error is {percent(lowest.error)} at " in text
        assert "of the box that is explained below; its 10 random draws alone " in text


class TestJson:
    def test_figures(self):
        plain = json.loads(json.dumps(search_json(whole())))
        known = [trial.error for trial in TRIALS[1:]]
        assert plain["strategy"] == "evolution"
        assert (plain["evaluations"], plain["drawn"], plain["failed"]) == (24, 10, 1)
        assert plain["best_error_percent"] == {
            "5": min(known[:4]),
            "10": min(known[:9]),
            "20": min(known[:19]),
            "24": min(known),
        }
        assert plain["best"]["error_percent"] == min(known)
        assert plain["best"]["network"] == TRIALS[plain["best"]["number"] - 1].name
        assert plain["best"] in plain["front"]
        random = plain["random"]["expected_best_error_percent"]
        assert random["5"] == pytest.approx(expected_best(known[:9], 5))
        assert list(random) == ["5", "9"]

    def test_a_reward(self):
        made = search_record(search_study(objective=Reward(target="5M")), TRIALS)
        plain, found = search_json(made), findings_of(made)
        best = int(np.argmax(found.followed.values))
        assert plain["best_reward"]["24"] == plain["best"]["reward"] == max(found.followed.values)
        assert plain["best_error_percent"]["24"] == TRIALS[best].error

    def test_unknown_is_said(self):
        halved = search_study(halving=Halving(first=1, factor=3))
        plain = search_json(search_record(halved, TRIALS))
        assert plain["rungs"] == [1, 3, 4]
        assert "did well early" in plain["random"]["unknown"]
        assert "cannot be said" in search_text(plain)

    def test_text(self):
        lines = search_text(search_json(whole())).splitlines()
        assert lines[0] == (
            "evolution: highest accuracy within the budget; 24 networks asked for, 10 of them "
            "drawn at random, 1 failed"
        )
        assert lines[1].split() == ["networks", "best", "error", "%", "random", "draws", "95", "%"]
        assert lines[2].split()[:2] == ["5", f"{min(t.error for t in TRIALS[1:5]):.2f}"]
        assert lines[5].split() == ["24", f"{min(t.error for t in TRIALS[1:]):.2f}", "-", "-"]

    def test_a_front(self):
        plain = search_json(search_record(search_study(objective=Pareto()), TRIALS))
        assert 0 < plain["share_beaten"]["5"] <= plain["share_beaten"]["24"] < 1
        assert search_text(plain).splitlines()[-1].startswith("the front: ")

    @pytest.mark.parametrize("trials", [(), planned(STUDY)], ids=["nothing", "planned"])
    def test_nothing(self, trials):
        plain = search_json(search_record(STUDY, trials))
        assert plain["best"] is None
        assert plain["best_error_percent"] == {}
        assert plain["front"] == []
        assert search_text(plain)


def test_what_moved_is_said():
    many = search_study(networks=60)
    trials = planned(many)
    trials.sort(key=lambda trial: trial.parameters["depth"])
    again = [finish(replace(t, index=place), 40.0) for place, t in enumerate(trials)]
    shown = search_shown(search_record(many, again))
    assert shown is not None
    assert shown.shifts_said.startswith("From the first 20 networks to the last 20 more than a")
    assert "depth " in shown.shifts_said
    assert "asterisk" in shown.shifts_note
    few = search_shown(search_record(search_study(networks=9), TRIALS[:9]))
    assert few is not None
    assert "9 networks: too few" in few.shifts_said


def test_a_search_on_a_table():
    errors = np.random.default_rng(0).normal(40, 3, 50)
    trace = Trace.of(errors, costs={"flops": np.arange(1, 51) * 1e6}, drawn=np.arange(50) < 20)
    shown = section_of(findings(trace, SearchTerms(strategy=Random())), Budget(), axis="error (%)")
    assert shown.progress is not None
    assert "epochs" not in shown.said
    assert json.loads(shown.progress.json)["layout"]["yaxis"]["title"]["text"] == "error (%)"
