"""What is said of a contest: sentences, tables, summary, terminal text, report."""

import json
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import t

from netspace.present.contest_findings import (
    agreement_sentence,
    agreement_with_first,
    gains_of_fine_tuning,
    standings,
)
from netspace.present.contest_report import render_contest
from netspace.present.contest_sentences import contest_answer, leaders, verdicts
from netspace.present.contest_summary import contest_summary, contest_summary_text
from netspace.present.contest_tables import pairs_table, rules_table, standings_table
from netspace.present.contest_text import contest_result_text
from tests.present.contest_records import ENTRIES, ERRORS, begun, record
from tests.present.pages import Page


def page_of(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page


def test_standings_are_by_mean_with_the_pooled_interval() -> None:
    found = standings(record(), record().first)
    assert [one.entry.name for one in found] == ["residual", "regnet", "inverted"]
    deviation = sqrt(fmean(np.var(own, ddof=1) for own in ERRORS.values()))
    half = t.ppf(0.975, 6) * deviation / sqrt(3)
    for one in found:
        assert one.error is not None
        assert one.error.value == pytest.approx(fmean(ERRORS[one.entry.name]))
        assert one.error.half_width == pytest.approx(half)


def test_leaders_are_those_that_cannot_be_told_apart_from_the_best() -> None:
    assert [one.entry.name for one in leaders(record())] == ["residual", "regnet"]
    answer = contest_answer(record())
    assert answer.startswith("residual leads with 48.1 ± 1.3 % error at equal flops, 5M..6M")
    assert answer.endswith("regnet cannot be told apart from it")


def test_verdicts_count_pairs_and_name_origins() -> None:
    counted, origins, widest = verdicts(record())
    assert counted.startswith("2 of 3 pairs differ")
    assert origins.endswith("handcrafted and design space; not among them: searched.")
    assert "residual is better than inverted by 11.8 points" in widest


def test_a_clear_winner_stands_alone() -> None:
    apart = {**ERRORS, "regnet": (70.0, 70.5, 69.5)}
    assert contest_answer(record(apart)).endswith("all others are worse beyond the noise of seeds")


def test_the_pairs_read_the_same_from_both_sides() -> None:
    table = pairs_table(record(), record().first)
    assert table.rows == (
        ("residual", "", "=", "better, 11.8"),
        ("regnet", "=", "", "better, 9.8"),
        ("inverted", "worse, 11.8", "worse, 9.8", ""),
    )


def test_failed_trainings_are_counted_beside_and_never_inside() -> None:
    errors = {**ERRORS, "regnet": (50.0, None, 50.4), "inverted": (None, None, None)}
    shown = record(errors)
    found = {one.entry.name: one for one in standings(shown, shown.first)}
    assert found["regnet"].errors == (50.0, 50.4)
    assert found["regnet"].failed == 1
    assert found["inverted"].error is None
    assert [one.entry.name for one in standings(shown, shown.first)] == [
        "residual",
        "regnet",
        "inverted",
    ]
    lucky = record({**ERRORS, "regnet": (30.0, None, None)})
    assert contest_answer(lucky).startswith("residual leads")  # one seed is no match for three
    rows = {row[0]: row for row in standings_table(shown).rows}
    assert rows["regnet"][2].endswith(", 1 failed")
    assert rows["inverted"][2] == "–, 3 failed"
    assert "Failed trainings" in render_contest(shown)


def test_the_order_on_other_data_is_compared() -> None:
    shown = record()
    found = agreement_with_first(shown, shown.heats[1])
    assert found is not None
    assert found.value == -1.0
    assert found.low == -1.0
    assert "tau -1.00" in agreement_sentence(shown.heats[1], found)


def test_fine_tuning_is_set_against_from_scratch() -> None:
    gains = gains_of_fine_tuning(*record().heats[1:])
    assert gains == pytest.approx(dict.fromkeys(ERRORS, 2.0))


def test_every_network_is_read_by_the_rules_of_handcraft() -> None:
    table = rules_table(record())
    assert [row[0] for row in table.rows] == [one.name for one in ENTRIES]
    regnet = next(row for row in table.rows if row[0] == "regnet")
    assert regnet[1] == "yes (1)"  # b = 1
    assert regnet[2] == "no (4)"  # 12 to 28 blocks


def test_the_summary_is_complete_and_json() -> None:
    document = json.loads(contest_summary_text(record()))
    assert document["winner"] == "residual"
    assert document["flops"] == ENTRIES[0].complexity.flops
    assert document["test_error_percent"] == 49.0
    latency = {one["name"]: one["latency_ms"] for one in document["networks"]}
    assert latency["regnet"]["channels_last"]["median_ms"] == 1.25
    assert [pair["real"] for pair in document["data_sets"][0]["differences"]] == [
        False,
        True,
        True,
    ]
    assert document["data_sets"][1]["order_as_on_first"]["value"] == -1.0


def test_the_terminal_says_what_is_real() -> None:
    text = contest_result_text(contest_summary(record()), Path("runs/contest"))
    assert "residual is better than inverted by 11.83 points" in text
    assert "The other 1 difference is not" in text
    assert "1.25" in text
    assert "those with all seeds: residual, 48.13 % on validation" in text
    assert "kept: 47.50 % on validation, 49.00 % on test" in text


def test_the_report_is_one_sound_page() -> None:
    page = page_of(render_contest(record()))
    assert page.open == []
    text = " ".join(page.texts)
    assert "stem 3x3 <of> stride 1" in text  # escaped, and shown letter by letter
    for title in ("Which differences are real", "On other data", "Rules of handcraft"):
        assert title in text
    assert not [dict(attrs).get("src") for tag, attrs in page.tags if dict(attrs).get("src")]


def test_a_contest_that_has_just_begun_has_a_report_too() -> None:
    shown = begun()
    assert contest_answer(shown) == "Not finished yet: 0 of 0 trainings done"
    text = render_contest(shown)
    assert "There is no winner yet" in text
    assert contest_summary(shown)["winner"] is None
    assert "no winner yet" in contest_result_text(contest_summary(shown), Path("x"))


def test_one_seed_left_has_no_interval_and_says_so() -> None:
    single = {name: own[:1] for name, own in ERRORS.items()}
    shown = replace(record(single))
    assert [one["low"] for one in contest_summary(shown)["data_sets"][0]["standings"]] == [None] * 3
    assert len(leaders(shown)) == 3
