"""What only some runs have: the trace of a search, the lineage of refinements."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from netspace.errors import UserError
from netspace.present.page import Plot
from netspace.present.palette import AXIS_ERROR
from netspace.present.refinement_section import WalkShown
from netspace.present.search_findings import SearchFindings, findings_of
from netspace.present.search_front_plot import Limits, draw_front, limits_of
from netspace.present.search_plots import draw_progress
from netspace.present.search_trace import Trace, followed
from netspace.present.search_words import LEFT_OUT, axis_of, said
from netspace.present.web.figures import graph
from netspace.present.web.parts import fault, section
from netspace.present.web.run_cache import run_record, run_walks
from netspace.present.web.run_data import Rows, RunData
from netspace.present.web.run_state import Looking
from netspace.present.web.view import View


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchFigures:
    """The figures of a search; front is None where no network shown has an error."""

    progress: go.Figure
    front: go.Figure | None


def search(looking: Looking, data: RunData, view: View) -> Component | None:
    """The trace of a search with the networks that pass the filter; None for any other run."""
    if data.kind != "search" or not data.rounds:
        return None
    try:
        record = run_record(data.folder)
    except (UserError, KeyError, TypeError) as found:
        return fault(f"the search cannot be read: {found}")
    findings = findings_of(record)
    limits = limits_of(record.study.budget, findings.terms.objective)
    passed = looking.filter.rows(data.rounds.get("population", ()))
    figures = search_figures(findings, limits, passing(findings.trace, passed))
    return section("The search", *_parts(findings, figures, view), name="runs-search-part")


def _parts(findings: SearchFindings, figures: SearchFigures, view: View) -> Iterator[Component]:
    yield html.P(said(findings), className="note")
    words = "The best so far of the networks shown, against networks asked for"
    yield graph("runs-trace", figures.progress, words, view)
    if figures.front is not None:
        yield graph("runs-front", figures.front, "Error against cost, with the front", view)
    yield html.P(LEFT_OUT, className="note")


def passing(trace: Trace, passed: tuple[Rows, ...]) -> Trace:
    """The trace with the networks of these rows only; the others stay in line, as if untrained."""
    names = {rows.called(index) for rows in passed for index in rows.table.index.tolist()}
    shown = np.array([name in names for name in trace.names], dtype=np.bool_)
    states = [
        state if own else "planned" for state, own in zip(trace.states, shown.tolist(), strict=True)
    ]
    return replace(trace, errors=np.where(shown, trace.errors, np.nan), states=tuple(states))


def search_figures(findings: SearchFindings, limits: Limits, trace: Trace) -> SearchFigures:
    """The report's figures of a search, of these networks; random search is that of the whole."""
    own = followed(trace, findings.terms.objective)
    axis = axis_of(findings, AXIS_ERROR)
    known = bool(trace.whole.any())
    return SearchFigures(
        progress=draw_progress(trace, own, findings.random, axis=axis),
        front=draw_front(trace, findings.costs, limits) if known else None,
    )


def lineage(data: RunData, view: View) -> Component | None:
    """The refinements of the run's spaces; None where there are none."""
    try:
        walks = run_walks(data.folder)
    except (UserError, KeyError, TypeError) as found:
        return fault(f"the refinements cannot be read: {found}")
    if not walks:
        return None
    parts = [part for walk in walks for part in _walk(walk, view)]
    return section("Refinement", *parts, name="runs-lineage")


def _walk(walk: WalkShown, view: View) -> Iterator[Component]:
    yield picture(walk.picture, f"The refinements of {walk.start}, step by step")
    for step in walk.steps:
        parts: list[Component] = [html.P(sentence) for sentence in step.sentences]
        if step.edf is not None:
            parts.append(_graph(step.edf, view))
        yield html.Details([html.Summary(step.title), *parts])


def picture(svg: str, words: str) -> Component:
    """An SVG picture that follows light and dark by itself."""
    text = b64encode(svg.encode()).decode()
    image = html.Img(src=f"data:image/svg+xml;base64,{text}", alt=words)
    return html.Div(image, className="runs-picture")


def _graph(plot: Plot, view: View) -> Component:
    return graph(f"runs-{plot.id}", go.Figure(json.loads(plot.json)), plot.words, view)
