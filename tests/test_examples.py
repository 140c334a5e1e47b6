"""The scripts of examples/ run, and print what a reader understands."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """example("count_and_scale"): the script as a module."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def load(name: str) -> ModuleType:
        return importlib.import_module(name)

    return load


def test_count_and_scale_doubles_a_network(example, capsys):
    example("count_and_scale").main()
    first, _, _, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith("resnet50: 4,089,185,256 flops, 25,557,032 params, 11,315,688")
    found = {row.split()[0]: row.split()[1:] for row in rows}
    assert set(found) == {"depth", "width", "resolution", "fast"}
    factors = {way: [float(x.rstrip("x")) for x in cells] for way, cells in found.items()}
    assert all(flops == pytest.approx(2, abs=0.045) for flops, *_ in factors.values())
    assert factors["resolution"][1] == 1
    assert factors["width"][2] == pytest.approx(2**0.5, abs=0.03)
    assert factors["depth"][3:] == [34, 224]


def test_compare_spaces_ends_with_a_verdict(example, capsys):
    example("compare_spaces").main(networks=2, epochs=1)
    *populations, verdict = capsys.readouterr().out.splitlines()
    for line, name in zip(populations, ("anynetx_a", "regnetx"), strict=True):
        found = re.fullmatch(rf"{name}: 2 networks, best ([\d.]+) %, mean ([\d.]+) %", line)
        assert found
        assert 0 < float(found[1]) <= float(found[2]) <= 100
    assert "95 % interval" in verdict
    assert "mean error" in verdict


def test_own_block_is_drawn_and_learns(example, capsys, tmp_path):
    picture = tmp_path / "net.svg"
    example("own_block").main(picture, epochs=2)
    counted, drawn, error = capsys.readouterr().out.splitlines()
    assert counted == "two-branches: 736,586 flops, 37,050 params"
    assert drawn == f"drawn in {picture}"
    assert picture.read_text("utf-8").startswith("<svg")
    assert float(error.split()[-2]) < 70  # of ten classes, guessing errs in 90 %


def test_search_without_training_tells_of_both_ends(example, capsys):
    example("search_without_training").main(networks=6, epochs=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["by naswot", "by flops"]
    for line in lines:
        errors = [float(one) for one in re.findall(r"([\d.]+) %", line)]
        assert len(errors) == 2
        assert all(0 < error <= 100 for error in errors)
