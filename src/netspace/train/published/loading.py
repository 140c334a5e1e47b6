"""Published weights into a module: everything is checked before anything is changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor, nn

from netspace.errors import UserError
from netspace.train.published.faults import check
from netspace.train.published.fitting import Fitted, fitted, rescaled
from netspace.train.published.matching import Matching, layers_of, match
from netspace.train.published.naming import Dialect
from netspace.train.published.recognition import recognise
from netspace.train.published.report import LoadedWeights
from netspace.train.published.sites import sites
from netspace.train.published.source import place, read

_CLASSIFIER = ("head.fc.weight", "head.fc.bias")
_COUNTER = ".num_batches_tracked"  # older files have none, and no output depends on it

State = Mapping[str, Tensor]


def load_weights(
    module: nn.Module, source: str | Path | State, *, dialect: Dialect | None = None
) -> LoadedWeights:
    """Give a module of `ns.build` the weights of a timm, torchvision or netspace network.

    source: a safetensors file, a file of torch.save (of which only tensors are read), or a state
    dict. dialect: whose names the weights have; None reads it off them. A classifier for another
    number of classes is left as built, a stem for other input channels is converted. Raises
    DataError, and changes nothing, where the weights do not fit.
    """
    own: dict[str, Tensor] = module.state_dict()
    if not {"stem.conv.weight", *_CLASSIFIER} <= set(own):
        raise UserError("weights go into a module of ns.build; this one has no stem or no head")
    state, where = read(source), place(source)
    naming = recognise(state, dialect, where)
    matching = match(sites(module), own, state, naming)
    fresh = dict(_fresh(matching.pairs, own, state))
    ready, misfits = _ready(matching.pairs, fresh, own, state)
    check(where, naming, _faults(matching, fresh, misfits), matching.blocks)
    if naming.norm_eps is not None:
        ready |= dict(_other_eps(module, ready, naming.norm_eps))
    module.load_state_dict(own | {name: fit.value for name, fit in ready.items()})
    return LoadedWeights(
        dialect=naming.dialect,
        family=naming.family,
        loaded=tuple(name for name, fit in ready.items() if not fit.change),
        adapted={name: fit.change for name, fit in ready.items() if fit.change},
        fresh=fresh,
        ignored=matching.ignored,
    )


def _faults(
    matching: Matching, fresh: Mapping[str, str], misfits: list[str]
) -> dict[str, list[str]]:
    """All that keeps weights from being loaded, by kind."""
    missing = (name for name in matching.missing if name not in fresh)
    return {
        "unknown layers": layers_of(matching.unknown, matching.pairs.values()),
        "missing layers": layers_of(missing, matching.pairs),
        "other shapes": misfits,
    }


def _fresh(pairs: Mapping[str, str], own: State, state: State) -> Iterator[tuple[str, str]]:
    """The tensors that may keep what they hold, and why."""
    for name in own:
        if name.endswith(_COUNTER) and name not in pairs:
            yield name, "not in these weights"
    weight = _CLASSIFIER[0]
    if not any(name in pairs for name in _CLASSIFIER):
        yield from ((name, "no classifier in these weights") for name in _CLASSIFIER)
    elif weight in pairs:
        there, here = state[pairs[weight]].shape, own[weight].shape
        if there[:1] != here[:1] and there[1:].numel() == here[1:].numel():
            why = f"{there[:1].numel()} classes there, {here[0]} here"
            yield from ((name, why) for name in _CLASSIFIER)


def _ready(
    pairs: Mapping[str, str], fresh: Mapping[str, str], own: State, state: State
) -> tuple[dict[str, Fitted], list[str]]:
    """What our tensors become; and those whose counterpart is of another layer's shape."""
    ready, misfits = {}, []
    for ours, theirs in pairs.items():
        if ours in fresh:
            continue
        fit = fitted(ours, state[theirs], own[ours])
        if fit is None:
            misfits.append(f"{theirs} {_size(state[theirs])}, here {_size(own[ours])}")
        else:
            ready[ours] = fit
    return ready, misfits


def _other_eps(
    module: nn.Module, ready: Mapping[str, Fitted], eps: float
) -> Iterator[tuple[str, Fitted]]:
    """The scales of batch normalisations that add another eps here than there."""
    for name, norm in module.named_modules():
        if isinstance(norm, nn.BatchNorm2d) and norm.eps != eps:
            scale, variance = ready[f"{name}.weight"].value, ready[f"{name}.running_var"].value
            fit = rescaled(scale, variance, eps_there=eps, eps_here=norm.eps)
            yield f"{name}.weight", fit


def _size(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a number"
