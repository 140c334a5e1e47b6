"""The page on weights: its example runs, and its claims on names hold."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import torchvision
from safetensors.torch import save_file

PAGE = (Path(__file__).parents[3] / "docs/weights.md").read_text("utf-8")


def test_the_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file(torchvision.models.resnet18().state_dict(), tmp_path / "resnet18.safetensors")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(example, "weights.md", "exec"), {})
    assert f"```\n{printed.getvalue()}```" in PAGE
