import inspect
import re

import pytest

from netspace import errors
from netspace.errors import NetspaceError, TrainingError, UnknownNameError, UserError, suggestion

EXCEPTIONS = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, Exception)
}
USERS = [kind for kind in EXCEPTIONS.values() if issubclass(kind, UserError)]


def drawn() -> dict[str, str]:
    """Each class in the tree of the module's docstring, with the class above it."""
    above, parents = [], {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([ │├└─]*)(\w+Error)\b", line)
        if match is None:
            continue
        level = len(match[1]) // 4 - 1
        del above[level:]
        parents[match[2]] = above[-1] if above else ""
        above.append(match[2])
    return parents


def test_the_tree_names_every_exception():
    assert set(drawn()) == set(EXCEPTIONS)


def test_the_tree_is_drawn_as_it_stands():
    parents = {
        name: "" if kind is NetspaceError else kind.__bases__[0].__name__
        for name, kind in EXCEPTIONS.items()
    }
    assert drawn() == parents


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_one_root(name):
    assert issubclass(EXCEPTIONS[name], NetspaceError)
    assert EXCEPTIONS[name].__doc__


@pytest.mark.parametrize("kind", USERS)
def test_a_users_mistake_is_a_value_error(kind):
    assert issubclass(kind, ValueError)
    with pytest.raises(ValueError, match=r"^said$"):
        raise kind("said")


def test_a_broken_training_is_no_mistake_of_the_user():
    assert not issubclass(TrainingError, ValueError)
    assert set(EXCEPTIONS.values()) - set(USERS) == {NetspaceError, TrainingError}


@pytest.mark.parametrize(
    ("name", "known", "sentence"),
    [
        ("widht", ["width", "depth"], "did you mean 'width'?"),
        ("x", ["width", "depth"], "known are depth, width"),
        ("x", (name for name in "cab"), "known are a, b, c"),
        ("depht", {"width": 1, "depth": 2}, "did you mean 'depth'?"),
    ],
)
def test_suggestion(name, known, sentence):
    assert suggestion(name, known) == sentence


def test_unknown_name():
    fault = UnknownNameError.of("space", "regnetz", ["regnetx", "anynetx_a"])
    assert str(fault) == "unknown space 'regnetz'; did you mean 'regnetx'?"
    assert isinstance(fault, UserError)
