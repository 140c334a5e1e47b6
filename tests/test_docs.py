"""Documents that cannot rot: their examples run, their trees, commands, options and links exist."""

import re
from contextlib import redirect_stdout
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path

import pytest
import typer

from netspace.cli import app
from tests.commands import Netspace

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
HOW_TO = {path.stem: path for path in sorted((DOCS / "how-to").glob("*.md"))}
STORY = sorted((DOCS / "story").glob("*.md"))
COMMANDS = typer.main.get_command(app).commands


def _blocks(language: str = "", page: str = README) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "README.zh-CN.md", *STORY], ids=lambda path: path.name
)
def test_an_example_prints_what_the_page_says(path: Path) -> None:
    page = path.read_text("utf-8")
    examples = _blocks("python", page)
    assert examples or "README" not in path.name
    for example in examples:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile(example, path.name, "exec"), {})
        assert f"```\n{printed.getvalue()}```" in page


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
    used = re.findall(r"^netspace (\w+)", README, flags=re.MULTILINE)
    assert used
    assert set(used) <= set(COMMANDS)


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_below_docs_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = {(DOCS / link).resolve() for link in re.findall(r"\]\((?!http)([^)#]+)", index)}
    folders = {path for path in linked if path.is_dir()}
    pages = {path for path in DOCS.rglob("*.md") if not folders & {*path.parents}}
    assert pages - linked == {DOCS / "README.md"}


# A page for each command


def test_every_command_has_a_page() -> None:
    assert set(HOW_TO) == set(COMMANDS)
    for name, path in HOW_TO.items():
        assert path.read_text("utf-8").startswith(f"# netspace {name}\n")


def _options(command: str) -> set[str]:
    parameters = COMMANDS[command].params
    return {word for one in parameters for word in (*one.opts, *one.secondary_opts)}


def _used(page: str, own: str) -> set[tuple[str, str]]:
    """Command and option of every option that a page names: the page's own, unless it is said."""
    found = set()
    for line in re.sub(r"\\\n *", "", page).splitlines():
        if line.startswith(("netspace: ", "python ", "pip ")):
            continue  # what a command said, or another program's options
        parts = re.split(r"\bnetspace (?=[a-z])", line)
        for part in parts:
            named = re.match(r"[a-z]+", part) if part is not parts[0] else None
            command = named[0] if named and named[0] in COMMANDS else own
            for option in re.findall(r"(?<![\w/-])(--[a-z][\w-]*|-o)\b", part):
                found.add((command, option))
    return found


@pytest.mark.parametrize("name", HOW_TO)
def test_the_options_of_a_page_exist(name: str) -> None:
    used = _used(HOW_TO[name].read_text("utf-8"), name)
    assert {(command, o) for command, o in used if o not in _options(command)} == set()
    said = {option for command, option in used if command == name}
    left_out = {
        one.opts[0]
        for one in COMMANDS[name].params
        if one.param_type_name == "option" and not said & {*one.opts}
    }
    assert left_out <= MINOR.get(name, set()), "options that the page does not name"


SHARED = {"--seed", "--skip-broken"}
MINOR: dict[str, set[str]] = {
    "sample": {"--json"},
    "scale": {"--json", "--resolution", *SHARED},
    "search": {"--categories", "--resolution", "--out", "--json", *SHARED},
}
"""Options that a page leaves to --help."""


def _examples() -> list[tuple[str, list[str], list[str]]]:
    """(command, its words, the lines that it is said to print) of every example with a prompt."""
    found = []
    for path in (*HOW_TO.values(), *STORY):
        for block in _blocks(page=path.read_text("utf-8")):
            for part in re.split(r"^\$ netspace ", block, flags=re.MULTILINE)[1:]:
                command, *lines = part.splitlines()
                if "|" not in command:
                    words = [word.strip("'\"") for word in command.split()]
                    found.append((f"{path.stem}: {command}", words, lines))
    return found


@pytest.mark.parametrize(
    ("words", "said"), [case[1:] for case in _examples()], ids=[case[0] for case in _examples()]
)
def test_a_command_prints_what_its_page_says(
    netspace: Netspace,
    words: list[str],
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    told = netspace(*words)
    printed = "\n".join((told.err + told.out).splitlines())
    # A line with … alone stands for any number of lines.
    pattern = "\n".join(re.sub(r"([*?[])", r"[\1]", line) for line in said)
    assert fnmatchcase(printed, re.sub(r"^…$", "*", pattern, flags=re.MULTILINE)), printed
    assert told.code == (2 if said[0].startswith("netspace: ") else 0)


# The same in Chinese


def test_the_chinese_readme_has_the_same_structure() -> None:
    for pattern in (
        r"(?m)^(#+) ",  # headings
        r"(?m)^(\|)(?!-)",  # rows of tables
        r"\]\((?!https?:)([^)]+)\)",  # links and pictures
        r"(https?://\S+?)[)\s]",
    ):
        theirs = [re.sub(r"README(\.zh-CN)?\.md", "", one) for one in re.findall(pattern, CHINESE)]
        ours = [re.sub(r"README(\.zh-CN)?\.md", "", one) for one in re.findall(pattern, README)]
        assert theirs == ours, pattern


def test_the_chinese_readme_has_the_same_code() -> None:
    def bare(page: str) -> list[str]:
        """Blocks of code; comments are for readers, and so in their language."""
        blocks = re.findall(r"^```\w*\n.*?^```$", page, flags=re.DOTALL | re.MULTILINE)
        return [re.sub(r"(?m)\s+#.*$|(?<=/)  .*$|(?<=\S)\s*$", "", block) for block in blocks]

    assert bare(CHINESE) == bare(README)
