"""What is said and drawn of a run whose networks were trained again, short and long."""

import json
from dataclasses import replace

import pytest

from netspace.analyse.agreement import Agreement, Estimate, kendall_tau
from netspace.present.fidelity import fidelity_of
from netspace.present.fidelity_words import (
    agreement_sentence,
    fidelity_document,
    fidelity_json,
    fidelity_text,
    said,
)
from netspace.present.report import render
from tests.present.pages import parsed
from tests.present.records import RECIPE, fail, finish, record, study, trained

STUDY = study("anynetx_a", "regnetx")
TRIALS = tuple(trained(STUDY))
CHOSEN = (*TRIALS[:6], *TRIALS[12:18])
SHORT_NOISE = (0.3, -0.8, 0.5, 0.1, -0.4, 0.9)


def again(trials=CHOSEN):
    """Each network trained twice as long as before and once three times as long."""
    long = replace(RECIPE, epochs=3 * RECIPE.epochs)
    found = []
    for place, trial in enumerate(trials):
        noise = SHORT_NOISE[place % 6]
        errors = (trial.error + noise, trial.error - noise, trial.error - 9)
        for number, error in enumerate(errors, start=1):
            recipe = long if number == 3 else RECIPE
            new = replace(trial, id=0, round="fidelity", seed=number, recipe=recipe, curve=())
            found.append(finish(new, error))
    return found


def found(trials):
    whole = record(STUDY, [*TRIALS, *trials])
    return whole, fidelity_of(whole)


def agreement_of(finding="undecided", **changes):
    shapes = {
        "higher": {"difference": (0.05, 0.01, 0.1)},
        "lower": {"difference": (-0.2, -0.4, -0.01)},
        "noise": {"beyond": (0.3, 0.1, 0.5)},
        "few": {"networks": 7},
        "same": {"short_long": (1.0, 0.8, 1.0)},
        "undecided": {},
    }
    usual = {
        "networks": 12,
        "short_long": (0.614, 0.3, 0.85),
        "ceiling": (0.66, 0.35, 0.88),
        "difference": (-0.046, -0.31, 0.2),
        "beyond": (0.3, -0.2, 0.9),
        "confidence": 0.95,
    }
    given = usual | shapes[finding] | changes
    return Agreement(
        **{
            name: Estimate(value=value[0], low=value[1], high=value[2])
            if isinstance(value, tuple)
            else value
            for name, value in given.items()
        }
    )


class TestSentence:
    @pytest.mark.parametrize(
        ("finding", "end"),
        [
            ("higher", ", so seed noise accounts for all of the disagreement"),
            ("noise", ", so most of the disagreement is seed noise"),
            ("lower", ", so the longer schedule ranks them differently, beyond seed noise"),
            (
                "undecided",
                "; whether the disagreement is more than seed noise is undecided (difference "
                "-0.05, -0.31 to 0.20)",
            ),
        ],
    )
    def test_of_a_dozen(self, finding, end):
        one = agreement_of(finding)
        assert one.finding == finding
        assert agreement_sentence(one, 3, 9) == (
            "3 epochs rank 12 networks as 9 epochs do with tau 0.61 (95 % interval 0.30 to 0.85); "
            f"two seeds of 3 epochs agree with each other at 0.66 (0.35 to 0.88){end}"
        )

    def test_of_few(self):
        assert agreement_sentence(agreement_of("few"), 1, 3) == (
            "1 epoch ranks 7 networks as 3 epochs do with tau 0.61 (95 % interval 0.30 to 0.85); "
            "two seeds of 1 epoch agree with each other at 0.66 (0.35 to 0.88); with fewer than 8 "
            "networks, seed noise is not told from the schedule"
        )

    def test_of_no_disagreement(self):
        one = agreement_sentence(agreement_of("same"), 3, 9)
        assert one.endswith("0.66 (0.35 to 0.88), and no pair of networks changes places")

    def test_zero_has_no_sign(self):
        gap = agreement_of(difference=(-0.001, -0.3, 0.2))
        assert "(difference 0.00, -0.30 to 0.20)" in agreement_sentence(gap, 3, 9)


