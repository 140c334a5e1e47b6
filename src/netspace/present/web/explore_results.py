"""What Explore says about a network: its counts, its rules, how it scales."""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from netspace.design.complexity import Part, parts
from netspace.design.factors import DIMENSIONS
from netspace.design.network import Network
from netspace.design.regnet_rules import RuleCheck, rules
from netspace.design.scaling import between
from netspace.design.units import format_size
from netspace.present.draw import draw
from netspace.present.text import cautions
from netspace.present.web.explore_controls import query_of
from netspace.present.web.explore_network import (
    Explored,
    Scaled,
    count_command,
    scale_command,
)
from netspace.present.web.parts import command, table

COUNTS = ("flops", "params", "activations")
NETWORK_FILE = "/explore/network.yaml"
_OBEYED = {True: ("obeys", "yes"), False: ("breaks", "no"), None: ("nothing to ask", "none")}


def costs(network: Network) -> Component:
    """The counts in large figures; exact ones on pointing at them, and below."""
    measured = parts(network)
    total = _total(measured)
    seen = f"{_reach(measured):,} px"
    tiles = [(format_size(total[name]), name, f"{total[name]:,}") for name in COUNTS]
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd(short, title=exact)])
            for short, name, exact in (*tiles, (seen, "receptive field", seen))
        ],
        className="tiles",
    )


def picture(network: Network) -> str:
    """The drawing as the address of an image; its colours follow the browser's mode."""
    return "data:image/svg+xml;base64," + b64encode(draw(network).encode()).decode()


def rule_table(found: Explored) -> list[Component]:
    """The article's rules, and whether the network follows them."""
    checked = [_rule(check) for check in rules(found.network, found.line)]
    said = "What good RegNets have in common; a network may be good without it."
    return [
        table(("rule of the RegNet article", "here", ""), checked),
        html.P(said, className="note"),
    ]


def _rule(check: RuleCheck) -> tuple[str, str, Component]:
    words, kind = _OBEYED[check.obeyed]
    return check.rule, check.found, html.Span(words, className=f"obeyed-{kind}")


def scaled_table(network: Network, how: Scaled) -> Component:
    """Counts and dimensions before and after, and what they were multiplied by."""
    before, after = parts(network), parts(how.network)
    own, new = _total(before), _total(after)
    factors = between(network, how.network)
    rows = [
        (name, f"{own[name]:,}", f"{new[name]:,}", _times(new[name] / own[name])) for name in COUNTS
    ]
    shown = {
        "depth": (f"{network.depth:,}", f"{how.network.depth:,}"),
        "width": (_widths(network), _widths(how.network)),
        "resolution": (_size(network), _size(how.network)),
    }
    rows += [(name, *pair, _times(getattr(factors, name))) for name, pair in shown.items()]
    seen = _reach(before), _reach(after)
    rows.append(("receptive field", f"{seen[0]:,}", f"{seen[1]:,}", _times(seen[1] / seen[0])))
    head = ("", "this network", f"{how.method}, factor {how.factor:g}", "times")
    return table(head, rows, numbers=(1, 2, 3))


def notes(found: Explored) -> list[Component]:
    """What may surprise about the network."""
    said = [_line(found), found.fitted, *cautions(found.network), found.network.note]
    return [html.P(sentence, className="note") for sentence in said if sentence]


def _line(found: Explored) -> str:
    """The nearest RegNet's parameters, where the network is not one by its own."""
    line, multiplier = found.line, found.line.multiplier
    if found.own_line:
        return ""
    w_m = "any" if multiplier is None else f"{multiplier:.4g}"
    return (
        f"nearest RegNet line: d = {line.depth}, w_0 = {line.initial_width}, "
        f"w_a = {line.slope:.4g}, w_m = {w_m}; e_fit = {line.error:.3f}"
    )


def take(found: Explored, texts: Mapping[str, str]) -> list[Component]:
    """The network as a file, and the command that counts it."""
    return [
        html.A(
            f"Download {found.file}",
            href=f"{NETWORK_FILE}?{urlencode(query_of(texts))}",
            download=found.file,
            className="button",
        ),
        command("explore-count", count_command(found, texts)),
    ]


def scale_note(found: Explored, how: Scaled, texts: Mapping[str, str]) -> list[Component]:
    """The factors asked for, and the command that comes nearer."""
    asked = ", ".join(
        f"{name.replace('_', ' ')} ×{getattr(how.asked, name):.2f}" for name in DIMENSIONS
    )
    return [
        html.P(f"Asked for: {asked}; rounding makes the difference.", className="note"),
        command("explore-scale", scale_command(found, how, texts)),
    ]


def _total(measured: tuple[Part, ...]) -> dict[str, int]:
    return {name: sum(getattr(part.complexity, name) for part in measured) for name in COUNTS}


def _reach(measured: tuple[Part, ...]) -> int:
    """Pixels that one position of the last map sees."""
    return measured[-2].reach.size


def _times(factor: float) -> str:
    return f"×{factor:.2f}"


def _widths(network: Network) -> str:
    return ", ".join(f"{stage.width:,}" for stage in network.stages)


def _size(network: Network) -> str:
    height, width = network.resolution
    return f"{height}×{width}"
