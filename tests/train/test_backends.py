"""Backends: each runs the network as PyTorch does, or says in one line why it cannot."""

import importlib.util
import shutil

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from netspace.design.blocks import Bottleneck, MBConv
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Squeeze
from netspace.errors import SpecError, UnknownNameError, UserError
from netspace.train import backends
from netspace.train.backends import BACKENDS, MEANINGS, USUAL, Answer, Conditions, prepare

SQUEEZE = Squeeze(ratio=0.25, source="input", act="silu")
NETWORK = Network(
    stem=Stem(width=8, stride=1),
    stages=(
        Stage(block=Bottleneck(group_width=4), width=16, depth=2),
        Stage(block=MBConv(expansion=2, kernel=3, se=SQUEEZE, act="silu"), width=16, depth=2),
    ),
    head=Head(),
    classes=5,
    resolution=(12, 16),
)
MPS, CUDA = torch.device("mps"), torch.device("cuda")
needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("clang++") is None,
    reason="torch.compile needs a C++ compiler",
)
own_warnings = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inductor's own
EXACT = [
    "eager",
    "channels_last",
    pytest.param("compile", marks=[needs_compiler, pytest.mark.slow, own_warnings]),
    "onnx",
]


def array(answer: Answer) -> NDArray[np.float32]:
    return answer.numpy() if isinstance(answer, torch.Tensor) else answer


def eager(batch_size: int = 1) -> NDArray[np.float32]:
    return array(prepare(NETWORK, "eager", Conditions(batch_size=batch_size))())


@pytest.mark.parametrize("backend", EXACT)
def test_every_backend_answers_as_eager_does(backend: backends.Backend) -> None:
    run = prepare(NETWORK, backend, Conditions(batch_size=3))
    answers = [array(run()) for _ in range(2)]
    assert answers[0].shape == (3, 5)
    for answer in answers:
        np.testing.assert_allclose(answer, eager(3), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("backend", ["onnx_int8_dynamic", "onnx_int8_static"])
def test_int8_answers_nearly_as_eager_does(backend: backends.Backend) -> None:
    answer, exact = array(prepare(NETWORK, backend, Conditions(batch_size=4))()), eager(4)
    assert answer.shape == exact.shape
    assert np.corrcoef(answer.ravel(), exact.ravel())[0, 1] > 0.95
    assert not np.array_equal(answer, exact)


def test_static_int8_is_calibrated_on_the_images_given() -> None:
    """On images that are all the same, ranges are too narrow for the noise."""
    flat = torch.zeros(4, 3, 12, 16)
    on_noise, on_flat = (
        array(prepare(NETWORK, "onnx_int8_static", images=images)()) for images in (None, flat)
    )
    assert not np.allclose(on_noise, on_flat, rtol=0.01, atol=1e-5)


def test_every_backend_has_a_meaning() -> None:
    assert tuple(MEANINGS) == BACKENDS
    assert set(USUAL) <= set(BACKENDS)


class Spy(nn.Module):
    """Notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 3, 3, 3))
        self.seen: list[tuple[bool, bool]] = []
        self.batches: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append((self.training, torch.is_inference_mode_enabled()))
        self.batches.append(x)
        return x


@pytest.mark.parametrize(("backend", "last"), [("eager", False), ("channels_last", True)])
def test_modules_run_as_in_use(
    backend: backends.Backend, last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy()
    monkeypatch.setattr(backends, "build", lambda network: spy)
    prepare(NETWORK, backend, Conditions(batch_size=2))()
    assert spy.seen == [(False, True)]
    (batch,) = spy.batches
    assert batch.shape == (2, 3, 12, 16)
    for tensor in (batch, spy.weight):
        assert tensor.is_contiguous(memory_format=torch.channels_last) is last


def test_a_builder_makes_a_module_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Spy] = []
    monkeypatch.setattr(backends, "build", lambda network: made.append(Spy()) or made[-1])
    make = backends.builder(NETWORK, "eager")
    first, second = make(), make()
    first()
    second()
    assert [len(spy.seen) for spy in made] == [1, 1]


def test_a_model_is_exported_once_for_all_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    from netspace.train import onnx_export

    calls: list[str] = []
    export, session = onnx_export.onnx_model, onnx_export.session

    def exported(*given: object) -> bytes:
        calls.append("export")
        return export(*given)

    def opened(model: bytes, *, threads: int) -> object:
        calls.append(f"session on {threads}")
        return session(model, threads=threads)

    monkeypatch.setattr(onnx_export, "onnx_model", exported)
    monkeypatch.setattr(onnx_export, "session", opened)
    make = backends.builder(NETWORK, "onnx", Conditions(threads=2))
    make()
    make()
    assert calls == ["export", "session on 2", "session on 2"]


def test_compiled_modules_share_no_code() -> None:
    """torch.compile gives up on code that is compiled for more than eight modules."""
    module = nn.Identity()
    first, second = backends._apart(module), backends._apart(module)
    assert first.__code__ is not second.__code__
    batch = torch.ones(1)
    assert first(batch) is second(batch) is batch


@pytest.mark.parametrize("before", ["", "backend='inductor' raised:\n"])
def test_a_failing_compiler_is_one_line(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"{before}No working C++ compiler found\nfor more, set TORCH_LOGS")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: broken)
    with pytest.raises(UserError) as fault:
        prepare(NETWORK, "compile")
    assert str(fault.value) == (
        "backend compile: torch.compile failed on the network: "
        f"{before.replace(chr(10), ' ')}No working C++ compiler found; it "
        "needs a C++ compiler: install g++ or set CXX, or leave compile out"
    )


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_a_missing_package_names_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        backends, "find_spec", lambda name: None if name == missing else found(name)
    )
    expected = rf"backend onnx: {missing} is not installed; pip install 'netspace\[onnx\]'"
    with pytest.raises(UserError, match=expected):
        prepare(NETWORK, "onnx")
    assert backends.usual() == ("eager", "channels_last")


@pytest.mark.parametrize("device", [MPS, CUDA])
@pytest.mark.parametrize("backend", ["onnx", "onnx_int8_dynamic", "onnx_int8_static"])
def test_onnx_runtime_is_refused_off_the_processor(
    backend: backends.Backend, device: torch.device
) -> None:
    expected = f"backend {backend}: ONNX Runtime runs here on cpu only, not on {device.type}"
    with pytest.raises(UserError, match=expected):
        backends.require(backend, device)
    assert backends.usual(device) == ("eager", "channels_last")


def test_names() -> None:
    assert backends.named("channels-last") == "channels_last"
    assert backends.named(" onnx ") == "onnx"
    with pytest.raises(UnknownNameError, match="unknown backend 'egaer'; did you mean 'eager'"):
        backends.named("egaer")


def test_a_network_that_does_not_fit_is_refused() -> None:
    grid = Network(stages=NETWORK.stages, stem=Stem(kernel=7, padding=0), resolution=(5, 5))
    with pytest.raises(SpecError, match="too small"):
        prepare(grid, "eager")


@pytest.mark.parametrize("name", ["batch_size", "threads"])
def test_counts_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} 0 must be at least 1"):
        Conditions(**{name: 0})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("backend", ["eager", "channels_last"])
def test_a_gpu_answers_alike(backend: backends.Backend) -> None:
    answer = prepare(NETWORK, backend, Conditions(device=CUDA))()
    assert isinstance(answer, torch.Tensor)
    np.testing.assert_allclose(answer.cpu().numpy(), eager(), rtol=1e-2, atol=1e-4)