class TestRun:
    def test_networks_are_grouped_whatever_the_order(self):
        _, one = found(again()[::-1])
        assert len(one.networks) == len(one.complete) == one.agreement.networks == 12
        assert (one.short_epochs, one.long_epochs) == (4, 12)
        assert {(r.first.space, r.number) for r in one.networks} == {
            ("anynetx_a", 0),
            ("regnetx", 1),
        }
        assert all(
            [t.seed for t in r.short] == [1, 2] and r.long[0].seed == 3 for r in one.networks
        )

    def test_taus_are_those_of_the_trainings(self):
        _, one = found(again())
        noise = [SHORT_NOISE[place % 6] for place in range(12)]
        first, second = (
            [t.error + sign * n for t, n in zip(CHOSEN, noise, strict=True)] for sign in (1, -1)
        )
        long = [t.error for t in CHOSEN]
        assert one.agreement.ceiling.value == pytest.approx(kendall_tau(first, second))
        mean = (kendall_tau(first, long) + kendall_tau(second, long)) / 2
        assert one.agreement.short_long.value == pytest.approx(mean)
        assert 0.5 < mean < 1

    def test_not_measured(self):
        whole, one = found([])
        assert one is None
        assert said(whole, one) == (
            "Whether 4 epochs rank the networks as a longer schedule would was not measured."
        )
        assert fidelity_json(whole, one) is None

    def test_while_it_is_measured(self):
        trials = again()
        trials[5] = replace(trials[5], state="running", error=None)
        whole, one = found(trials)
        assert one.agreement is None
        assert "is not known yet: 35 of 36 trainings for it are done." in said(whole, one)
        assert fidelity_json(whole, one) is None

    def test_failed_trainings_are_left_out_and_counted(self):
        trials = again()
        for place in (0, 1, 8):
            trials[place] = replace(fail(trials[place], "diverged"), error=None)
        whole, one = found(trials)
        assert one.agreement.networks == 10
        assert "3 of 36 trainings failed, so 2 networks of 12 are left out." in fidelity_text(
            whole, one
        )
        plain = fidelity_json(whole, one)
        assert (plain["networks"], plain["networks_complete"], plain["trainings_failed"]) == (
            12,
            10,
            3,
        )

    def test_too_many_failed(self):
        trials = [replace(fail(t, "diverged"), error=None) for t in again()[:27]] + again()[27:]
        whole, one = found(trials)
        assert one.agreement is None
        assert said(whole, one) == (
            "4 epochs cannot be compared with 12 epochs: 3 of 12 networks finished all three "
            "trainings, and Kendall's tau takes 4; retrain more networks."
        )
        assert fidelity_json(whole, one)["finding"] is None

    def test_text_and_json_list_every_network_by_its_long_error(self):
        trials = again()
        trials[2] = replace(fail(trials[2], "diverged"), error=None)
        whole, one = found(trials)
        listed = json.loads(fidelity_document(whole, one))["trained"]
        long = [each["long_error_percent"] for each in listed]
        assert long[:-1] == sorted(long[:-1])
        assert long[-1] is None
        assert listed[-1]["name"] == trials[2].name
        lines = fidelity_text(whole, one).splitlines()
        assert " ".join(lines[2].split()) == "error % 4 epochs, first seed second seed 12 epochs"
        assert [line.split()[0] for line in lines[3:]] == [each["name"] for each in listed]
        assert lines[-1].split()[-1] == "failed"


class TestReport:
    def test_sentence_and_figure(self):
        whole, one = found(again())
        page = parsed(render(whole))
        assert said(whole, one) in page.text
        assert "netspace fidelity" not in page.text
        first, second = page.figures["fidelity"]["data"]
        assert (first["name"], second["name"]) == ("anynetx_a", "regnetx")
        assert len(first["x"]) == len(second["x"]) == 6
        assert first["marker"]["color"] != second["marker"]["color"]
        assert first["x"][0] == pytest.approx(CHOSEN[0].error)
        assert first["y"][0] == pytest.approx(CHOSEN[0].error - 9)
        assert first["error_x"]["array"][0] == pytest.approx(0.3)

    def test_not_measured_says_how(self):
        whole = replace(record(STUDY, TRIALS), folder="runs/my run")
        page = parsed(render(whole))
        assert "as a longer schedule would was not measured." in page.text
        assert "netspace fidelity 'runs/my run' measures it." in page.text
        assert "fidelity" not in page.figures

    def test_nothing_is_said_where_nothing_finished(self):
        assert "longer schedule" not in parsed(render(record(STUDY, []))).text
