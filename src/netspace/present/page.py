"""What all reports share: one self-contained HTML page, its style, and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A figure in the page; `words` say what it shows, `widest` scrolls below so many pixels."""

    id: str
    words: str
    json: str
    height: int
    widest: int = 0


def plot(name: str, words: str, figure: go.Figure, widest: int = 0) -> Plot:
    """The figure as a page holds it."""
    # In a script element only '<' could end the element early.
    text = figure.to_json().replace("<", "\\u003c")
    return Plot(id=name, words=words, json=text, height=figure.layout.height, widest=widest)


def page(
    template: str,
    *,
    answer: str,
    circumstances: str,
    contents: Sequence[tuple[str, str]],
    **values: object,
) -> str:
    """The page as HTML; no part of it is loaded from elsewhere.

    answer: the title. circumstances: the line below. contents: id and title of each section.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            answer=answer,
            circumstances=circumstances,
            contents=contents,
            style=files("netspace.present").joinpath("report.css").read_text("utf-8"),
            plotly=get_plotlyjs(),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("netspace", "present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
