"""Handing over an ONNX model: exported, held against torch, described, quantised on request."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from netspace.errors import RunError, UnknownNameError, UserError
from netspace.present.onnx_card import Card, Preparation, card_text
from netspace.run.folder import copy_whole, write_whole
from netspace.train.batches import stratified_part
from netspace.train.build import build
from netspace.train.data import Split
from netspace.train.onnx_checks import check_parity, error_percent, prepared
from netspace.train.onnx_export import (
    OPSET,
    QUANTISATIONS,
    described,
    onnx_model,
    quantised,
    value_shapes,
)
from netspace.train.onnx_graph import Floats
from netspace.train.weights import restore_weights
from netspace.workflow.export_images import Images, images_for
from netspace.workflow.exportable import Exportable, require_winner_weights

CALIBRATION_IMAGES = 256
"""Of the train split, in about its class shares, on which static ranges are found."""
PARITY_IMAGES = 256
"""Of the validation split, on which the model is held against torch."""
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """One file to write: the model, and the JSON beside it."""

    target: Path
    content: bytes
    text: str


def export_onnx(
    chosen: Exportable,
    source: str,
    output: Path | None,
    *,
    data: str | None,
    int8: str | None,
    say: Callable[[str], None],
) -> Iterator[Path]:
    """Write the model and its JSON; with int8, a second pair beside them, NAME.int8.onnx.

    All is checked before anything is written. Raises NetspaceError where onnxruntime and torch
    differ, UserError for images or weights that do not fit, or static int8 without images.
    """
    if int8 is not None and int8 not in QUANTISATIONS:
        raise UnknownNameError.of("int8", int8, QUANTISATIONS)
    target = _target(chosen, source, output)
    module = _module(chosen)
    images = images_for(chosen, data, say)
    if int8 == "static" and images.train is None:
        raise UserError(
            f"--int8 static needs images to calibrate on; {images.missing}; give --data, or use "
            "--int8 dynamic"
        )
    _say_weights(chosen, say)
    models = [_float_model(chosen, module, target, images, say)]
    if int8 is not None:
        models.append(_int8_model(chosen, models[0], int8, images, say))
    for one in models:
        _write(one.target, one.content)
        write_whole(one.target.with_suffix(".json"), one.text)
        yield from (one.target, one.target.with_suffix(".json"))


def _target(chosen: Exportable, source: str, output: Path | None) -> Path:
    target = chosen.target(output, source, ".onnx")
    if target.suffix == ".json":
        raise RunError(f"{target} cannot have its JSON beside it; name the model like net.onnx")
    return target


def _module(chosen: Exportable) -> nn.Module:
    """The network with its weights, or freshly initialised."""
    weights = chosen.weights
    if chosen.run is not None:
        weights = require_winner_weights(chosen.run, to="onnx")
    module = build(chosen.network)
    if weights is not None:
        restore_weights(module, weights)
    return module


def _say_weights(chosen: Exportable, say: Callable[[str], None]) -> None:
    if chosen.weights is None:
        say("The weights are random (untrained): give --weights FILE, or a run's folder.")


def _card(chosen: Exportable, numbers: str, preparation: Preparation | None) -> Card:
    weights = "random (untrained)" if chosen.weights is None else chosen.weights.name
    if chosen.run is not None:
        weights = f"winner of the run '{chosen.run.path.resolve().name}'"
    return Card(
        network=chosen.network,
        weights=weights,
        numbers=numbers,
        opset=OPSET,
        version=version("netspace"),
        preparation=preparation,
    )


def _float_model(
    chosen: Exportable,
    module: nn.Module,
    target: Path,
    images: Images,
    say: Callable[[str], None],
) -> _Model:
    card = _card(chosen, "float32", images.preparation)
    content = described(onnx_model(chosen.network, module), card.metadata())
    real = _batches(images.preparation, _first(images.validation, PARITY_IMAGES))
    parity = check_parity(chosen.network, module, content, real)
    say(parity.sentence)
    if not parity.real_images:
        say(f"No real images were used: {images.missing}.")
    checks: dict[str, Any] = {"file": target.name, "parity": asdict(parity)}
    if images.validation is not None and images.preparation is not None:
        checks["validation_images"] = len(images.validation.labels)
        checks["validation_error_percent"] = _error(content, images, BATCH_SIZE)
    return _Model(
        target=target, content=content, text=card_text(card, value_shapes(content), checks)
    )


def _int8_model(
    chosen: Exportable, whole: _Model, how: str, images: Images, say: Callable[[str], None]
) -> _Model:
    target = whole.target.with_suffix(f".int8{whole.target.suffix}")
    card = _card(chosen, f"int8 {how}", images.preparation)
    seen = _first(images.train, CALIBRATION_IMAGES) if how == "static" else None
    kind = next(one for one in QUANTISATIONS if one == how)
    made = quantised(whole.content, how=kind, calibration=_batches(images.preparation, seen))
    content = described(made, card.metadata())
    checks: dict[str, Any] = {"file": target.name}
    if seen is not None:
        checks["calibration_images"] = len(seen.labels)
    # Dynamic ranges are those of a batch: alone, an image's answer is its own.
    checks |= _drop(whole.content, content, images, 1 if how == "dynamic" else BATCH_SIZE)
    say(_drop_sentence(how, checks, images))
    return _Model(
        target=target, content=content, text=card_text(card, value_shapes(content), checks)
    )


def _drop(before: bytes, after: bytes, images: Images, batch_size: int) -> dict[str, Any]:
    """The error on validation in float32 and in int8; nothing where there are no images."""
    if images.validation is None:
        return {"float32_error_percent": None, "int8_error_percent": None, "drop_points": None}
    floats, integers = _error(before, images, BATCH_SIZE), _error(after, images, batch_size)
    return {
        "validation_images": len(images.validation.labels),
        "float32_error_percent": floats,
        "int8_error_percent": integers,
        "drop_points": integers - floats,
    }


def _drop_sentence(how: str, checks: dict[str, Any], images: Images) -> str:
    if checks["drop_points"] is None:
        return f"int8 {how}: what it costs in accuracy was not measured, {images.missing}."
    return (
        f"int8 {how}: error {checks['int8_error_percent']:.2f} % against "
        f"{checks['float32_error_percent']:.2f} % in float32 ({checks['drop_points']:+.2f} points) "
        f"on {checks['validation_images']:,} images of {images.name}."
    )


def _error(model: bytes, images: Images, batch_size: int) -> float:
    known, split = images.preparation, images.validation
    assert known is not None
    assert split is not None
    return error_percent(model, split, known.mean, known.std, batch_size=batch_size)


def _batches(known: Preparation | None, split: Split | None) -> Iterator[Floats]:
    if known is not None and split is not None:
        yield from prepared(split.images, known.mean, known.std, BATCH_SIZE)


def _first(split: Split | None, count: int) -> Split | None:
    """At most so many images of the split, in about its class shares."""
    if split is None or len(split.labels) <= count:
        return split
    rows = stratified_part(split.labels, count, seed=0)
    return Split(images=split.images[rows], labels=split.labels[rows])


def _write(target: Path, content: bytes) -> None:
    """Write a file of bytes that appears whole or not at all."""
    with TemporaryDirectory() as place:
        made = Path(place) / "model.onnx"
        made.write_bytes(content)
        copy_whole(made, target)
