"""Where one is in the page, and how the browser shows things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page is rendered for.

    path: of the address, such as "/runs". query: its query string; of a name given twice the last
    counts. folders: what to look for runs in. dark: the browser's mode. coarse: moved by a finger.
    """

    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    dark: bool = False
    coarse: bool = False

    @classmethod
    def of(cls, data: Mapping[str, Any] | None, folders: Sequence[Path] = ()) -> Self:
        """The view that the browser reports in `dcc.Store(id="view")`."""
        told = data or {}
        search = str(told.get("search") or "").removeprefix("?")
        return cls(
            path=str(told.get("path") or "/"),
            query=dict(parse_qsl(search, keep_blank_values=True)),
            folders=tuple(folders),
            dark=bool(told.get("dark")),
            coarse=bool(told.get("coarse")),
        )
