"""How far a run has come."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from netspace.present.web.run_data import RunData
from netspace.present.wording import counted, duration, listed, percent

MOST_NAMED = 6


def labelled(words: str) -> dict[str, Any]:
    """What a screen reader calls a part of the page."""
    return {"aria-label": words}


def state_words(data: RunData) -> str:
    """What has become of the run, in a word or a few."""
    counts, all_of = data.counts, sum(data.counts.values())
    waiting = counts["planned"] + counts["running"]
    if data.folder.in_use:
        return "running"
    if data.kind == "table":
        return "imported"
    if not all_of:
        return "not begun"
    return f"stopped, {waiting:,} to go" if waiting else "finished"


def progress(data: RunData) -> Component:
    """The bar, what is in training, and the best network so far."""
    counts, all_of = data.counts, sum(data.counts.values())
    done = counts["finished"] + counts["failed"]
    state = state_words(data)
    words = html.P(f"{state[:1].upper()}{state[1:]}: {count_words(data)}.", id="runs-state")
    parts: list[Component] = [words]
    if done < all_of:
        said = labelled(f"{done:,} of {counted(all_of, 'training')} ended")
        parts.append(html.Progress(value=str(done), max=str(all_of), id="runs-bar", **said))
    parts += [
        html.P(line, className="note") for line in (now_words(data), best_words(data)) if line
    ]
    return html.Div(parts)


def count_words(data: RunData) -> str:
    """'12 of 20 trainings done, 1 failed, 2 running, 5 planned'."""
    all_of = sum(data.counts.values())
    if data.kind == "table":
        return f"{data.counts['finished']:,} of {counted(all_of, 'row')} with an error"
    first, *others = _ordered(data)
    said = [f"{count:,} {state}" for state, count in others if count or state == "failed"]
    return f"{first[1]:,} of {counted(all_of, 'training')} done, {', '.join(said)}"


def _ordered(data: RunData) -> list[tuple[str, int]]:
    counts = data.counts
    return [
        ("finished", counts["finished"]),
        ("failed", counts["failed"]),
        ("running", counts["running"]),
        ("planned", counts["planned"]),
    ]


def now_words(data: RunData) -> str:
    """Which networks are in training; empty if none is."""
    if not data.running or not data.folder.in_use:
        return ""
    more = len(data.running) - MOST_NAMED
    named = [*data.running[:MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])]
    return f"In training: {listed(named)}."


def best_words(data: RunData) -> str:
    """The lowest error of the first round and the time spent."""
    said = []
    if data.best is not None:
        rows, place = data.best
        name, error = rows.called(int(rows.table.index[place])), float(rows.table.errors[place])
        said.append(f"Lowest error of the {data.first_round} round: {percent(error)} ({name}).")
    if data.facts.get("seconds"):
        said.append(f"{duration(data.facts['seconds'])} of work.")
    return " ".join(said)
