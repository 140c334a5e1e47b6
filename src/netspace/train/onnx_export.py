"""A network as an ONNX model, in 32-bit floats or 8-bit integers, and a session that runs it."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from netspace.design.network import Network, layers
from netspace.errors import SpecError, UserError
from netspace.train.build import build
from netspace.train.onnx_graph import Floats, Graph

OPSET, IR_VERSION = 18, 8
"""Of the models written: onnxruntime runs them from 1.14 on."""
INPUT, OUTPUT = "images", "logits"
"""(N, C, H, W) of float32, normalised; and (N, classes). N is free, the rest is fixed."""
BATCH = "batch"
LARGEST_BYTES = 2**31 - 1
"""What one ONNX file can hold."""
WARNINGS_TOO, ERRORS_ONLY = 2, 3
"""What onnxruntime logs: as it comes, and without its warnings."""

Quantisation: TypeAlias = Literal["dynamic", "static"]
QUANTISATIONS: tuple[Quantisation, ...] = ("dynamic", "static")


def onnx_model(network: Network, module: nn.Module | None = None) -> bytes:
    """The network in eval mode as ONNX: `images` (N, C, H, W) to `logits` (N, classes), any N.

    module: the network with its weights, which is only read; None is freshly initialised.
    Raises UserError for a module with operators or sizes that are not the network's, for weights
    that one file cannot hold, or where onnx is not installed.
    """
    onnx = required("onnx")
    fresh = build(network)
    whole = fresh if module is None else module
    _require_same(fresh, whole)
    graph = Graph(weights=_weights(whole))
    graph.add(layers(network), "", INPUT, network.input)
    graph.nodes[-1].output[0] = OUTPUT
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    shape = (BATCH, network.channels, *network.resolution)
    made = helper.make_graph(
        graph.nodes,
        network.name or "network",
        [helper.make_tensor_value_info(INPUT, floats, shape)],
        [helper.make_tensor_value_info(OUTPUT, floats, (BATCH, network.classes))],
        graph.constants,
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(made, opset_imports=[opset], ir_version=IR_VERSION)
    model.producer_name = "netspace"
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    written: bytes = inferred.SerializeToString()
    onnx.checker.check_model(written)
    return written


def described(model: bytes, metadata: Mapping[str, str]) -> bytes:
    """The model with this metadata in place of its own."""
    onnx = required("onnx")
    whole = onnx.load_from_string(model)
    onnx.helper.set_model_props(whole, dict(metadata))
    written: bytes = whole.SerializeToString()
    return written


def value_shapes(model: bytes) -> dict[str, list[int | str]]:
    """The shape of every value that the model computes, in order, by name; N is 'batch'."""
    onnx = required("onnx")
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    known = {value.name: value.type.tensor_type for value in (*graph.value_info, *graph.output)}
    names = (INPUT, *(name for node in graph.node for name in node.output))
    known |= {value.name: value.type.tensor_type for value in graph.input}
    return {
        name: [size.dim_param or size.dim_value for size in known[name].shape.dim]
        for name in names
        if name in known and known[name].HasField("shape")
    }


def quantised(model: bytes, *, how: Quantisation, calibration: Iterable[Floats] = ()) -> bytes:
    """The model with convolutions and linear layers in 8-bit integers.

    dynamic: weights are stored in 8 bits; the range of each layer's input is found anew for every
    batch, so an image's logits depend a little on the images beside it. static: ranges are found
    once, on `calibration`, batches (N, C, H, W) as the model takes them. Both run on onnxruntime's
    CPU. Raises UserError if static has nothing to calibrate on, or onnxruntime is not installed.
    """
    onnx, tools = required("onnx"), required("onnxruntime.quantization")
    reader = _Reader(calibration)
    if how == "static" and reader.first is None:
        raise UserError("int8 static needs images to calibrate on; give some, or use dynamic")
    before = onnx.load_from_string(model)
    with TemporaryDirectory() as place, _quiet():
        target = Path(place) / "int8.onnx"
        if how == "dynamic":
            # ConvInteger runs about twice as fast with unsigned weights as with signed ones.
            tools.quantize_dynamic(before, target, weight_type=tools.QuantType.QUInt8)
        else:
            tools.quantize_static(before, target, reader, **_static(tools))
        written: bytes = target.read_bytes()
    return written


def _static(tools: Any) -> dict[str, Any]:
    """How layers are quantised where ranges are fixed: weights by channel, steps as nodes."""
    return {
        "quant_format": tools.QuantFormat.QDQ,
        "per_channel": True,
        "activation_type": tools.QuantType.QUInt8,
        "weight_type": tools.QuantType.QInt8,
    }


def session(model: bytes, *, threads: int = 1) -> Any:
    """The model in onnxruntime, ready to run on so many threads of the processor."""
    onnxruntime = required("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = ERRORS_ONLY
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def required(name: str) -> Any:
    """A module of the extra `onnx`. Raises UserError where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise UserError(f"{package} is not installed; pip install 'netspace[onnx]'") from None


class _Reader:
    """Batches to calibrate on as onnxruntime asks for them, one after the other."""

    def __init__(self, batches: Iterable[Floats]):
        self._rest = iter(batches)
        self.first = next(self._rest, None)
        self._begun = False

    def get_next(self) -> dict[str, Floats] | None:
        """The next batch by the name of the input; None after the last."""
        batch = next(self._rest, None) if self._begun else self.first
        self._begun = True
        return None if batch is None else {INPUT: batch}


def _require_same(expected: nn.Module, module: nn.Module) -> None:
    """Raise UserError unless the module has the parts and sizes of the network as it is built."""
    known = {name: type(part) for name, part in expected.named_modules()}
    for name, part in module.named_modules():
        if known.get(name) is not type(part):
            raise UserError(
                f"layer '{name}': operator {type(part).__name__} is none of the network's, and has "
                "no translation to ONNX; export the network as netspace builds it"
            )
    sizes = {name: value.shape for name, value in module.state_dict().items()}
    for name, value in expected.state_dict().items():
        found = tuple(sizes.get(name, ()))
        if found != tuple(value.shape):
            raise SpecError(
                f"weights {name} are {found}, the network needs {tuple(value.shape)}; give the "
                "network that they were trained for"
            )
    size = sum(4 * value.numel() for value in module.parameters())
    if size > LARGEST_BYTES:
        raise SpecError(
            f"weights of {size / 1e9:.1f} GB exceed the 2.1 GB of one ONNX file; use --to torch"
        )


def _weights(module: nn.Module) -> dict[str, NDArray[np.float32]]:
    return {
        name: value.detach().to("cpu", torch.float32).numpy()
        for name, value in module.state_dict().items()
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what onnxruntime tells about its own work."""
    before, runtime = logging.root.manager.disable, required("onnxruntime")
    logging.disable(logging.WARNING)
    runtime.set_default_logger_severity(ERRORS_ONLY)
    try:
        yield
    finally:
        logging.disable(before)
        runtime.set_default_logger_severity(WARNINGS_TOO)
