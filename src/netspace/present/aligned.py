"""Tables of text for the terminal."""

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text: the first one left-aligned, the others right-aligned."""
    lines = [list(head), *(list(row) for row in rows)]
    sizes = [max(len(line[place]) for line in lines) for place in range(len(head))]
    padded = (
        [line[0].ljust(sizes[0]), *(c.rjust(s) for c, s in zip(line[1:], sizes[1:], strict=True))]
        for line in lines
    )
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
