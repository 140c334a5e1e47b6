"""Documents that cannot rot: the README's example runs, its tree and its commands exist."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import typer

from netspace.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def _blocks(language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def test_the_example_prints_what_the_readme_says() -> None:
    (example,) = _blocks("python")
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    assert f"```\n{printed.getvalue()}```" in README


def test_the_tree_is_the_one_on_disk() -> None:
    tree = next(block for block in _blocks() if block.startswith("src/netspace/"))
    folder, named = Path(), set()
    for line in tree.splitlines():
        name = line.split()[0].rstrip("/")
        folder = folder if line.startswith(" ") else Path(name)
        path = folder / name if line.startswith(" ") else folder
        assert (ROOT / path).is_dir(), path
        named.add(path)
    packages = {p.parent for p in (ROOT / "src/netspace").glob("*/__init__.py")}
    assert {ROOT / path for path in named} >= packages


def test_every_command_of_the_readme_exists() -> None:
    known = typer.main.get_command(app).commands
    used = re.findall(r"^netspace (\w+)", README, flags=re.MULTILINE)
    assert used
    assert set(used) <= set(known)


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
