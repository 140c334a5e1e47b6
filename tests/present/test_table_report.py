"""The report of an imported table, read as a browser would."""

from functools import cache

import numpy as np
import pytest

from netspace.analyse.summary import summarise
from netspace.analyse.verdict import compare
from netspace.present.equal_flops import at_equal_flops
from netspace.present.table_record import MOST_SPACES, TableRecord
from netspace.present.table_report import render_table
from netspace.present.thinning import MOST_POINTS
from netspace.present.wording import percent
from tests.present.pages import Page, parsed
from tests.present.records import NASTY
from tests.present.table_records import rows, table_record
from tests.present.test_lineage import DECLINED, step

TABLES = {
    "first": rows(60, failed=2, costs=("flops", "params")),
    "second": rows(50, seed=1, better=3.0, costs=("flops", "params")),
}


def whole() -> TableRecord:
    names = {"first": {index: f"net<{index}>" for index in range(60)}}
    return table_record(TABLES, names, steps=(step(), DECLINED))


def read(record: TableRecord) -> Page:
    return parsed(render_table(record))


@cache
def page() -> Page:
    return read(whole())


def test_it_is_one_file_whose_contents_lead_to_every_section():
    assert all(value.startswith(("#", "data:")) for value in page().loads)
    targets = [a["href"] for tag, a in page().tags if tag == "a" and "href" in a]
    assert targets == [f"#{a['id']}" for tag, a in page().tags if tag == "section"]
    assert {"#verdict", "#costs", "#lineage", "#ranges", "#imported"} <= set(targets)
    assert render_table(whole()) == render_table(whole())


def test_the_title_and_where_it_comes_from():
    second = TABLES["second"]
    best = int(second.errors.argmin())
    assert second.errors[best] < np.nanmin(TABLES["first"].errors)
    assert (
        f"results.csv: 110 networks, the best is second-{best} at "
        f"{percent(second.errors[best])} error"
    ) in page().text
    assert "Trained elsewhere; accuracy in column top1; 2 rows without an error; 2 spaces" in (
        page().text
    )


def test_the_best_networks_by_name_with_what_is_known_of_them():
    head = page().row("network", "space")
    assert head == ["network", "space", "error", "flops", "params", "depth"]
    start = page().rows.index(head) + 1
    shown = page().rows[start : start + 10]
    errors = np.concatenate([table.errors for table in TABLES.values()])
    assert [row[2] for row in shown] == [percent(error) for error in np.sort(errors)[:10]]
    for name, space, error, *_, depth in shown:
        index = int("".join(filter(str.isdigit, name)))
        assert name == (f"net<{index}>" if space == "first" else f"second-{index}")
        table = TABLES[space]
        assert error == percent(table.errors[index])
        assert depth == ", ".join(f"{value:g}" for value in table.parameters["depth"][index])


def test_verdict_and_numbers_are_those_of_the_analysis():
    found = compare(TABLES["first"].errors, TABLES["second"].errors)
    assert found.sentence("first", "second") in page().text
    assert page().row("finished")[1:] == ["58", "50"]
    assert page().row("failed")[1:] == ["2", "0"]
    assert page().row("best")[1:] == [
        percent(summarise(table.errors).best) for table in TABLES.values()
    ]


def test_distributions_also_at_equal_flops():
    names = [trace["name"] for trace in page().figures["edf"]["data"] if "name" in trace]
    assert names == ["first (58 finished, 2 failed)", "second (50 finished, 0 failed)"]
    (found,) = at_equal_flops(whole().populations)
    worth = f"second ({found.curves[1].curve.finished} networks, worth"
    assert page().figures["edf-flops-0"]["data"][-1]["name"].startswith(worth)


def test_only_known_costs_are_drawn_and_hovering_tells_the_name():
    figure = page().figures["cost"]
    titles = [figure["layout"][axis]["title"]["text"] for axis in ("xaxis", "xaxis2")]
    assert titles == ["flops (multiply-adds per image)", "params"]
    assert "xaxis3" not in figure["layout"]
    first = figure["data"][0]
    table = TABLES["first"].rows(TABLES["first"].finished)
    assert first["x"] == table.flops.tolist()
    assert first["y"] == table.errors.tolist()
    assert first["text"][0] == "net&lt;2&gt;"
    assert first["hovertext"][0].startswith("flops ")


def test_a_cost_that_one_space_lacks_is_drawn_for_the_other():
    found = read(table_record({"a": rows(20, costs=("flops",)), "b": rows(20, seed=1)}))
    figure = found.figures["cost"]
    assert figure["data"][1]["x"] == [None] * 20
    assert "edf-flops-0" not in found.figures


def test_without_costs_names_and_a_second_space_there_is_less():
    found = read(table_record({"only": rows(30)}))
    targets = [a["href"] for tag, a in found.tags if tag == "a" and "href" in a]
    assert targets == [
        f"#{name}" for name in ("best", "distributions", "spaces", "ranges", "imported", "repeat")
    ]
    assert targets == [f"#{a['id']}" for tag, a in found.tags if tag == "section"]
    assert list(found.figures) == ["edf", "ranges-0"]
    assert found.row("network") == ["network", "error", "depth"]


