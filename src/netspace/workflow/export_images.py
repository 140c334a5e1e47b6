"""The images by which an exported model is checked, calibrated and judged, read anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netspace.config import study_from_plain
from netspace.contest_study import ContestStudy
from netspace.design.network import Network
from netspace.design.serial import read
from netspace.errors import DataError, UserError
from netspace.present.onnx_card import Preparation
from netspace.train.data import DataSet, Split, load
from netspace.train.resizing import fitted
from netspace.workflow.exportable import Exportable, facts_of, preparation_of
from netspace.workflow.session import Images as Study
from netspace.workflow.session import require_same_images


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """What is known of a network's images, and the images themselves where they are there.

    train, validation: at the network's resolution. missing: why they are None, in words.
    """

    preparation: Preparation | None
    train: Split | None = None
    validation: Split | None = None
    name: str = ""
    missing: str = ""


def images_for(chosen: Exportable, data: str | None, say: Callable[[str], None]) -> Images:
    """The images of --data, else those that a run trained on; without, what is known of them.

    Raises DataError or SpecError for images that do not belong to the network.
    """
    if chosen.run is None:
        return _of_data(chosen.network, data, say)
    known = preparation_of(chosen.run, chosen.network)
    facts = facts_of(chosen.run)
    study = _study(facts)
    if data is not None:
        say(f"Reading the images of {data}.")
        found = load(data, resolution=known.decoded, seed=study.seed)
        _require_same_classes(known, found, data)
        return _images(chosen.network, known, found, data)
    say(f"Reading the images of {study.data}.")
    try:
        return _images(chosen.network, known, _read_again(study, facts), f"{study.data}")
    except UserError as fault:
        return Images(preparation=known, missing=f"those of the run cannot be read ({fault})")


def _study(facts: Mapping[str, Any]) -> Study:
    if facts["kind"] == "contest":
        return read(ContestStudy, facts["study"])
    return study_from_plain(facts["study"])


def _read_again(study: Study, facts: Mapping[str, Any]) -> DataSet:
    """The images of a run. Raises RunError if they are others by now."""
    found = load(
        study.data,
        resolution=study.resolution,
        at_most=study.at_most,
        seed=study.seed,
        skip_broken=study.skip_broken,
    )
    require_same_images(facts["data"], found, study)
    return found


def _of_data(network: Network, data: str | None, say: Callable[[str], None]) -> Images:
    """The images of --data, prepared as they would be to train the network on them."""
    if data is None:
        return Images(preparation=None, missing="neither a run nor --data says which")
    say(f"Reading the images of {data}.")
    found = load(data, resolution=max(network.resolution))
    known = Preparation(
        decoded=found.resolution, mean=found.mean, std=found.std, class_names=found.classes
    )
    known.check(network, data)
    return _images(network, known, found, data)


def _images(network: Network, known: Preparation, found: DataSet, name: str) -> Images:
    return Images(
        preparation=known,
        train=fitted(found.train, network.resolution),
        validation=fitted(found.validation, network.resolution),
        name=f"{name} (validation)",
    )


def _require_same_classes(known: Preparation, found: DataSet, data: str) -> None:
    """Raise DataError unless the images carry the classes, and the channels, of the run's."""
    if found.classes != known.class_names:
        raise DataError(
            f"{data} has the classes {_few(found.classes)}, but the run's were "
            f"{_few(known.class_names)}; give images of the same classes"
        )
    if found.channels != len(known.mean):
        raise DataError(
            f"{data} has {found.channels} channels, but the run's images had {len(known.mean)}; "
            "give images of the same kind"
        )


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} … ({len(names)})" if len(names) > 3 else f"{shown} ({len(names)})"
