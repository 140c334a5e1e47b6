import re
from dataclasses import replace
from functools import cache

import pytest
import yaml
from plotly.offline import get_plotlyjs

from netspace.analyse.importance import importances
from netspace.analyse.summary import summarise
from netspace.analyse.verdict import compare
from netspace.config import SpaceChoice, study_from_plain
from netspace.present.equal_flops import at_equal_flops
from netspace.present.importance_plot import called
from netspace.present.populations import errors, populations
from netspace.present.record import RunRecord
from netspace.present.report import render
from netspace.present.wording import counted, duration, listed, percent, share
from tests.present.pages import Page, parsed
from tests.present.records import (
    NASTY,
    fail,
    final_round,
    finish,
    planned,
    record,
    study,
    trained,
    winner,
)

STUDY = study("anynetx_a", "regnetx")
TRIALS = tuple(trained(STUDY))


def read(record: RunRecord) -> Page:
    return parsed(render(record))


def whole() -> RunRecord:
    trials = [fail(TRIALS[0], f"diverged: {NASTY}"), *TRIALS[1:]]
    final = final_round(trials)
    return record(STUDY, [*trials, *final], chosen=winner(final))


@cache
def page() -> Page:
    return read(whole())


class TestOneFile:
    def test_nothing_is_loaded_from_elsewhere(self):
        assert page().loads
        assert all(value.startswith(("#", "data:")) for value in page().loads)
        assert not [tag for tag, _ in page().tags if tag in ("iframe", "object", "embed", "base")]

    def test_styles_load_nothing(self):
        styles = re.findall(r"<style>(.*?)</style>", render(whole()), re.DOTALL)
        assert styles
        assert not [style for style in styles if "url(" in style or "@import" in style]

    def test_plotly_is_there_once_and_offers_no_upload(self):
        scripts = [text for attributes, text in page().scripts if not attributes]
        assert [text.strip() == get_plotlyjs().strip() for text in scripts].count(True) == 1
        assert "showSendToCloud: false" in scripts[-1]
        assert 'plotlyServerURL: ""' in scripts[-1]

    def test_contents_lead_to_every_section(self):
        targets = [a["href"] for tag, a in page().tags if tag == "a" and "href" in a]
        sections = [a["id"] for tag, a in page().tags if tag == "section"]
        assert targets == [f"#{section}" for section in sections]
        assert "#failed" in targets

    def test_the_same_run_gives_the_same_file(self):
        assert render(whole()) == render(whole())


class TestEscaping:
    def test_no_text_becomes_a_tag(self):
        assert NASTY not in render(whole())
        assert not [text for _, text in page().scripts if text.strip() == "alert(1)"]

    def test_it_is_shown_as_it_was_written(self):
        assert f"diverged: {NASTY}" in page().text
        assert NASTY in page().row("classes")[1]

    def test_figures_cannot_end_their_script(self):
        choice = SpaceChoice(name="anynetx_a", label=NASTY)
        odd = replace(STUDY, spaces=(choice,))
        trials = trained(odd)
        final = final_round(trials)
        found = read(record(odd, [*trials, *final], chosen=winner(final)))
        assert set(found.figures) >= {"edf", "cost", "curve"}
        assert not [text for _, text in found.scripts if text.strip() == "alert(1)"]
        assert found.figures["edf"]["data"][-1]["name"].startswith("&lt;script&gt;")


class TestWinner:
    def test_the_answer_is_the_title(self):
        chosen = whole().winner
        assert chosen is not None
        name = chosen.best.name
        assert f"The choice is {name}: 29.12 % test error at" in page().text

    def test_exact_figures_beside_short_ones(self):
        chosen = whole().winner
        assert chosen is not None
        cost = chosen.best.complexity
        for name in ("flops", "params", "activations"):
            assert page().row(name)[1] == f"{getattr(cost, name):,}"
            assert page().row(name)[2][-1] in "KM"

    def test_validation_by_seed_and_test_read_once(self):
        chosen = whole().winner
        assert chosen is not None
        for trial in chosen.trials:
            kept = ", its weights are kept" if trial is chosen.best else ""
            row = page().row(f"validation, seed {trial.seed}{kept}")
            assert row[1] == percent(trial.error or 0.0)
        mean = page().row("validation, mean over seeds")
        assert mean[1:] == [percent(chosen.validation_error), "10,000"]
        assert page().row("test, read once")[1:] == ["29.12 %", "10,000"]
        assert "Validation error is what the choice saw" in page().text

    def test_the_final_round_is_listed_best_first(self):
        columns = page().row("network", "in the population")
        assert columns[2:5] == ["final, seed 0", "final, seed 1", "final, mean"]
        start = page().rows.index(columns) + 1
        means = [float(row[4].removesuffix(" %")) for row in page().rows[start : start + 3]]
        assert means == sorted(means)
        assert any(a.get("class") == "marked" for tag, a in page().tags if tag == "tr")

    def test_stages_sum_up_to_the_whole(self):
        start = page().rows.index(page().row("stem"))
        rows = page().rows[start : start + 7]
        assert [row[0] for row in rows] == [
            "stem",
            *(f"stage {n}" for n in range(1, 5)),
            "head",
            "whole",
        ]
        for column in (-3, -2, -1):
            *parts, total = (int(row[column].replace(",", "")) for row in rows)
            assert sum(parts) == total

    def test_the_picture_is_in_the_page(self):
        assert ("svg", "img") in [(tag, a.get("role")) for tag, a in page().tags]


