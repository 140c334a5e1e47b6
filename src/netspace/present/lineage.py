"""The lineage of a walk as an SVG picture: A -> B -> C, each arrow with its rule and verdict.

The spaces that were gone on from stand below each other. Rules that were tried and declined branch
off the space that they were tried on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from netspace.analyse.refinement import Size, Step
from netspace.present.wording import counted

WIDTH = 920
BOX, BOX_HEIGHT = 250, 46
MIDDLE = BOX / 2 + 10
TEXT = 290
LETTERS = 92
LONGEST = 31
"""Letters of a space's name that its box holds."""

LINE, GAP = 17, 14

STYLE = """
.netspace-lineage{color:var(--text,#1d2126);background:var(--surface,#fff);
font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.netspace-lineage text{fill:currentColor}
.netspace-lineage .name,.netspace-lineage .size{text-anchor:middle}
.netspace-lineage .name,.netspace-lineage .rule{font-weight:600}
.netspace-lineage .size{font-size:12px;opacity:.75}
.netspace-lineage .faint{opacity:.68}
.netspace-lineage .space{fill:none;stroke:var(--accent,#0072b2);stroke-width:1.5}
.netspace-lineage .arrow{stroke:var(--accent,#0072b2);stroke-width:2;fill:none}
.netspace-lineage .head{fill:var(--accent,#0072b2)}
.netspace-lineage .branch{stroke:currentColor;opacity:.45;stroke-width:1.5;stroke-dasharray:4 3;
fill:none}
.netspace-lineage .cross{stroke:var(--accent-2,#d55e00);stroke-width:2.5}
.netspace-lineage .open{stroke:currentColor;stroke-width:1.5;fill:none}
@media (prefers-color-scheme:dark){.netspace-lineage{color:var(--text,#e4e7eb);
background:var(--surface,#14171b)}.netspace-lineage .space,.netspace-lineage .arrow{
stroke:var(--accent,#56b4e9)}.netspace-lineage .head{fill:var(--accent,#56b4e9)}
.netspace-lineage .cross{stroke:var(--accent-2,#e69f00)}}
""".replace("\n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """The lines beside an arrow or a branch: first the rule, in so many of them, then the rest."""

    step: Step
    lines: tuple[str, ...]
    rule: int

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + GAP


def draw_lineage(steps: Sequence[Step]) -> str:
    """The walk of these steps, at least one, as one SVG element."""
    parts: list[str] = []
    top = 10.0
    space, size = steps[0].parent, steps[0].before
    parts += _box(top, space, size)
    for place, step in enumerate(steps):
        said = _said(step)
        start = top + BOX_HEIGHT
        if step.taken:
            end = start + max(said.height, 30.0) + GAP
            parts += _arrow(start, end)
            parts += _text(said, start + GAP)
            top = end
            parts += _box(top, step.child, step.after)
        else:
            parts += _branch(start, said, last=place == len(steps) - 1)
            top += said.height + GAP
    height = top + BOX_HEIGHT + 12
    words = " to ".join([steps[0].parent, *(step.child for step in steps if step.taken)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="netspace-lineage" role="img" '
        f'aria-label="Lineage: {escape(words)}" viewBox="0 0 {WIDTH} {height:g}">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>"
    )


def _said(step: Step) -> _Said:
    """What stands beside a step: rule and outcome, verdict, networks."""
    lines = wrap(step.sentence, LETTERS - 8)
    rule = len(lines)
    if step.comparison is not None:
        lines += wrap(step.verdict_words, LETTERS)
        fresh = f"{step.comparison.finished_a} and {step.comparison.finished_b} fresh networks"
        lines.append(f"judged by {fresh}; {counted(step.networks, 'network')} spent on it")
    return _Said(step=step, lines=tuple(lines), rule=rule)


def _box(top: float, name: str, size: Size) -> Iterator[str]:
    degrees = counted(size.degrees_of_freedom, "degree")
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    words = f"{degrees} of freedom, size 10^{size.log10_size:.1f}"
    yield (
        f'<rect class="space" x="10" y="{top:g}" width="{BOX}" height="{BOX_HEIGHT}" rx="7"/>'
        f'<text class="name" x="{MIDDLE:g}" y="{top + 19:g}">{escape(shown)}</text>'
        f'<text class="size" x="{MIDDLE:g}" y="{top + 36:g}">{escape(words)}</text>'
    )


def _arrow(start: float, end: float) -> Iterator[str]:
    yield (
        f'<path class="arrow" d="M{MIDDLE:g} {start:g}V{end - 8:g}"/>'
        f'<path class="head" d="M{MIDDLE - 6:g} {end - 9:g}h12l-6 9z"/>'
    )


def _branch(start: float, said: _Said, *, last: bool) -> Iterator[str]:
    """A dashed line down from the space and off to the rule: a cross if declined, else a ring."""
    level = start + GAP + LINE / 2
    down = level if last else start + said.height + GAP
    left = TEXT - 22
    yield f'<path class="branch" d="M{MIDDLE:g} {start:g}V{down:g}"/>'
    yield f'<path class="branch" d="M{MIDDLE:g} {level:g}H{left - 8:g}"/>'
    if said.step.taken is None:
        yield f'<circle class="open" cx="{left:g}" cy="{level:g}" r="5"/>'
    else:
        yield f'<path class="cross" d="M{left - 5:g} {level - 5:g}l10 10m0 -10l-10 10"/>'
    yield from _text(said, start + GAP)


def _text(said: _Said, top: float) -> Iterator[str]:
    for number, line in enumerate(said.lines):
        kind = "rule" if number < said.rule else "faint"
        y = top + LINE * number + 13
        yield f'<text class="{kind}" x="{TEXT}" y="{y:g}">{escape(line)}</text>'
