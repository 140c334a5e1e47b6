"""The public names: pinned, sorted, resolvable in any order."""

import subprocess
import sys

import netspace

NAMES = [
    "Basic",
    "Bottleneck",
    "Complexity",
    "Head",
    "Inception",
    "MBConv",
    "NetspaceError",
    "Network",
    "Plain",
    "Pooling",
    "Recipe",
    "RegNet",
    "Separable",
    "Space",
    "Squeeze",
    "Stage",
    "Stem",
    "Study",
    "UserError",
    "Vanilla",
    "build",
    "compare",
    "count",
    "draw",
    "edf",
    "expected_best",
    "features",
    "fit_regnet",
    "good_range",
    "load",
    "load_study",
    "load_weights",
    "network",
    "scale",
    "space",
    "summarise",
]


def test_the_public_names_are_these() -> None:
    assert netspace.__all__ == NAMES == sorted(NAMES)
    assert dir(netspace) == NAMES


def test_every_name_resolves_and_none_is_hidden_by_a_package() -> None:
    """In both orders: importing the packages first must not turn a function into a module."""
    script = (
        "import netspace.workflow.design, netspace.cli, netspace as ns\n"
        f"for name in 2 * {NAMES}:\n"
        "    assert callable(getattr(ns, name)), name\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(netspace, "nonsense")
