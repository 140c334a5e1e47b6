"""Made-up contests: real networks at like cost, invented errors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from netspace.contest_study import Contestant, ContestStudy, EqualFlops, Origin, Transfer
from netspace.design.blocks import Basic, Bottleneck, MBConv
from netspace.design.complexity import count
from netspace.design.network import Network, Stage, Stem
from netspace.present.contest_record import ContestRecord, Entry, Heat, Victor
from netspace.present.latency_record import BackendFindings, Figures, LatencyReport, TimedNetwork
from netspace.present.record import DataFacts
from netspace.recipe import Recipe
from netspace.trial import Round, Trial

RECIPE = Recipe(epochs=3)
ORIGINS: Mapping[str, Origin] = {
    "residual": "handcrafted",
    "regnet": "design space",
    "inverted": "searched",
}
ERRORS = {
    "residual": (48.0, 47.5, 48.9),
    "regnet": (50.1, 49.4, 50.9),
    "inverted": (60.2, 58.7, 61.0),
}


def _net(block: Basic | Bottleneck | MBConv, width: int) -> Network:
    stages = (
        Stage(block=block, width=width, depth=2, stride=1),
        Stage(block=block, width=2 * width, depth=2),
    )
    return Network(stem=Stem(width=16, stride=1), stages=stages, classes=10, resolution=(32, 32))


ENTRIES = tuple(
    Entry(name=name, origin=ORIGINS[name], source="the zoo", network=net, changes=changes)
    for name, net, changes in (
        ("residual", _net(Basic(), 16), ()),
        ("regnet", _net(Bottleneck(group_width=8), 24), ("stem 3x3 <of> stride 1",)),
        ("inverted", _net(MBConv(expansion=4), 16), ()),
    )
)
STUDY = ContestStudy(
    data="cifar10",
    candidates=tuple(
        Contestant(name=one.name, network=one.network, origin=one.origin) for one in ENTRIES
    ),
    equal=EqualFlops(size="5M..6M"),
    transfer=(Transfer(data="scenes"),),
    recipe=RECIPE,
)


def data(name: str) -> DataFacts:
    return DataFacts(
        name=name,
        origin="made up",
        fingerprint="0123456789abcdef",
        classes=("a", "b"),
        resolution=32,
        channels=3,
        images={"train": 900, "validation": 100, "test": 200},
        notes=(),
    )


def heat(mode: Round, name: str, errors: Mapping[str, Sequence[float | None]]) -> Heat:
    """None is a training that failed."""
    trials = [
        Trial(
            round=mode,
            space=entry.name,
            index=0,
            network=entry.network,
            complexity=count(entry.network),
            recipe=RECIPE,
            seed=seed,
            state="failed" if error is None else "finished",
            error=error,
            seconds=12.0,
            reason="diverged" if error is None else "",
        )
        for entry in ENTRIES
        for seed, error in enumerate(errors.get(entry.name, ()))
    ]
    return Heat(mode=mode, data=data(name), trials=tuple(trials))


def latency() -> LatencyReport:
    def figures(ms: float) -> Figures:
        return Figures(median_ms=ms, low_ms=0.9 * ms, high_ms=1.2 * ms, runs=90, builds=2)

    timed = tuple(
        TimedNetwork(
            name=entry.name,
            resolution=entry.network.resolution,
            flops=entry.complexity.flops,
            params=entry.complexity.params,
            activations=entry.complexity.activations,
            figures={"channels_last": figures(ms)},
            speeds={},
        )
        for entry, ms in zip(ENTRIES, (0.8, 1.25, 3.5), strict=True)
    )
    found = BackendFindings(
        backend="channels_last",
        meaning="PyTorch with the channels last in memory, fp32",
        floor_percent=3.0,
        order=(0, 1, 2),
        steps=(),
        pairs=(),
        correlations={},
    )
    return LatencyReport(
        networks=timed,
        findings=(found,),
        device="cpu, made up",
        versions={"torch": "2.13.0"},
        batch_size=1,
        threads=1,
        rounds=9,
        runs=5,
        warmup=5,
        confidence=0.95,
    )


def record(errors: Mapping[str, Sequence[float | None]] = ERRORS) -> ContestRecord:
    """A finished contest with one further data set, whose order is turned round."""
    turned = {name: tuple(120.0 - e for e in own) for name, own in ERRORS.items()}
    gentler = {name: tuple(e - 2.0 for e in own) for name, own in turned.items()}
    return ContestRecord(
        folder="runs/contest",
        study=STUDY,
        command="netspace contest study.yaml",
        plan=("three networks",),
        entries=ENTRIES,
        heats=(
            heat("contest", "cifar10", errors),
            heat("transfer", "scenes", turned),
            heat("fine-tuning", "scenes", gentler),
        ),
        latency=latency(),
        victor=Victor(
            name="residual", seed=1, validation_error=48.13, kept_error=47.5, test_error=49.0
        ),
        seconds=600.0,
    )


def begun() -> ContestRecord:
    """A contest before any training has ended."""
    first = heat("contest", "cifar10", {})
    return replace(record(), heats=(first,), latency=None, victor=None)
