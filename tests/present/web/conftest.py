"""The app in a thread, and a browser that looks at it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

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
LAPTOP, PHONE = (1280, 900), (390, 844)


@contextmanager
def serving(*folders: Path) -> Iterator[str]:
    """The address of an app that looks for runs in these folders."""
    from netspace.present.web.serving import address, bound

    with bound(folders, host="127.0.0.1", port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield address(server)
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Visit:
    """One open page, and what went wrong on it."""

    page: Any
    origin: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:")):
            self.faults.append(f"outside request: {request.url}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is what leaving a page does
            self.faults.append(f"failed request: {request.url} ({request.failure})")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def go(self, path: str) -> None:
        """Open a path, and wait until the page is there and all figures are drawn."""
        self.page.goto(self.origin + path)
        self.page.wait_for_selector("#page > *")
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function("!document.querySelector('.dash-graph--pending')")

    def until(self, seen: Callable[[], Any], wanted: Any = True, *, patience: float = 20) -> None:
        """Wait until what is seen is as wanted; fail with what is seen instead."""
        last = time.monotonic() + patience
        while (found := seen()) != wanted and time.monotonic() < last:
            self.page.wait_for_timeout(25)
        assert found == wanted

    def data(self, name: str) -> list[dict[str, Any]]:
        """The traces that plotly has drawn in the figure with this ID."""
        return self.page.evaluate(
            """name => {
                const plot = document.getElementById(name).querySelector('.js-plotly-plot');
                const plain = value => ArrayBuffer.isView(value) ? Array.from(value)
                    : Array.isArray(value) ? value.map(plain)
                    : value && typeof value === 'object' ? Object.fromEntries(
                        Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
                    : value;
                return plot._fullData.map(trace => ({...plain(plot.data[trace.index])}));
            }""",
            name,
        )

    def text(self, selector: str) -> str:
        """What stands there, spaces made one."""
        return " ".join(self.page.inner_text(selector).split())

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


class Contexts:
    """A browser's windows by size and mode: each keeps what it has loaded, as for a user."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._known: dict[tuple[tuple[int, int], bool], Any] = {}

    def page(self, size: tuple[int, int], dark: bool) -> Any:
        """A new page of this size, in this mode."""
        if (size, dark) not in self._known:
            self._known[size, dark] = self._browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if dark else "light",
                has_touch=size == PHONE,
                is_mobile=size == PHONE,
            )
        return self._known[size, dark].new_page()


@pytest.fixture(scope="session")
def contexts() -> Iterator[Contexts]:
    """One Chromium for all tests of a process."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("dash", reason="dash is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium to look at the page with")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Contexts(browser)
        browser.close()


@pytest.fixture
def visit(contexts: Contexts) -> Iterator[Callable[..., Visit]]:
    """Opens a path of a served app; after the test, fails it for anything that went wrong there."""
    visits: list[Visit] = []

    def open_page(
        origin: str, path: str, *, size: tuple[int, int] = LAPTOP, dark: bool = False
    ) -> Visit:
        visits.append(Visit(contexts.page(size, dark), origin))
        visits[-1].go(path)
        return visits[-1]

    yield open_page
    for one in visits:
        one.page.close()
    assert [fault for one in visits for fault in one.faults] == []
