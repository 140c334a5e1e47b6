"""Write the pages that are read off the zoo: zoo.md and regnet-fits.md, from their .jinja texts.

`python docs/generate.py` writes both. With `--facts DIR` it first takes the accuracies of pycls and
timm in published_top1.csv anew from the tables in that folder.
"""

import argparse
import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import yaml
from accuracies import Accuracy, accuracies, from_facts, write_accuracies
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netspace.design import zoo
from netspace.design.complexity import Complexity, count, parts
from netspace.design.fit import RegNetFit, fit_regnet
from netspace.design.network import Network
from netspace.design.regnet_rules import RuleCheck, rules

DOCS = Path(__file__).resolve().parent
GOLDEN = DOCS.parent / "tests" / "golden"

FAMILIES = (
    ("LeNet", "LeCun et al. 1998", r"lenet\d"),
    ("AlexNet", "Krizhevsky 2014", r"alexnet"),
    ("VGG", "Simonyan & Zisserman 2015", r"vgg\d+(_bn)?"),
    ("GoogLeNet", "Szegedy et al. 2015", r"googlenet\w*"),
    ("ResNet", "He et al. 2016", r"resnet\d+"),
    ("ResNet for CIFAR-10", "He et al. 2016", r"resnet\d+_cifar"),
    ("Wide ResNet", "Zagoruyko & Komodakis 2016", r"wide_resnet\w+"),
    ("ResNeXt", "Xie et al. 2017", r"resnext\w+"),
    ("SE-ResNet", "Hu et al. 2018", r"seresnet\d+"),
    ("MobileNet", "Howard et al. 2017, Sandler et al. 2018, Howard et al. 2019", r"mobilenet_\w+"),
    ("MnasNet", "Tan et al. 2019", r"mnasnet_\w+"),
    ("EfficientNet", "Tan & Le 2019", r"efficientnet_\w+"),
    ("RegNetX", "Radosavovic et al. 2020", r"regnet_x_\w+"),
    ("RegNetY", "Radosavovic et al. 2020", r"regnet_y_\w+"),
)
"""Title, paper and names of each family, in the order of the pages."""

COUNTS = ("network", ">resolution", ">flops", ">params", ">activations", ">receptive field")
TOP1_AND_REFERENCES = (">top-1, %", "source, image size", "agrees with")
FITS = ("network", ">w_0", ">w_a", ">w_m", ">d", ">e_fit")

ARTICLE = ("bottleneck ratio", "depth", "multiplier", "rising widths", "rising depths")
OWN = "rising from the stem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A network of the zoo and what the pages say of it."""

    name: str
    network: Network
    cost: Complexity
    fit: RegNetFit
    rules: Mapping[str, RuleCheck]

    def breaks(self, *names: str) -> bool:
        """Whether one of these rules is not obeyed."""
        return any(self.rules[name].obeyed is False for name in names)


Families = Mapping[str, Sequence[Entry]]


def main() -> None:
    """Write both pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, metavar="DIR", help="tables of pycls and timm")
    facts = parser.parse_args().facts
    if facts is not None:
        write_accuracies(from_facts(accuracies(), facts))
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
        print(DOCS / name)


def pages() -> dict[str, str]:
    """The text of each page, by its file name."""
    families = grouped(tuple(entries()))
    # What is written is Markdown, and nothing of it comes from outside.
    texts = Environment(
        loader=FileSystemLoader(DOCS), undefined=StrictUndefined, keep_trailing_newline=True
    )
    words = {"zoo.md": zoo_words(families), "regnet-fits.md": fits_words(families)}
    return {page: texts.get_template(f"{page}.jinja").render(words[page]) for page in words}


def zoo_words(families: Families) -> dict[str, object]:
    """What the text of zoo.md asks for."""
    listed = [entry for family in families.values() for entry in family]
    others = [
        f"`{entry.name}` ({entry.network.channels:,} and {entry.network.classes:,})"
        for entry in listed
        if (entry.network.channels, entry.network.classes) != (3, 1000)
    ]
    accuracy = {found.network: found for found in accuracies()}
    remarks = {entry.name: remark(entry, accuracy[entry.name]) for entry in listed}
    return {
        "listed": listed,
        "exceptions": ", ".join(others),
        "papers": "; ".join(f"{title}: {paper}" for title, paper, _ in FAMILIES),
        "remarks": {name: text for name, text in remarks.items() if text},
        "table": zoo_table(families),
    }


def fits_words(families: Families) -> dict[str, object]:
    """What the text of regnet-fits.md asks for."""
    listed = {entry.name: entry for family in families.values() for entry in family}
    regnets = (*families["RegNetX"], *families["RegNetY"])
    outside = [entry for entry in listed.values() if entry not in regnets]
    efficientnets = families["EfficientNet"]
    off = [entry.fit.error for entry in (*families["MnasNet"], *efficientnets)]
    return {
        "b0": listed["efficientnet_b0"],
        "resnet18": listed["resnet18"].fit,
        "resnet50": listed["resnet50"].fit,
        "worst_regnet": max(regnets, key=lambda entry: entry.fit.error),
        "exact": named([e for e in outside if (e.fit.error, e.fit.multiplier) == (0, 2)]),
        "obeying": named([e for e in outside if not e.breaks(*ARTICLE)]),
        "narrowing": named(
            [e for e in listed.values() if e.breaks(OWN) and e not in efficientnets]
        ),
        "off": (min(off), max(off)),
        "percent_off": lambda error: f"{100 * (2**error - 1):.0f}",
        "table": fits_table(families),
    }


def entries() -> Iterator[Entry]:
    """All networks of the zoo. Equal bodies are fitted once."""
    fits: dict[tuple[tuple[int, int], ...], RegNetFit] = {}
    for name in zoo.names():
        network = zoo.network(name)
        body = tuple((stage.width, stage.depth) for stage in network.stages)
        if body not in fits:
            fits[body] = fit_regnet(network)
        checks = {check.name: check for check in rules(network, fits[body])}
        cost = count(network)
        yield Entry(name=name, network=network, cost=cost, fit=fits[body], rules=checks)


def grouped(every: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The networks of each family, the cheapest first."""
    families: dict[str, list[Entry]] = {title: [] for title, _, _ in FAMILIES}
    for entry in sorted(every, key=lambda entry: (entry.cost.flops, entry.name)):
        titles = [title for title, _, names in FAMILIES if re.fullmatch(names, entry.name)]
        assert len(titles) == 1, f"{entry.name} is of the families {titles}; correct FAMILIES"
        families[titles[0]].append(entry)
    return families


