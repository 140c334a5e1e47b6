"""Two populations side by side, each given as DIR or DIR:SPACE."""

from dataclasses import dataclass
from pathlib import Path

from netspace.analyse.verdict import Comparison
from netspace.errors import RunError, UnknownNameError
from netspace.present.populations import Population, compare_spaces, populations
from netspace.present.record import RunRecord
from netspace.run.folder import RunFolder
from netspace.workflow.record import read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One population of one run."""

    record: RunRecord
    space: str

    @property
    def population(self) -> Population:
        """Its trials."""
        return next(one for one in populations(self.record) if one.space == self.space)


def side(text: str) -> Side:
    """The population that DIR or DIR:SPACE names; DIR alone must hold a single space."""
    folder, _, space = text.rpartition(":") if not Path(text).exists() else (text, "", "")
    record = read_record(RunFolder(Path(folder or text)))
    names = [facts.name for facts in record.spaces]
    if space and space not in names:
        raise UnknownNameError.of("space", space, names)
    if not space and len(names) != 1:
        raise RunError(f"{text} holds {len(names)} spaces; say which: {text}:{' or :'.join(names)}")
    return Side(record=record, space=space or names[0])


def compare_populations(a: Side, b: Side, *, force: bool = False) -> Comparison:
    """Compare B with A. Raises RunError if they were trained on other data or otherwise."""
    differing = _differing(a.record, b.record)
    if differing and not force:
        raise RunError(
            f"{a.record.folder} and {b.record.folder} were trained with different {differing}, so "
            "their errors cannot be compared; --force does it all the same"
        )
    return compare_spaces(a.population, b.population)


def _differing(a: RunRecord, b: RunRecord) -> str:
    same = {
        "images or splits": a.data.fingerprint == b.data.fingerprint,
        "recipes": a.study.recipe == b.study.recipe,
    }
    return " and ".join(name for name, equal in same.items() if not equal)