class TestSpaces:
    def test_the_verdict_is_the_comparison_and_says_how_rough_it_is(self):
        a = errors(trial for trial in whole().population if trial.space == "anynetx_a")
        b = errors(trial for trial in whole().population if trial.space == "regnetx")
        said = compare(a, b, failed_a=1).sentence("anynetx_a", "regnetx")
        assert said in page().text
        assert "With 11 and 12 finished networks (fewer than 30 on a side)" in page().text
        assert "The interval is for samples of a fixed size" in page().text

    def test_large_populations_are_not_called_rough(self):
        many = study("regnetx", "regnety", networks=40)
        found = read(record(many, trained(many)))
        assert "the interval is rough" not in found.text
        assert len(found.figures["cost"]["data"][0]["x"]) == 40

    def test_summary_in_numbers(self):
        assert page().row("", "anynetx_a", "regnetx")
        assert page().row("finished")[1:] == ["11", "12"]
        assert page().row("failed")[1:] == ["1", "0"]
        found = summarise(errors(trial for trial in TRIALS if trial.space == "regnetx"))
        mean, median = found.mean_interval, found.quantile_intervals[0.5]
        assert mean is not None
        assert page().row("best")[2] == percent(found.best)
        assert page().row("mean")[2] == (
            f"{percent(found.mean)} ({mean.low:.2f} to {mean.high:.2f})"
        )
        assert page().row("median")[2] == (
            f"{percent(found.median)} ({median.low:.2f} to {median.high:.2f})"
        )
        assert page().row("draws accepted")[2] == "0.123 %"
        assert page().row("degrees of freedom")[2] == "6"

    def test_what_has_too_few_networks_stands_without_interval(self):
        found = summarise(errors(trial for trial in TRIALS if trial.space == "regnetx"))
        assert page().row("25 % are below")[2] == percent(found.quantiles[0.25])
        assert page().row("best of 10, expected")[2] == percent(found.expected_best[10])

    def test_at_equal_flops_each_population_is_worth_its_effective_size(self):
        people = populations(whole())
        (at_flops,) = at_equal_flops(people)
        one, other = at_flops.curves
        assert (
            f"At the flops that both spaces have, {one.curve.finished} of 11 finished networks of "
            f"anynetx_a count as {one.effective:.0f} equal ones and {other.curve.finished} of 12 "
        ) in page().text
        last = page().figures["edf-flops-0"]["data"][-1]
        worth = f"{other.curve.finished} networks, worth {other.effective:.0f}"
        assert last["name"] == f"regnetx ({worth})"
        assert last["y"][1:-1] == pytest.approx(other.curve.share.tolist())

    def test_spaces_at_different_flops_are_not_put_at_equal_ones(self):
        far = [
            replace(t, complexity=replace(t.complexity, flops=t.complexity.flops * 10))
            if t.space == "regnetx"
            else t
            for t in TRIALS
        ]
        found = read(record(STUDY, far))
        assert "edf-flops-0" not in found.figures
        assert "At equal flops" not in found.text

    def test_what_matters_is_drawn_where_networks_are_many(self):
        many = study("regnetx", networks=60)
        deep = record(many, [finish(t, 60.0 - 1.0 * t.parameters["depth"]) for t in planned(many)])
        found = read(deep)
        first, *_ = importances(populations(deep)[0].table)
        assert (first.parameter, first.significant) == ("depth", True)
        assert f"the best 10 % of the 60 networks: {called(first)} (" in found.text
        bars = found.figures["importance-0"]["data"][0]
        assert bars["y"][-1] == called(first)
        assert bars["x"][-1] == pytest.approx(first.share)
        assert "too few to say which parameters matter; it takes 50" in page().text
        assert "importance-0" not in page().figures

    def test_each_pair_has_its_verdict(self):
        three = study("anynetx_a", "regnetx", "regnety", networks=4)
        found = read(record(three, trained(three)))
        said = [a for tag, a in found.tags if a.get("class") == "verdict"]
        assert len(said) == 3

    def test_figures_are_those_of_the_run(self):
        figures = page().figures
        assert list(figures) == ["edf", "edf-flops-0", "cost", "ranges-0", "ranges-1", "curve"]
        assert figures["edf"]["data"][-1]["name"] == "regnetx (12 finished, 0 failed)"
        assert page().row("depth, stage 1")[1] == "1 to 16"


