"""Seconds to open a run of 10,000 trials in the browser until all is drawn; and to filter it."""

import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from _shared import print_result
from analysis_speed import population
from netspace.present.web.app import make_app
from netspace.run.store import Store

YARDSTICK_SECONDS = 2.0
FILTER_YARDSTICK_SECONDS = 0.5
TRIALS = 10_000
REPEATS = 5
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = """filtered => {
    const count = document.getElementById('runs-count');
    if (!count || count.innerText.includes(' of ') !== filtered) return false;
    return ['runs-edf', 'runs-left', 'runs-right'].every(name => {
        const plot = document.querySelector(`#${name} .js-plotly-plot`);
        if (!plot || !plot._fullData || !plot._fullData.length) return false;
        if (plot.seen === plot.data) return false;
        if (name === 'runs-edf') return plot.querySelectorAll('.js-line').length > 0;
        const points = plot.data.reduce((sum, trace) => sum + trace.customdata.length, 0);
        return points > 0 && plot.querySelectorAll('.points path').length === points;
    });
}"""
"""Whether the figures are those of the state awaited, and every point of them is on the page."""

MARK = """() => document.querySelectorAll('.js-plotly-plot').forEach(p => { p.seen = p.data; })"""


def make_runs(folder: Path) -> list[Path]:
    """The same run in as many folders as there are openings, so that each is read anew."""
    first = folder / "run-0"
    first.mkdir()
    with Store(first / "run.db") as store:
        tables = {name: population(number, TRIALS // 2) for number, name in enumerate("ab")}
        store.add_tables(tables, kind="table")
    runs = [folder / f"run-{number}" for number in range(REPEATS)]
    for run in runs[1:]:
        shutil.copytree(first, run)
    return runs


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the page."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, make_app([folder]).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def measure(browser: Any, address: str) -> tuple[float, float]:
    """Seconds from navigation to the last point, and from the end of a brush to the last point."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN, arg=False, timeout=120_000)
    opened = time.perf_counter() - start
    filtered = brush(page)
    context.close()
    return opened, filtered


def brush(page: Any) -> float:
    """Seconds from the end of a box over the left figure until all figures follow it."""
    page.evaluate(MARK)
    area = page.locator("#runs-left .nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle + 20, steps=4)
    start = time.perf_counter()
    page.mouse.up()
    page.wait_for_function(DRAWN, arg=True, timeout=120_000)
    return time.perf_counter() - start


def main() -> None:
    """Open each run once in a browser without a cache; the medians are what counts."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("page_speed needs chromium on the PATH")
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as origin:
        runs = make_runs(Path(name))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            addresses = [f"{origin}/runs?{urlencode({'run': str(run)})}" for run in runs]
            found = [measure(browser, address) for address in addresses]
            browser.close()
    opened, filtered = (statistics.median(column) for column in zip(*found, strict=True))
    print_result(
        "page_speed",
        trials=TRIALS,
        seconds=round(opened, 2),
        first_seconds=round(found[0][0], 2),
        filter_seconds=round(filtered, 2),
        filter_yardstick=FILTER_YARDSTICK_SECONDS,
        yardstick=YARDSTICK_SECONDS,
        ratio=round(YARDSTICK_SECONDS / opened, 2),
    )


if __name__ == "__main__":
    main()