@pytest.mark.parametrize(
    ("measure", "title"), [("accuracy", "error (%): 100 − top1"), ("error", "error (%): top1")]
)
def test_figures_name_the_column_and_not_validation(measure, title):
    found = read(
        table_record({"a": rows(60, costs=("flops",))}, measure=measure, steps=(step(), DECLINED))
    )
    figures = found.figures
    assert figures["edf"]["layout"]["xaxis"]["title"]["text"] == title
    assert figures["step-anynetx_a-1"]["layout"]["xaxis"]["title"]["text"] == title
    assert figures["cost"]["layout"]["yaxis"]["title"]["text"] == title
    assert title in [note["text"] for note in figures["ranges-0"]["layout"]["annotations"]]
    assert "on validation" not in str(figures)


def test_the_walk_with_its_picture_and_steps():
    assert "From anynetx_a" in page().text
    assert "6 of 40 networks obey it" in page().text
    assert "step-anynetx_a-1" in page().figures
    assert [a for tag, a in page().tags if a.get("class") == "netspace-lineage"]


def test_good_ranges_and_what_matters_are_there():
    assert page().row("depth, stage 1")[1] == "1 to 4"
    assert "What separates the best 10 % of the 58 networks: depth" in page().text
    assert {"ranges-0", "importance-0"} <= set(page().figures)


def test_what_was_imported_and_how_to_repeat_it():
    assert page().row("file")[1] == "results.csv"
    assert page().row("fingerprint")[1] == "0123456789abcdef"
    assert page().row("networks")[1] == "110, of which 2 without an error"
    assert page().row("flops from")[1] == "macs:M"
    assert page().row("left out on request")[1] == "std,test_*"
    assert page().row("parameters")[1] == "depth (2 stages)"
    left_out = [row[1] for row in page().rows if row[0] == "left out"]
    assert left_out == ["index: counts the rows", "arch and hash: text"]
    assert "2 rows without an error: counted as failed trainings" in page().text
    assert "netspace import results.csv --accuracy top1 --out runs/results" in page().text


def test_texts_of_a_table_are_shown_letter_by_letter():
    odd = table_record(
        {NASTY: rows(30, costs=("flops",)), "b": rows(30, seed=1, costs=("flops",))},
        {NASTY: dict.fromkeys(range(30), NASTY)},
        file=NASTY,
        column=NASTY,
        options={"error": NASTY},
        left_out={NASTY: "text"},
        notes=(NASTY,),
        command=NASTY,
    )
    html = render_table(odd)
    assert NASTY not in html
    assert NASTY in parsed(html).text
    assert parsed(html).figures["cost"]["data"][0]["text"][0].startswith("&lt;script&gt;")


def test_a_large_table_is_thinned_and_the_best_stay():
    large = rows(12_000, costs=("flops", "params", "activations"))
    html = render_table(table_record({"large": large, "small": rows(40, seed=1)}))
    found = parsed(html)
    of_large, of_small = found.figures["cost"]["data"][:2]
    assert (len(of_large["x"]), len(of_small["x"])) == (MOST_POINTS - 40, 40)
    best = np.argsort(large.errors)[:490]
    assert {f"large-{index}" for index in best} <= set(of_large["text"])
    assert "Of 12,040 networks 5,000 are drawn as points" in found.text
    panels = found.figures["ranges-0"]["data"]
    assert all(len(panel["x"]) == len(panel["y"]) < MOST_POINTS for panel in panels)
    assert "Of 12,000 networks" in found.text
    assert len(html) < 8e6


def test_small_tables_are_drawn_whole_and_nothing_is_said():
    assert "are drawn as points" not in page().text


def test_of_many_spaces_the_largest_are_compared():
    sizes = [30, 29, 28, 5, 27, 8, 26, 25, 24]
    many = {f"space{n}": rows(size, seed=n) for n, size in enumerate(sizes)}
    found = read(table_record(many))
    assert found.row("")[1:] == [f"space{n}" for n in (0, 1, 2, 4, 6, 7, 8)]
    verdicts = [a for tag, a in found.tags if a.get("class") == "verdict"]
    assert len(verdicts) == MOST_SPACES * (MOST_SPACES - 1) / 2
    assert "The table has 9 spaces; the largest 7 spaces are compared and drawn, without 13 " in (
        found.text
    )
    colours = {t["line"]["color"] for t in found.figures["edf"]["data"] if "name" in t}
    assert len(colours) == MOST_SPACES


def test_a_space_without_errors_and_one_of_a_single_network():
    found = read(table_record({"none": rows(3, failed=3), "one": rows(1), "some": rows(30)}))
    assert "none has 0" in found.text
    assert "one has 1" in found.text
    assert found.row("mean")[1] == "–"
    assert "1 finished network: too few to say which values are good" in found.text


def test_parameters_that_never_differ_are_no_finding():
    same = rows(30)
    same.parameters["depth"][:] = 2.0
    found = read(table_record({"same": same}))
    assert "No parameter is known that differs among the networks." in found.text