def zoo_table(families: Families) -> str:
    """Counts, receptive field, accuracy and references of every network."""
    accuracy = {found.network: found for found in accuracies()}
    compared = references()
    pycls = published_counts()

    def cells(entry: Entry) -> Iterator[str]:
        cost, found = entry.cost, accuracy[entry.name]
        yield "x".join(dict.fromkeys(str(side) for side in entry.network.resolution))
        yield from (f"{size:,}" for size in astuple(cost))
        yield f"{parts(entry.network)[-2].reach.size:,}"
        yield one_decimal(found.top1_percent)
        yield said_by(found)
        yield agreement(entry.name, compared[entry.name], cost in pycls)

    return table((*COUNTS, *TOP1_AND_REFERENCES), families, cells)


def fits_table(families: Families) -> str:
    """The fitted line of every network, and the rules it obeys."""
    names = tuple(next(iter(families.values()))[0].rules)

    def cells(entry: Entry) -> Iterator[str]:
        fit = entry.fit
        yield f"{fit.initial_width:,}"
        yield f"{fit.slope:g}"
        yield "–" if fit.multiplier is None else f"{fit.multiplier:g}"
        yield f"{fit.depth:,}"
        yield f"{fit.error:.3f}"
        yield from (verdict(entry.rules[name]) for name in names)

    return table((*FITS, *names), families, cells)


def table(heads: Sequence[str], families: Families, cells: Callable[[Entry], Iterator[str]]) -> str:
    """A Markdown table with a line above each family; columns headed `>` are flush right."""
    rows = [
        [head.removeprefix(">") for head in heads],
        ["---:" if head.startswith(">") else "---" for head in heads],
    ]
    for title, family in families.items():
        rows.append([f"**{title}**", *[""] * (len(heads) - 1)])
        rows.extend([f"`{entry.name}`", *cells(entry)] for entry in family)
    return "\n".join(f"| {' | '.join(row)} |".replace("  ", " ") for row in rows)


def verdict(check: RuleCheck) -> str:
    """yes, no or a dash; with what was found, where no other column says so."""
    if check.obeyed is None:
        return "–"
    said = "" if check.name in ("depth", "multiplier") else f" ({check.found})"
    return "yes" if check.obeyed else f"**no**{said}"


def agreement(name: str, compared: list[str] | str, pycls: bool) -> str:
    """Whose network is the same: libraries, with their name where it differs, or a paper."""
    if isinstance(compared, str):
        source = compared.rpartition("compared with ")[2]
        return source.replace("github.com/facebookresearch/pycls", "pycls")
    pairs = (reference.split(":") for reference in compared)
    found = [library if theirs == name else f"{library} `{theirs}`" for library, theirs in pairs]
    return ", ".join([*found, "pycls"] if pycls else found)


def said_by(accuracy: Accuracy) -> str:
    """Source and image size, without names that stand elsewhere in the row; a star for a remark."""
    short = re.sub(r"^pycls .*", "pycls", accuracy.weights)
    short = re.sub(r"^torchvision `\w+\.", "torchvision `", short)
    short = short.replace(f"`{accuracy.network}.", "`")
    star = " *" if accuracy.difference else ""
    return f"{short}, {accuracy.resolution}{star}" if short else ""


def one_decimal(number: str) -> str:
    """A decimal number rounded as people do; empty stays empty."""
    return str(Decimal(number).quantize(Decimal("0.1"), ROUND_HALF_UP)) if number else ""


def remark(entry: Entry, accuracy: Accuracy) -> str:
    """A network's note and how the one with the accuracy differs.

    What fitting to the groups did to a RegNet's line is left out: every RegNet's note would say it.
    """
    notes = [note for note in entry.network.note.split("; ") if not note.startswith("widths [")]
    star = f"* accuracy of a network with {accuracy.difference}" if accuracy.difference else ""
    return "; ".join(part for part in (*notes, star) if part)


def named(found: Sequence[Entry]) -> str:
    """The networks' names in a sentence."""
    *others, last = (f"`{entry.name}`" for entry in found)
    return f"{', '.join(others)} and {last}" if others else last


def references() -> dict[str, list[str] | str]:
    """The same networks in torchvision and timm, or what a network is compared with in words."""
    found: dict[str, list[str] | str] = yaml.safe_load(
        (GOLDEN / "references.yaml").read_text("utf-8")
    )
    return found


def published_counts() -> set[Complexity]:
    """What pycls's tables say of its networks."""
    with (GOLDEN / "published_networks.csv").open(newline="") as file:
        return {
            Complexity(**{name: int(row[name]) for name in asdict(Complexity())})
            for row in csv.DictReader(file)
        }


if __name__ == "__main__":
    main()
