from pathlib import Path

from netspace.present.scaling_record import ScalingRecord
from netspace.present.scaling_text import scaling_result_text
from netspace.workflow.scaling_summary import scaling_summary
from tests.present.records import fail
from tests.present.scaling_records import planned, record, trained, whole


def lines(study: ScalingRecord, folder: Path) -> list[str]:
    return scaling_result_text(scaling_summary(study), folder).splitlines()


def test_series_by_factor_verdicts_best_and_files(tmp_path: Path) -> None:
    study = whole()
    best, spread = study.best, study.spread
    assert best is not None
    assert spread is not None
    for name in ("summary.json", "report.html"):
        (tmp_path / name).touch()
    told = lines(study, tmp_path)
    half = spread.half_width(2)
    assert told[0].split() == ["error", "%", "1x", "flops", "2x", "flops", "4x", "flops"]
    names = ["base", "compound", "depth", "width", "resolution", "fast"]
    assert [line.split()[0] for line in told[1:7]] == names
    means = [point.mean for point in study.series("compound")]
    cells = " ".join(f"{mean:.2f} ± {half:.2f}" for mean in means)
    assert " ".join(told[2].split()) == f"compound {cells}"
    assert sum(line.startswith("at 2x, ") for line in told) == 4
    assert sum(line.startswith("at 4x, ") for line in told) == 4
    alpha, beta, gamma = best.bases
    assert told[-2].startswith(
        f"best of the grid at 2x: alpha {alpha:.2f}, beta {beta:.2f}, gamma {gamma:.2f}; "
        "validation error "
        f"{best.mean:.2f} %, {best.complexity.flops:,} flops"
    )
    assert told[-1] == f"in {tmp_path}: summary.json, report.html"


def test_unfinished_and_failed(tmp_path: Path) -> None:
    first = planned()
    base, depth = first[0], next(trial for trial in first if trial.space == "depth")
    told = lines(record([fail(base, "diverged"), *trained([depth]), *first[2:21]]), tmp_path)
    assert told[1].split() == ["base", "failed"]
    assert told[2].split()[0] == "depth"
    assert "±" not in told[2]
    assert "-" in told[3].split()
    assert "failed trainings: 1" in told
    assert any(line.startswith("no best network yet") for line in told)
