from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design.blocks import Bottleneck
from netspace.design.complexity import parts
from netspace.design.network import Stage, Stem
from netspace.errors import SpecError
from netspace.spaces.frame import Frame

SMALL_STEM = "stem 3x3 of stride 1 and width 16 (above 64 pixels: stride 2, width 32)"


def sizes(frame: Frame, stages: int) -> list[int]:
    """Heights of the maps behind the stages."""
    first = -(-frame.resolution // frame.stem.stride)
    return list(accumulate(frame.strides(stages), lambda n, s: -(-n // s), initial=first))[1:]


@pytest.mark.parametrize(
    ("resolution", "stem", "strides", "maps", "widest"),
    [
        (8, (16, 1), (1, 1, 2, 2), [8, 8, 4, 2], 128),
        (16, (16, 1), (1, 2, 2, 2), [16, 8, 4, 2], 256),
        (32, (16, 1), (2, 2, 2, 2), [16, 8, 4, 2], 512),
        (64, (16, 1), (2, 2, 2, 2), [32, 16, 8, 4], 1024),
        (65, (32, 2), (2, 2, 2, 2), [17, 9, 5, 3], 1024),
        (224, (32, 2), (2, 2, 2, 2), [56, 28, 14, 7], 1024),
    ],
)
def test_frame(resolution, stem, strides, maps, widest):
    frame = Frame(resolution=resolution)
    assert (frame.stem.width, frame.stem.stride) == stem
    assert frame.stem.kernel == 3
    assert frame.strides(4) == strides
    assert sizes(frame, 4) == maps
    assert frame.widest == widest


def test_28_pixels():
    frame = Frame(resolution=28)
    assert (frame.stem.width, frame.stem.stride, frame.widest) == (16, 1, 448)
    assert sizes(frame, 4)[-1] >= 2


@pytest.mark.parametrize("resolution", [8, 16, 28, 32, 64, 65, 224])
def test_the_network_has_these_maps(resolution):
    frame = Frame(resolution=resolution, channels=1, classes=7)
    stages = tuple(
        Stage(block=Bottleneck(), width=8, depth=1, stride=stride) for stride in frame.strides(4)
    )
    network = frame.network(stages)
    assert (network.channels, network.classes) == (1, 7)
    assert network.resolution == (resolution, resolution)
    _stem, *body, _head = parts(network)
    assert [part.output.height for part in body] == sizes(frame, 4)
    assert [part.output.width for part in body] == sizes(frame, 4)


@given(st.integers(4, 400), st.integers(1, 8))
def test_the_last_map_has_two_pixels_or_more(resolution, stages):
    frame = Frame(resolution=resolution)
    strides = frame.strides(stages)
    assert len(strides) == stages
    assert set(strides) <= {1, 2}
    assert list(strides) == sorted(strides), "the first stages keep the resolution"
    assert sizes(frame, stages)[-1] >= 2


@pytest.mark.parametrize(
    ("resolution", "strides", "said"),
    [
        (224, (1, 2, 2, 2, 1, 2, 1), ()),
        (32, (1, 2, 2, 2, 1, 2, 1), ()),
        (16, (1, 1, 2, 2, 1, 2, 1), ("stage 2 keeps",)),
        (4, (1, 1, 1, 1, 1, 2, 1), ("stages 2 to 4 keep",)),
    ],
)
def test_stages_of_a_template_that_do_not_stride_stay_so(resolution, strides, said):
    frame, template = Frame(resolution=resolution), (1, 2, 2, 2, 1, 2, 1)
    assert frame.fitted(template) == strides
    found = frame.adapted_strides(template)
    assert [sentence.split(" the")[0] for sentence in found] == list(said)


@pytest.mark.parametrize(
    ("width", "half"), [(8, 8), (16, 8), (24, 16), (40, 24), (112, 56), (1280, 640)]
)
def test_widths_of_families_of_a_wide_stem_are_halved_where_the_stem_is(width, half):
    assert Frame(resolution=64).narrowed(width) == half
    assert Frame(resolution=65).narrowed(width) == width


@pytest.mark.parametrize("resolution", [5, 14, 28])
def test_stages_halve_as_often_as_two_pixels_allow(resolution):
    frame = Frame(resolution=resolution)
    assert 1 not in frame.strides(4) or -(-sizes(frame, 4)[-1] // 2) < 2


def test_the_large_stem_is_the_default():
    assert Frame(resolution=65).stem == Stem()


@pytest.mark.parametrize("resolution", [65, 224, 600])
def test_nothing_is_said_where_nothing_was_adapted(resolution):
    assert Frame(resolution=resolution).adapted(4) == ()


@pytest.mark.parametrize(
    ("resolution", "sentences"),
    [
        (64, (SMALL_STEM,)),
        (32, (SMALL_STEM,)),
        (
            16,
            (
                SMALL_STEM,
                "stage 1 keeps the resolution (stride 1), so that the last map has 2 pixels",
            ),
        ),
        (
            8,
            (
                SMALL_STEM,
                "stages 1 to 2 keep the resolution (stride 1), so that the last map has 2 pixels",
            ),
        ),
    ],
)
def test_what_was_adapted_is_said(resolution, sentences):
    assert Frame(resolution=resolution).adapted(4) == sentences


@pytest.mark.parametrize("resolution", [3, 0, -5])
def test_too_small(resolution):
    with pytest.raises(SpecError) as fault:
        Frame(resolution=resolution)
    assert str(fault.value) == f"resolution {resolution} must be at least 4 pixels"
