"""Pages that scripts write: zoo.md and regnet-fits.md (generate.py), api.md (api.py)."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from torchvision.models import get_model_weights

import netspace
from netspace.design import zoo
from netspace.design.fit import fit_regnet
from netspace.design.regnet import widths

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("zoo.md", "regnet-fits.md")


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield {name: importlib.import_module(name) for name in ("generate", "accuracies", "api")}


@cache
def rows(page: str) -> dict[str, dict[str, str]]:
    """The cells of each network by their heads, as the page has them."""
    lines = [line for line in (DOCS / page).read_text("utf-8").splitlines() if line[:1] == "|"]
    heads, _, *others = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    named = [row for row in others if row[0].startswith("`")]
    found = {row[0].strip("`"): dict(zip(heads, row, strict=True)) for row in named}
    assert len(found) == len(named), "a network has two rows"
    return found


def test_the_pages_are_those_that_the_script_writes(scripts):
    written = scripts["generate"].pages()
    assert tuple(written) == PAGES
    stale = [name for name, text in written.items() if (DOCS / name).read_text("utf-8") != text]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES)
def test_every_network_has_a_row(page):
    assert tuple(sorted(rows(page))) == zoo.names()


# github.com/facebookresearch/pycls, dev/model_complexity.json; the receptive field of MobileNet-v1
# is that of Araujo et al. 2019.
KNOWN = {
    "regnet_x_400mf": {"flops": 397_678_568, "params": 5_157_512, "activations": 3_143_272},
    "resnet56_cifar": {"flops": 125_747_850, "params": 855_770, "activations": 544_778},
    "efficientnet_b4": {"flops": 4_393_801_064, "resolution": 380},
    "mobilenet_v1": {"receptive field": 315},
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_figures_are_in_the_table(name):
    row = rows("zoo.md")[name]
    assert {head: int(row[head].replace(",", "")) for head in KNOWN[name]} == KNOWN[name]


def test_a_network_that_others_have_names_them():
    found = {name: row["agrees with"] for name, row in rows("zoo.md").items()}
    assert found["resnet50"] == "torchvision, timm, pycls"
    assert found["regnet_x_400mf"] == "timm `regnetx_004`, pycls"
    assert found["googlenet"] == "table 1 of Szegedy et al. 2015"
    assert all(found.values())


def test_accuracies_are_of_the_whole_zoo(scripts):
    found = scripts["accuracies"].accuracies()
    assert tuple(accuracy.network for accuracy in found) == zoo.names()
    for accuracy in found:
        said = (accuracy.top1_percent, accuracy.resolution, accuracy.source)
        assert all(said) or not any(said)
        assert not accuracy.top1_percent or 50 < float(accuracy.top1_percent) < 100
    assert [accuracy.network for accuracy in found if not accuracy.source] == ["lenet5"]


def test_accuracies_are_those_of_the_shared_facts(scripts, shared):
    found = scripts["accuracies"].accuracies()
    assert scripts["accuracies"].from_facts(found, shared / "facts") == found
    sources = [accuracy.source.partition(" ")[0] for accuracy in found]
    assert sources.count("pycls") + sources.count("timm") > 60


def test_facts_are_read_anew(scripts, tmp_path):
    (tmp_path / "published_networks.csv").write_text(
        "network,resolution,imagenet_top1_error\nRegNetX-200MF,224,31.08\nRegNetX-200MF,225,9\n"
    )
    (tmp_path / "timm_imagenet.csv").write_text(
        "model,img_size,top1\nresnet18.a1_in1k,224,1\nresnet18.tv_in1k,224,69.7\n"
    )
    module = scripts["accuracies"]
    sources = ("pycls `RegNetX-200MF`", "timm `resnet18.tv_in1k`; wider", "Caffe `x`", "")
    before = [
        module.Accuracy(network="a", top1_percent="7", resolution="224", source=source)
        for source in sources
    ]
    after = module.from_facts(before, tmp_path)
    assert [accuracy.top1_percent for accuracy in after] == ["68.92", "69.7", "7", "7"]


def test_accuracies_are_those_of_torchvision(scripts):
    found = scripts["accuracies"].accuracies()
    own = [accuracy for accuracy in found if accuracy.source.startswith("torchvision ")]
    assert own
    for accuracy in own:
        model, weights = accuracy.weights.removeprefix("torchvision ").strip("`").split(".")
        published = get_model_weights(model)[weights]
        assert published.meta["_metrics"]["ImageNet-1K"]["acc@1"] == float(accuracy.top1_percent)
        assert published.transforms.keywords["crop_size"] == int(accuracy.resolution)
        assert f"torchvision:{model}" in scripts["generate"].references()[accuracy.network]


def test_the_fits_of_the_table_obey_the_equations():
    """Radosavovic et al. 2020, eq. 2-4, from the numbers as they are printed."""
    for name, row in rows("regnet-fits.md").items():
        w_0, w_a, d = int(row["w_0"]), float(row["w_a"]), int(row["d"])
        w_m = 2 if row["w_m"] == "–" else float(row["w_m"])
        stages = zoo.network(name).stages
        observed = np.repeat([s.width for s in stages], [s.depth for s in stages])
        assert d == len(observed)
        ratios = np.array(widths(w_a, w_0, w_m, d)) / observed
        assert f"{np.abs(np.log2(ratios)).mean():.3f}" == row["e_fit"], name


def obeys(rule: str) -> dict[str, bool]:
    return {
        name: not row[rule].startswith("**no**") for name, row in rows("regnet-fits.md").items()
    }


def test_what_the_text_says_of_the_fits_is_so(scripts):
    """What it says without numbers; the numbers are written by the script."""
    found = {rule: obeys(rule) for rule in (*scripts["generate"].ARTICLE, "rising from the stem")}
    families = {name: name.split("_")[0] for name in zoo.names()}
    for rule in scripts["generate"].ARTICLE:
        assert all(found[rule][name] for name in families if families[name] == "regnet")
    efficientnets = [name for name in families if families[name] == "efficientnet"]
    assert not any(found["rising from the stem"][name] for name in efficientnets)
    too_deep = {name[:15] for name in efficientnets if not found["depth"][name]}
    assert too_deep == {f"efficientnet_b{number}" for number in range(4, 8)}
    assert all(int(rows("regnet-fits.md")[name]["d"]) > 28 for name in too_deep)
    resnet50, resnet101 = (fit_regnet(zoo.network(f"resnet{d}")) for d in (50, 101))
    assert resnet50.multiplier < 2 == resnet101.multiplier
    misses = np.abs(np.log2(np.divide(resnet50.predicted, resnet50.observed)))
    assert misses[0] > 0.9
    assert misses[1:].max() < 0.1
    assert len(set(resnet50.predicted)) == 1 + len(set(resnet50.observed))


# The public names


def test_the_page_of_public_names_is_the_one_that_the_script_writes(scripts):
    assert (DOCS / "api.md").read_text("utf-8") == scripts["api"].page(), "run `make docs`"


def test_every_public_name_is_on_its_page_once(scripts):
    page = scripts["api"].page()
    headings = re.findall(r"^### `(\w+)`, a (?:class|function)$", page, flags=re.MULTILINE)
    assert sorted(headings) == sorted(netspace.__all__)
    assert scripts["api"].OTHERS not in scripts["api"].grouped(), "give the new name a heading"
    links = set(re.findall(r"\]\(#([\w-]+)\)", page))
    assert links == {scripts["api"].anchor(name) for name in netspace.__all__}


def test_a_new_public_name_is_not_lost(scripts, monkeypatch):
    monkeypatch.setitem(scripts["api"].KINDS, "Errors", ("NetspaceError",))
    assert scripts["api"].grouped()[scripts["api"].OTHERS] == ["UserError"]
    assert "### `UserError`, a class" in scripts["api"].page()


def test_types_are_written_as_in_the_source(scripts):
    compare = scripts["api"].annotations(netspace.compare)
    assert compare["errors_a"] == "ArrayLike"
    assert compare["return"] == "Comparison"
    assert scripts["api"].annotations(netspace.Stem)["act"] == "Activation"
