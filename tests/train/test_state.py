"""A training in parts is the whole training; a state that is not its own is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from netspace.design.blocks import MBConv
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Squeeze
from netspace.errors import DataError, SpecError, StorageError
from netspace.recipe import Recipe
from netspace.train import state
from netspace.train.data import DataSet, load
from netspace.train.device import Compute
from netspace.train.state import Learner, Progress, StateFile
from netspace.train.trainer import Training, _learner, train
from netspace.train.weights import save_weights
from netspace.trial import Epoch
from tests.pictures import picture_folder

CPU = torch.device("cpu")
BLOCK = MBConv(expansion=2, kernel=3, se=Squeeze(ratio=0.25))
NETWORK = Network(
    stem=Stem(width=8, kernel=3, stride=1),
    stages=(
        Stage(block=BLOCK, width=8, depth=2, stride=1),
        Stage(block=BLOCK, width=16, depth=2, stride=2),
    ),
    head=Head(width=32, dropout=0.3),
    classes=3,
    resolution=(12, 12),
    stochastic_depth=0.4,
)
RECIPE = Recipe(epochs=4, batch_size=8, learning_rate=0.05, precision="fp32")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load(picture_folder(tmp_path_factory.mktemp("data") / "colours"))


@pytest.fixture(scope="module")
def saved(data: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a training stopped after its first epoch."""
    path = tmp_path_factory.mktemp("saved") / "1.state.safetensors"
    train(NETWORK, RECIPE, data, seed=3, device=CPU, until=1, state=path)
    return path


def learnt(training: Training) -> list[tuple[int, float, float, float]]:
    """The curve without its seconds."""
    return [
        (one.number, one.learning_rate, one.train_loss, one.validation_error_percent)
        for one in training.curve
    ]


def same(a: Training, b: Training) -> None:
    assert learnt(a) == learnt(b)
    assert a.error == b.error
    ours, theirs = a.module.state_dict(), b.module.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize(
    ("stops", "changes"),
    [
        ((1, 3), {}),
        ((2,), {"precision": "bf16"}),
        ((1, 2, 3), {"momentum": 0.0, "warmup_epochs": 0.0}),
    ],
)
def test_parts_are_bit_for_bit_the_whole(
    stops: tuple[int, ...], changes: dict[str, object], data: DataSet, tmp_path: Path
) -> None:
    recipe, path = replace(RECIPE, **changes), tmp_path / "states" / "1.safetensors"
    whole = train(NETWORK, recipe, data, seed=3, device=CPU)
    for stop in stops:
        torch.manual_seed(stop)  # what lies between the parts has no bearing
        part = train(NETWORK, recipe, data, seed=3, device=CPU, until=stop, state=path)
        assert learnt(part) == learnt(whole)[:stop]
        assert part.error == whole.curve[stop - 1].validation_error_percent
    same(train(NETWORK, recipe, data, seed=3, device=CPU, state=path), whole)
    assert [one.name for one in path.parent.iterdir()] == ["1.safetensors"]


def test_only_new_epochs_are_told(data: DataSet, tmp_path: Path) -> None:
    path, told = tmp_path / "1.safetensors", list[Epoch]()
    for until in (1, 3):
        result = train(
            NETWORK, RECIPE, data, seed=0, device=CPU, until=until, state=path,
            on_epoch=told.append,
        )  # fmt: skip
    assert tuple(told) == result.curve


