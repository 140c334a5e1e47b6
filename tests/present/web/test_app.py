"""The shell of the page: where it leads, what it loads, whom it answers."""

import http.client
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

pytest.importorskip("dash", reason="dash is not installed")

from netspace.errors import UserError
from netspace.present.palette import style
from netspace.present.web.app import PAGES
from netspace.present.web.figures import SWAPPED, dressed
from netspace.present.web.folders import run_folders
from netspace.present.web.serving import bound, own
from netspace.present.web.view import View
from tests.present.web.conftest import LAPTOP, PHONE, serving


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("runs")) as address:
        yield address


def asked(origin, path, **headers):
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_everything_is_served_from_here(origin):
    answer, page = asked(origin, "/explore")
    assert answer.status == 200
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert loaded
    assert [place for place in loaded if not place.startswith(("/", "data:"))] == []


def test_another_sites_name_for_this_machine_is_refused(origin):
    port = origin.rsplit(":", 1)[1]
    assert asked(origin, "/explore", Host=f"localhost:{port}")[0].status == 200
    assert asked(origin, "/explore", Host=f"elsewhere.example:{port}")[0].status == 400


def test_no_developers_tools(origin):
    page = asked(origin, "/explore")[1]
    config = json.loads(re.search(r'id="_dash-config"[^>]*>(.*?)</script>', page)[1])
    assert (config["ui"], config["props_check"], config.get("hot_reload")) == (False, False, None)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_the_bar_leads_to_every_page(visit, origin, size, dark):
    view = visit(origin, "/", size=size, dark=dark)
    links = view.page.locator(".bar nav a")
    titles = links.all_inner_texts()
    assert titles[:2] == ["Explore", "Runs"]
    assert view.page.title() == "Explore – netspace"
    for title in titles:
        view.page.get_by_role("link", name=title, exact=True).click()
        view.until(lambda: view.page.title(), f"{title} – netspace")
        view.until(lambda: view.page.locator("#page > *").count() > 0)
        here = view.page.locator(".bar nav a[aria-current=page]").all_inner_texts()
        assert here == [title]
        assert not view.overflows()


def test_an_address_without_a_page_says_so(visit, origin):
    view = visit(origin, "/nowhere")
    assert view.text("#page") == "there is no page at /nowhere; choose one above"


def test_pages_go_by_one_vocabulary():
    assert list(PAGES) == ["explore", "runs", "decide"]


def test_the_colours_are_the_reports():
    report = files("netspace.present").joinpath("report.css").read_text("utf-8")
    page = files("netspace.present.web").joinpath("assets", "web.css").read_text("utf-8")
    for mode in (r"^:root \{(.*?)^\}", r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}"):
        ours, theirs = (re.search(mode, css, re.S | re.M) for css in (page, report))
        assert ours is not None
        assert theirs is not None
        assert ours[1].split() == theirs[1].split()


def test_figures_wear_the_modes_colours():
    figure = style(_figure(), height=200)
    plain = dressed(figure, View())
    assert [trace["line"]["color"] for trace in plain["data"]] == ["#0072B2", "#d55e00"]
    assert plain["layout"]["font"]["color"] == "#1d2126"
    dark = dressed(figure, View(dark=True, coarse=True))
    assert [trace["line"]["color"] for trace in dark["data"]] == ["#56B4E9", "#E69F00"]
    assert dark["layout"]["font"]["color"] == "#e4e7eb"
    assert dark["layout"]["dragmode"] is False
    assert "dragmode" not in plain["layout"]
    assert all(SWAPPED[other] == one for one, other in SWAPPED.items())


def _figure():
    import plotly.graph_objects as go

    return go.Figure([go.Scatter(line={"color": colour}) for colour in ("#0072B2", "#d55e00")])


def test_a_view_is_what_the_browser_reports():
    told = {"path": "/runs", "search": "?a=1&b=&a=2&c=x%26y", "dark": True, "coarse": False}
    view = View.of(told, [Path("runs")])
    assert view == View(
        path="/runs", query={"a": "2", "b": "", "c": "x&y"}, folders=(Path("runs"),), dark=True
    )
    assert View.of(None) == View()


def test_runs_are_found_in_folders_and_one_level_below(tmp_path):
    for name in ("b", "a", "deep/er"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.db").touch()
    (tmp_path / "not").mkdir()
    assert run_folders([tmp_path]) == (tmp_path / "a", tmp_path / "b")
    assert run_folders([tmp_path / "b", tmp_path]) == (tmp_path / "b", tmp_path / "a")
    assert run_folders([tmp_path / "absent"]) == ()


def test_a_port_in_use_is_said(origin):
    port = int(origin.rsplit(":", 1)[1])
    with (
        pytest.raises(UserError, match=f"^port {port} is in use; choose another with --port$"),
        bound([], host="127.0.0.1", port=port),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("box", False)],
)
def test_own_addresses_are_told_from_others(host, expected):
    assert own(host) is expected
