"""The controls of Explore as components."""

import math
from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from netspace.design.factors import METHODS
from netspace.design.zoo import names
from netspace.present.web.explore_controls import (
    ANYNET,
    BLOCKS,
    FACTOR,
    MODES,
    REGNET,
    SE_RATIO,
    Control,
    ident,
)
from netspace.present.web.explore_presets import presets
from netspace.present.web.parts import named

Texts = Mapping[str, str]


def form(texts: Texts) -> Component:
    """All controls of the network; those of other modes are there, and hidden."""
    groups = {"regnet": _regnet(texts), "anynet": _anynet(texts), "zoo": _zoo(texts)}
    look = {"anynet": f"of-{texts['block']}"}
    shown = [
        html.Div(
            group,
            id=ident(f"of-{mode}"),
            hidden=mode != texts["mode"],
            className=look.get(mode, ""),
        )
        for mode, group in groups.items()
    ]
    return html.Div(
        [_choice("mode", "network", MODES, texts, "segments"), *shown, _images(texts)],
        role="group",
        className="controls",
        **named("The network"),
    )


def scaling_form(texts: Texts) -> Component:
    """Factor and method."""
    methods: dict[str, str] = {method: method for method in METHODS}
    return html.Div(
        [_number(FACTOR, texts), _choice("by", "by", methods, texts, "segments")],
        role="group",
        className="controls",
        **named("Scaling"),
    )


def _regnet(texts: Texts) -> list[Component]:
    published = _dropdown("preset", "as published", list(presets()), None, "choose")
    squeeze = dcc.Checklist(
        id=ident("se"),
        options={"1": f" squeeze and excite, ratio {SE_RATIO:g}"},
        value=["1"] if texts["se"] else [],
        className="check",
    )
    return [published, *(_number(control, texts) for control in REGNET), squeeze]


def _anynet(texts: Texts) -> list[Component]:
    stages = [
        html.Fieldset([html.Legend(f"stage {number}"), *(_number(c, texts) for c in controls)])
        for number, controls in ANYNET.items()
    ]
    return [_choice("block", "block", BLOCKS, texts, "segments"), *stages]


def _zoo(texts: Texts) -> list[Component]:
    return [_dropdown("name", "name", list(names()), texts["name"], "choose one")]


def _images(texts: Texts) -> Component:
    return html.Fieldset(
        [
            html.Legend("images"),
            _box("r", "resolution", texts, "its own"),
            _box("classes", "classes", texts, "its own"),
        ]
    )


def _number(control: Control, texts: Texts) -> Component:
    """A slide and a box for one number."""
    low, high, step = control.slide
    name, text = ident(control.name), texts[control.name]
    label: list[str | Component] = [control.words, " ", html.I(_symbol(control.symbol))]
    return html.Div(
        [
            html.Label(label, htmlFor=name),
            dcc.Input(
                id=f"{name}-slide",
                type="range",
                min=low,
                max=high,
                step=step,
                value=slide_position(control, text),
                className="slide",
            ),
            _typed(control.name, text),
        ],
        className="field",
    )


def slide_position(control: Control, text: str) -> float:
    """Where the slide stands for this text; at its low end if that is no number."""
    low, high, _ = control.slide
    try:
        value = float(text)
        position = math.log2(value) if control.power else value
    except ValueError:
        return low
    return min(max(position, low), high) if math.isfinite(position) else low


def _symbol(symbol: str) -> list[str | Component]:
    letter, _, below = symbol.partition("_")
    return [letter, html.Sub(below)] if below else [letter]


def _box(name: str, words: str, texts: Texts, empty: str) -> Component:
    return html.Div(
        [html.Label(words, htmlFor=ident(name)), html.Span(), _typed(name, texts[name], empty)],
        className="field",
    )


def _typed(name: str, text: str, empty: str = "") -> Component:
    return dcc.Input(
        id=ident(name),
        type="text",
        value=text,
        placeholder=empty,
        autoComplete="off",
        className="box",
    )


def _choice(
    name: str, words: str, options: Mapping[str, str], texts: Texts, look: str
) -> Component:
    return html.Fieldset(
        [
            html.Legend(words),
            dcc.RadioItems(id=ident(name), options=dict(options), value=texts[name], inline=True),
        ],
        className=look,
    )


def _dropdown(
    name: str, words: str, options: list[str], value: str | None, empty: str
) -> Component:
    return html.Div(
        [
            html.Label(words, htmlFor=ident(name)),
            dcc.Dropdown(
                id=ident(name), options=options, value=value, placeholder=empty, clearable=False
            ),
        ],
        className="field named",
    )
