"""The state of a training that stopped, in a file from which it goes on as if it had not.

One safetensors file: the module's state, the optimizer's momentum and the states of all random
generators as tensors; whose training it is and what it has behind it as JSON in the metadata; and
a digest of all that, for the format itself does not notice changed numbers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from netspace.design.network import Network
from netspace.design.serial import to_plain
from netspace.errors import DataError
from netspace.recipe import Recipe
from netspace.train.weights import write_tensors
from netspace.trial import Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """What changes while a network is trained, beside torch's global generators (dropout).

    order: draws the order of the images and their augmentation.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    order: torch.Generator
    device: torch.device


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a training has behind it. seconds: of work, evaluations included."""

    curve: tuple[Epoch, ...] = ()
    seconds: float = 0.0
    setting: Mapping[str, str] = field(default_factory=dict)

    def further(
        self, curve: tuple[Epoch, ...], seconds: float, setting: Mapping[str, str]
    ) -> "Progress":
        """With one more part, of so many seconds; a setting that changed names all its values."""
        joined = {name: _then(self.setting.get(name), value) for name, value in setting.items()}
        return Progress(curve=curve, seconds=self.seconds + seconds, setting=joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFile:
    """Where one training keeps its state; identity: digests of its network, recipe and seed."""

    path: Path
    identity: Mapping[str, str]

    @classmethod
    def of(cls, path: Path, network: Network, recipe: Recipe, seed: int) -> Self:
        """The file for the training of this network, whatever the network is called."""
        nameless = replace(network, name="", note="")
        whose = {"network": nameless, "recipe": recipe, "seed": seed}
        plain = {name: json.dumps(to_plain(one, complete=True)) for name, one in whose.items()}
        return cls(path=path, identity={name: _hashed(text) for name, text in plain.items()})

    def save(self, learner: Learner, progress: Progress) -> None:
        """Write all that the training goes on from; the file appears whole or not at all.

        Raises StorageError where it cannot be written.
        """
        tensors = {name: value.cpu().contiguous() for name, value in _tensors(learner).items()}
        told = {
            "identity": json.dumps(dict(self.identity)),
            "progress": json.dumps(asdict(progress)),
        }
        write_tensors(tensors, self.path, {**told, "digest": _digest(tensors, told)})

    def restore(self, learner: Learner) -> Progress:
        """Bring the learner, and torch's global generators, to what was saved, if anything was.

        Raises DataError for a damaged file, or that of another network, recipe or seed: nothing of
        it is used.
        """
        if not self.path.exists():
            return Progress()
        tensors, told = _read(self.path)
        self._require_own(json.loads(told["identity"]))
        try:
            _load(tensors, learner)
        except (RuntimeError, KeyError) as fault:
            first = str(fault).splitlines()[0]
            raise DataError(
                f"{self.path}: training state does not fit this version of netspace or torch "
                f"({first}); delete it to train anew"
            ) from None
        return _progress(json.loads(told["progress"]))

    def _require_own(self, saved: Mapping[str, str]) -> None:
        other = [name for name, known in self.identity.items() if saved.get(name) != known]
        if other:
            raise DataError(
                f"{self.path}: training state of another {' and '.join(other)}; give every "
                "training a file of its own"
            )


def _then(before: str | None, now: str) -> str:
    """'bf16', or 'bf16, then fp32' where it changed."""
    if before is None or before.split(", then ")[-1] == now:
        return before or now
    return f"{before}, then {now}"


def _tensors(learner: Learner) -> dict[str, Tensor]:
    state = learner.module.state_dict()
    return {
        **{f"module.{name}": value for name, value in state.items()},
        **{f"momentum.{name}": value for name, value in _momentum(learner).items()},
        **{f"generator.{name}": value for name, value in _generators(learner).items()},
    }


def _momentum(learner: Learner) -> dict[str, Tensor]:
    """The optimizer's running gradients by parameter; none before the first step or without."""
    known = learner.optimizer.state
    found = {
        name: known[parameter].get("momentum_buffer") if parameter in known else None
        for name, parameter in learner.module.named_parameters()
    }
    return {name: value for name, value in found.items() if value is not None}


def _generators(learner: Learner) -> dict[str, Tensor]:
    found = {"order": learner.order.get_state(), "cpu": torch.get_rng_state()}
    if learner.device.type == "cuda":
        found["cuda"] = torch.cuda.get_rng_state(learner.device)
    elif learner.device.type == "mps":
        found["mps"] = torch.mps.get_rng_state()
    return found


def _load(tensors: Mapping[str, Tensor], learner: Learner) -> None:
    learner.module.load_state_dict(_under("module.", tensors))
    parameters = dict(learner.module.named_parameters())
    for name, value in _under("momentum.", tensors).items():
        # In the parameter's layout in memory: the fused step reads both as flat arrays.
        buffer = torch.empty_like(parameters[name]).copy_(value)
        learner.optimizer.state[parameters[name]]["momentum_buffer"] = buffer
    learner.order.set_state(tensors["generator.order"])
    torch.set_rng_state(tensors["generator.cpu"])
    # On another kind of device than before, its generator stays as the seed left it.
    if learner.device.type == "cuda" and "generator.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["generator.cuda"], learner.device)
    elif learner.device.type == "mps" and "generator.mps" in tensors:
        torch.mps.set_rng_state(tensors["generator.mps"])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata without its digest, which they match."""
    try:
        with safe_open(path, framework="pt") as file:
            told = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, RuntimeError) as fault:
        raise _damaged(path, str(fault).partition("\n")[0]) from None
    digest = told.pop("digest", None)
    if digest is None or digest != _digest(tensors, told):
        raise _damaged(path, "it holds no digest" if digest is None else "its digest is another")
    return tensors, told


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path}: damaged, or no training state ({reason}); delete it to train this network anew"
    )


def _progress(plain: Mapping[str, Any]) -> Progress:
    curve = tuple(Epoch(**epoch) for epoch in plain["curve"])
    return Progress(curve=curve, seconds=plain["seconds"], setting=plain["setting"])


def _digest(tensors: Mapping[str, Tensor], told: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(dict(told), sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)};".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