def test_a_state_that_has_come_far_enough_gives_its_result(
    data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the process was killed after the state was saved, before its result was stored."""
    path = tmp_path / "1.safetensors"
    first = train(NETWORK, RECIPE, data, seed=0, device=CPU, until=2, state=path)
    kept = path.read_bytes()
    monkeypatch.setattr("netspace.train.trainer._epoch", None)
    for until in (2, 1):
        again = train(NETWORK, RECIPE, data, seed=0, device=CPU, until=until, state=path)
        same(again, first)
        assert again.curve == first.curve
        assert (again.seconds, again.setting) == (first.seconds, first.setting)
    assert path.read_bytes() == kept


@pytest.mark.parametrize("until", [0, 5])
def test_a_stop_outside_the_recipe_is_refused(until: int, data: DataSet) -> None:
    with pytest.raises(SpecError, match=f"until {until} must lie from 1 to .* epochs 4"):
        train(NETWORK, RECIPE, data, seed=0, device=CPU, until=until)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"network": replace(NETWORK, stages=NETWORK.stages[:1])}, "network"),
        ({"network": replace(NETWORK, stochastic_depth=0.2)}, "network"),
        ({"recipe": replace(RECIPE, epochs=5)}, "recipe"),
        ({"seed": 4}, "seed"),
        ({"seed": 4, "recipe": replace(RECIPE, momentum=0.5)}, "recipe and seed"),
    ],
)
def test_the_state_of_another_training_is_refused_and_kept(
    other: dict[str, object], named: str, data: DataSet, saved: Path
) -> None:
    """C23."""
    kept = saved.read_bytes()
    asked = {"network": NETWORK, "recipe": RECIPE, "seed": 3, **other}
    with pytest.raises(DataError, match=f"training state of another {named}; give") as told:
        train(**asked, data=data, device=CPU, state=saved)
    assert "\n" not in str(told.value)
    assert saved.read_bytes() == kept


def test_what_a_network_is_called_does_not_matter(saved: Path, data: DataSet) -> None:
    called = replace(NETWORK, name="mine", note="drawn by hand")
    result = train(called, RECIPE, data, seed=3, device=CPU, until=1, state=saved)
    assert len(result.curve) == 1


@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_byte_changed_anywhere_is_noticed(
    saved: Path, untouched: Learner, place: float, change: int
) -> None:
    whole = bytearray(saved.read_bytes())
    at = int(place * len(whole))
    assume(not (whole[at] == ord(" ") and chr(whole[at] ^ change).isspace()))  # the same JSON
    whole[at] ^= change
    refused(saved.with_name("damaged.safetensors"), bytes(whole), untouched)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_noticed(
    saved: Path, untouched: Learner, share: float, tmp_path: Path
) -> None:
    whole = saved.read_bytes()
    refused(tmp_path / "short.safetensors", whole[: int(share * len(whole))], untouched)


def test_the_weights_of_a_network_are_no_state(tmp_path: Path) -> None:
    save_weights(fresh().module, tmp_path / "weights.safetensors")
    with pytest.raises(DataError, match="no training state"):
        own(tmp_path / "weights.safetensors").restore(fresh())


def refused(path: Path, content: bytes, learner: Learner) -> None:
    """One line is said of such a file, and the learner stays as it was."""
    path.write_bytes(content)
    before = {name: value.clone() for name, value in learner.module.state_dict().items()}
    with pytest.raises(DataError, match=r"damaged, or no training state .*; delete it") as told:
        own(path).restore(learner)
    assert "\n" not in str(told.value)
    for name, value in learner.module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.fixture(scope="module")
def untouched() -> Learner:
    return fresh()


def own(path: Path) -> StateFile:
    return StateFile.of(path, NETWORK, RECIPE, 3)


def fresh(device: torch.device = CPU) -> Learner:
    return _learner(NETWORK, RECIPE, 3, Compute.of(device, "fp32"))


def test_the_momentum_lies_in_memory_as_its_parameter(saved: Path, data: DataSet) -> None:
    learner = fresh()
    recipe = replace(RECIPE, flip=data.flip)
    StateFile.of(saved, NETWORK, recipe, 3).restore(learner)
    known = learner.optimizer.state
    assert len(known) == len(list(learner.module.parameters()))
    for parameter, kept in known.items():
        assert kept["momentum_buffer"].stride() == parameter.stride()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_the_generator_of_a_gpu_goes_on_too(tmp_path: Path) -> None:
    gpu = torch.device("cuda")
    file, learner = own(tmp_path / "1.safetensors"), fresh(gpu)
    file.save(learner, Progress())
    drawn = torch.rand(8, device=gpu)
    file.restore(fresh(gpu))
    assert torch.equal(torch.rand(8, device=gpu), drawn)


def test_a_state_from_another_kind_of_device_goes_on(
    data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, on_gpu = tmp_path / "1.safetensors", torch.zeros(16, dtype=torch.uint8)
    own_generators = state._generators
    monkeypatch.setattr(state, "_generators", lambda one: {**own_generators(one), "cuda": on_gpu})
    monkeypatch.setattr(torch.cuda, "set_rng_state", None)  # nobody calls it
    train(NETWORK, RECIPE, data, seed=3, device=CPU, until=1, state=path)
    whole = train(NETWORK, RECIPE, data, seed=3, device=CPU)
    same(train(NETWORK, RECIPE, data, seed=3, device=CPU, state=path), whole)


def test_a_state_that_cannot_be_written_says_so(data: DataSet, tmp_path: Path) -> None:
    (tmp_path / "states").write_text("a file where a folder should be")
    path = tmp_path / "states" / "1.safetensors"
    with pytest.raises(StorageError, match="cannot write weights"):
        train(NETWORK, RECIPE, data, seed=0, device=CPU, until=1, state=path)


def test_parts_add_up_and_settings_that_changed_are_all_named() -> None:
    past = Progress().further((), 2.0, {"precision": "bf16", "threads": "1"})
    assert past == Progress(seconds=2.0, setting={"precision": "bf16", "threads": "1"})
    for _ in range(2):
        past = past.further((), 0.5, {"precision": "fp32", "threads": "1"})
    assert past == Progress(seconds=3.0, setting={"precision": "bf16, then fp32", "threads": "1"})
