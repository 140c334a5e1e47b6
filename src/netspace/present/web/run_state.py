"""What one looks at in a run, as the query string holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from netspace.errors import UnknownNameError, UserError
from netspace.present.web.run_data import RunData, quantities
from netspace.present.web.run_filter import Filter

_NOT_FIRST = ("error", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One state of the page of a run.

    run: its folder as found. x: what error is drawn against, on the left and on the right. by: the
    quantity that the slider narrows. network: the ID of the trial that is open.
    """

    run: str
    round: str = ""
    x: tuple[str, str] = ("index", "index")
    by: str = "error"
    network: int | None = None
    filter: Filter = field(default_factory=Filter)

    @classmethod
    def first(cls, run: str, data: RunData, round: str = "") -> Self:
        """What is shown where the query names nothing but the run, or its round."""
        shown = round or data.first_round
        known = quantities(data.rounds.get(shown, ()))
        axes = [key for key in known if key not in _NOT_FIRST] or ["index"]
        return cls(run=run, round=shown, x=(axes[0], axes[min(1, len(axes) - 1)]), by=axes[0])

    @classmethod
    def of(cls, query: Mapping[str, str], data: RunData) -> Self:
        """What the query names. Raises UserError for what the run does not have."""
        round = query.get("round", "")
        if round and round not in data.rounds:
            raise UnknownNameError.of("round", round, data.rounds)
        first = cls.first(query["run"], data, round)
        filter = Filter.of(query)
        x = (query.get("x", first.x[0]), query.get("x2", first.x[1]))
        by = query.get("by", first.by)
        known = {*quantities(data.rounds.get(first.round, ())), *first.x, first.by}
        for key in (*x, by, *filter.spans):
            if key not in known:
                raise UnknownNameError.of("quantity", key, known)
        return cls(
            run=first.run,
            round=first.round,
            x=x,
            by=by,
            network=_network(query.get("network", "")),
            filter=filter,
        )

    def query(self, data: RunData) -> dict[str, str]:
        """As the query string holds it: without what is shown anyway."""
        first = self.first(self.run, data, self.round)
        said = {
            "run": (self.run, ""),
            "round": (self.round, data.first_round),
            "x": (self.x[0], first.x[0]),
            "x2": (self.x[1], first.x[1]),
            "by": (self.by, first.by),
            "network": ("" if self.network is None else str(self.network), ""),
        }
        kept = {name: value for name, (value, usual) in said.items() if value != usual}
        return {**kept, **self.filter.query}


def _network(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise UserError(f"network={text} must be the number of a trial, such as network=17")
    return int(text)
