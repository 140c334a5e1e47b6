"""Which trials of a run are looked at: ranges of quantities, as the query string holds them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isnan
from typing import Self

import numpy as np
from numpy.typing import NDArray

from netspace.design.units import format_size
from netspace.errors import UserError
from netspace.present.web.run_data import Rows, title

PREFIX = "only."
"""Before a quantity's key in the query string: 'only.flops=5e6..6e6'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From low to high, both included; an open end is infinite."""

    low: float = -inf
    high: float = inf

    def __post_init__(self) -> None:
        if isnan(self.low) or isnan(self.high) or self.low > self.high:
            raise UserError(
                f"range {self.text} must run from a low number to a high one, such as 16..64"
            )

    @property
    def text(self) -> str:
        """As the query string holds it: '16..64', '..64'."""
        return f"{_plain(self.low)}..{_plain(self.high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The spans that trials must lie in, by the quantity's key; without any all of them do."""

    spans: Mapping[str, Span] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """The filter that a query string holds. Raises UserError for what is no range."""
        return cls(
            spans={
                name.removeprefix(PREFIX): _span(name, text)
                for name, text in query.items()
                if name.startswith(PREFIX)
            }
        )

    @property
    def query(self) -> dict[str, str]:
        """As the query string holds it."""
        return {f"{PREFIX}{key}": span.text for key, span in self.spans.items()}

    def narrowed(self, spans: Mapping[str, Span]) -> Self:
        """With these spans instead of what there was for their quantities."""
        return replace(self, spans={**self.spans, **spans})

    def without(self, key: str) -> Self:
        """Without the span of one quantity."""
        return replace(self, spans={name: s for name, s in self.spans.items() if name != key})

    def mask(self, rows: Rows) -> NDArray[np.bool_]:
        """(n,), which trials pass; one that lacks a quantity passes no span of it."""
        passed = np.ones(len(rows), dtype=np.bool_)
        for key, span in self.spans.items():
            values = rows.quantity(key)
            # Comparisons with NaN are false.
            passed &= (values >= span.low) & (values <= span.high)
        return passed

    def rows(self, own: Sequence[Rows]) -> tuple[Rows, ...]:
        """The trials that pass, by space; a space of which none does stays, empty."""
        if not self.spans:
            return tuple(own)
        return tuple(rows.rows(self.mask(rows)) for rows in own)

    def sentences(self) -> Iterator[tuple[str, str]]:
        """Each span's key and what it says: 'flops from 5M to 6M'."""
        for key, span in self.spans.items():
            yield key, f"{title(key)} {_words(span)}"


def _span(name: str, text: str) -> Span:
    low, dots, high = text.partition("..")
    try:
        ends = (float(low) if low else -inf, float(high) if high else inf)
    except ValueError:
        dots = ""
    if not dots:
        raise UserError(f"{name}={text} is no range of numbers; write LOW..HIGH, LOW.. or ..HIGH")
    return Span(low=ends[0], high=ends[1])


def _plain(value: float) -> str:
    if not np.isfinite(value):
        return "" if abs(value) == inf else "nan"
    return f"{value:.0f}" if value.is_integer() else f"{value:.12g}"


def _words(span: Span) -> str:
    low, high = readable(span.low), readable(span.high)
    if span.low == span.high:
        return low
    if span.low == -inf:
        return f"up to {high}"
    return f"from {low} on" if span.high == inf else f"from {low} to {high}"


def readable(value: float) -> str:
    """A number of any quantity, short: '5.43M', '38.12', '16'."""
    return format_size(value) if abs(value) >= 10_000 else f"{value:.5g}"
