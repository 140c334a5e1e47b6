"""From what was moved on the page of a run to what is looked at next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netspace.present.web.run_data import Rows, joined
from netspace.present.web.run_filter import Filter, Span
from netspace.present.web.run_state import Looking


def changed_looking(looking: Looking, whole: Sequence[Rows], moved: str, value: Any) -> Looking:
    """What is looked at once the property `moved`, such as 'runs-by.value', has this value."""
    match moved:
        case "runs-edf.selectedData":
            return _boxed(looking, whole, "error", value)
        case "runs-left.selectedData":
            return _boxed(looking, whole, looking.x[0], value)
        case "runs-right.selectedData":
            return _boxed(looking, whole, looking.x[1], value)
        case "runs-range.value":
            return _slid(looking, whole, value)
        case "runs-by.value":
            return replace(looking, by=value) if value else looking
        case "runs-x-left.value":
            return replace(looking, x=(value or looking.x[0], looking.x[1]))
        case "runs-x-right.value":
            return replace(looking, x=(looking.x[0], value or looking.x[1]))
        case _:
            return _dropped(looking, moved, value)


def _boxed(looking: Looking, whole: Sequence[Rows], key: str, value: Any) -> Looking:
    """A box was drawn: its horizontal side, drawn in to the values inside."""
    box: Mapping[str, Any] = (value or {}).get("range") or {}
    ends = box.get("x")
    if not ends:
        return looking
    inside = _inside(whole, key, min(ends), max(ends))
    return looking if inside is None else _narrowed(looking, key, inside)


def _inside(whole: Sequence[Rows], key: str, low: float, high: float) -> Span | None:
    values = joined(whole, key)
    values = values[(values >= low) & (values <= high)]
    return Span(low=float(values.min()), high=float(values.max())) if values.size else None


def _slid(looking: Looking, whole: Sequence[Rows], value: Any) -> Looking:
    """The slider was moved; between the ends of all values it narrows nothing."""
    known = joined(whole, looking.by)
    known = known[np.isfinite(known)]
    if not known.size or not value or None in value:
        return looking
    low, high = (float(end) for end in value)
    if low <= known.min() and high >= known.max():
        return replace(looking, filter=looking.filter.without(looking.by))
    inside = _inside(whole, looking.by, low, high)
    return _narrowed(looking, looking.by, inside or Span(low=low, high=high))


def _narrowed(looking: Looking, key: str, span: Span) -> Looking:
    return replace(looking, filter=looking.filter.narrowed({key: span}))


def _dropped(looking: Looking, moved: str, value: Any) -> Looking:
    """A part of the filter was taken away, or all of it."""
    name = moved.removesuffix(".n_clicks")
    if not value or name == moved:
        return looking
    key = json.loads(name)["key"]
    return replace(looking, filter=looking.filter.without(key) if key else Filter())