class TestRun:
    def test_failed_trainings_with_reasons(self):
        assert page().row("anynetx_a-0")[1:3] == ["population", "2"]

    def test_many_failed_trainings_are_cut_short(self):
        many = study("anynetx_a", networks=80)
        found = read(record(many, [fail(trial, "diverged") for trial in planned(many)]))
        assert found.row("and 20 more")

    def test_budget_plan_adaptations_data(self):
        text = page().text
        assert "Per image: 5M..6M flops. Networks are drawn with flops in 5M..6M." in text
        assert "trained for 4 epochs on 5,000 images" in text
        assert "adapted: stem 3x3 of stride 1 and width 16" in text
        assert page().row("images")[1] == "40,000 train, 10,000 validation and 10,000 test"
        assert page().row("source and licence")[1].startswith("CIFAR-10")
        assert page().row("fingerprint")[1] == "0123456789abcdef"
        assert "validation was taken from train" in text

    def test_recipe_of_both_rounds(self):
        assert page().row("epochs") == ["epochs", "4", "12"]
        assert page().row("weight decay") == ["weight decay", "0.0005", "0.0005"]
        assert page().row("train images")[1] == "5,000"

    def test_settings_and_versions_once_each(self):
        assert page().row("precision", "bf16")
        assert [row[1] for row in page().rows if row[:1] == ["torch"]] == ["2.13.0+cpu"]

    def test_mixed_settings_are_told_apart(self):
        other = replace(TRIALS[0], setting={"precision": "fp32"})
        found = read(record(STUDY, [other, *TRIALS[1:]]))
        assert found.row("precision", "fp32 (1 trial) and bf16 (23 trials)")

    def test_the_study_file_reads_back(self):
        text = [data for data in page().texts if data.startswith("data: cifar10")]
        assert study_from_plain(yaml.safe_load(text[0])) == STUDY
        assert "netspace run study.yaml --out runs/cifar10" in page().text


class TestOtherRuns:
    def test_unfinished(self):
        half = [*TRIALS[:14], *planned(STUDY)[14:]]
        found = read(record(STUDY, half))
        assert "Not finished yet: 14 of 24 networks trained" in found.text
        assert "The final round has not begun." in found.text
        assert "test error" not in found.text
        assert "Best so far" in found.text
        assert "#failed" not in [a.get("href") for _, a in found.tags]

    def test_in_the_final_round(self):
        final = final_round(TRIALS)
        running = replace(final[-1], state="running", error=None, curve=())
        found = read(record(STUDY, [*TRIALS, *final[:3], running]))
        assert "Of the final round, 3 of 4 trainings are finished." in found.text
        assert "running" in found.row(running.name)

    @pytest.mark.parametrize("trials", [[], planned(STUDY)], ids=["nothing", "planned"])
    def test_not_begun(self, trials):
        found = read(record(STUDY, trials))
        assert "Not finished yet: 0 of 24 networks trained" in found.text
        assert "No network has finished training." in found.text
        assert found.figures == {}

    def test_all_failed(self):
        found = read(record(STUDY, [fail(trial, "diverged") for trial in planned(STUDY)]))
        assert "No network was chosen: 24 of 24 trainings failed" in found.text
        assert found.row("finished")[1:] == ["0", "0"]
        assert found.row("failed")[1:] == ["12", "12"]
        assert found.row("mean")[1:] == found.row("best of 5, expected")[1:] == ["–", "–"]

    def test_a_space_with_one_finished_network(self):
        trials = [t if t.space == "anynetx_a" or not t.index else fail(t, "nan") for t in TRIALS]
        found = read(record(STUDY, trials))
        assert "anynetx_a and regnetx: no verdict" in found.text
        assert "1 finished network: too few to say which values are good" in found.text
        assert "regnetx (1 finished, 11 failed)" in str(found.figures["edf"])

    def test_a_space_with_none(self):
        trials = [t if t.space == "anynetx_a" else fail(t, "nan") for t in TRIALS]
        found = read(record(STUDY, trials))
        assert "regnetx has 0" in found.text
        assert "regnetx (0 finished, 12 failed)" in str(found.figures["edf"])

    def test_one_space(self):
        one = study("regnety")
        trials = trained(one)
        final = final_round(trials)
        found = read(record(one, [*trials, *final], chosen=winner(final)))
        assert "One space took part: there is nothing to compare it with." in found.text
        assert "squeeze ratio" in found.row("part")


def test_wording():
    assert [counted(n, "class") for n in (0, 1, 1200)] == ["0 classes", "1 class", "1,200 classes"]
    assert [listed(words) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
    assert [duration(s) for s in (45.4, 60, 725, 7200, 12_000)] == [
        "45 s",
        "1 min",
        "12 min 5 s",
        "2 h",
        "3 h 20 min",
    ]
    assert [share(p, 100) for p in (0, 0.01, 1.25, 34.4)] == ["0 %", "<0.1 %", "1.2 %", "34 %"]
