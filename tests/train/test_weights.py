"""What a network takes over from its training on other images."""

from pathlib import Path

import pytest
import torch

from netspace.design.blocks import Basic
from netspace.design.network import Network, Stage, Stem
from netspace.errors import DataError
from netspace.recipe import Recipe
from netspace.train.build import build
from netspace.train.data import load
from netspace.train.trainer import train
from netspace.train.weights import save_weights, take_over
from tests.pictures import picture_folder

NETWORK = Network(
    stem=Stem(width=8, stride=1),
    stages=(Stage(block=Basic(), width=8, depth=1, stride=1),),
    classes=5,
    resolution=(12, 12),
)


@pytest.fixture
def learned(tmp_path: Path) -> Path:
    path = tmp_path / "learned.safetensors"
    save_weights(build(NETWORK, seed=1), path)
    return path


def test_all_but_the_classifier_is_taken_over(learned: Path) -> None:
    other = NETWORK.for_input(classes=3)
    fresh, module = build(other, seed=2), build(other, seed=2)
    take_over(module, learned)
    before, after, source = fresh.state_dict(), module.state_dict(), build(NETWORK, seed=1)
    for name, part in after.items():
        known = before if name.startswith("head.fc.") else source.state_dict()
        assert torch.equal(part, known[name]), name


def test_a_grey_image_answers_as_it_would_in_colour(learned: Path) -> None:
    """Summed over the colours, not averaged: 0.48 x (0.15 + 0.20 + 0.17) = 0.2496."""
    grey = build(NETWORK.for_input(channels=1), seed=2).eval()
    take_over(grey, learned)
    colour = build(NETWORK, seed=1).eval()
    image = torch.rand(2, 1, 12, 12)
    repeated = image.expand(-1, 3, -1, -1)
    torch.testing.assert_close(grey.stem(image), colour.stem(repeated))


def test_a_colour_image_that_is_grey_answers_as_the_grey_one_did(tmp_path: Path) -> None:
    path = tmp_path / "grey.safetensors"
    grey = build(NETWORK.for_input(channels=1), seed=1).eval()
    save_weights(grey, path)
    colour = build(NETWORK, seed=2).eval()
    take_over(colour, path)
    image = torch.rand(2, 1, 12, 12)
    torch.testing.assert_close(colour.stem(image.expand(-1, 3, -1, -1)), grey.stem(image))


def test_another_networks_weights_are_refused(learned: Path) -> None:
    wider = Network(
        stem=Stem(width=16, stride=1),
        stages=(Stage(block=Basic(), width=16, depth=1, stride=1),),
        classes=5,
        resolution=(12, 12),
    )
    with pytest.raises(DataError, match="do not fit this network"):
        take_over(build(wider), learned)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="do not fit"):
        take_over(build(NETWORK), tmp_path / "none.safetensors")


def test_training_begins_from_what_was_learned(tmp_path: Path) -> None:
    """One gentle epoch from trained weights beats one from scratch on like images."""
    data = load(picture_folder(tmp_path / "colours"))
    network = NETWORK.for_input(classes=3)
    cpu, path = torch.device("cpu"), tmp_path / "learned.safetensors"
    longer = Recipe(epochs=12, batch_size=8, learning_rate=0.05, precision="fp32")
    save_weights(train(network, longer, data, seed=0, device=cpu).module, path)
    brief = Recipe(epochs=1, batch_size=8, learning_rate=0.01, warmup_epochs=0, precision="fp32")
    scratch = train(network, brief, data, seed=1, device=cpu)
    tuned = train(network, brief, data, seed=1, device=cpu, start=path)
    assert tuned.curve[0].train_loss < scratch.curve[0].train_loss
