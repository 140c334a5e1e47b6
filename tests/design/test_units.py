import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspace.design.units import (
    format_range,
    format_size,
    parse_duration,
    parse_range,
    parse_resolution,
    parse_size,
)
from netspace.errors import UserError

sizes = st.integers(1, 10**12).map(float)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400M", 400e6),
        ("0.4G", 400e6),
        ("3.2M", 3.2e6),
        (".5k", 500),
        ("12g", 12e9),
        (" 5 M ", 5e6),
        ("0", 0),
        ("123456", 123_456),
        ("1.5", 1.5),
    ],
)
def test_sizes_read(text, size):
    assert parse_size(text) == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "M", "-5M", "5T", "5MM", "1e", "five", "1.2.3M", "1,5M", "nan", "inf", "5 M M"]
)
def test_no_sizes(text):
    with pytest.raises(UserError) as fault:
        parse_size(text)
    assert str(fault.value) == (
        f"size '{text}' must be a number with K, M or G, such as 400M or 0.4G"
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("360M..400M", (360e6, 400e6)),
        ("..6M", (None, 6e6)),
        ("6M..", (6e6, None)),
        ("6M", (6e6, 6e6)),
        (" 2 .. 4 ", (2, 4)),
        ("0.1G..0.1G", (1e8, 1e8)),
    ],
)
def test_ranges_read(text, ends):
    assert parse_range(text) == ends


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("..", "range '..' has no end; write LOW..HIGH, LOW.. or ..HIGH"),
        ("400M..360M", "range '400M..360M' is empty; its low end is above its high end"),
        ("a..4M", "size 'a' must be a number with K, M or G, such as 400M or 0.4G"),
        ("1..2..3", "size '2..3' must be a number with K, M or G, such as 400M or 0.4G"),
        ("-1..3", "size '-1' must be a number with K, M or G, such as 400M or 0.4G"),
    ],
)
def test_no_ranges(text, message):
    with pytest.raises(UserError) as fault:
        parse_range(text)
    assert str(fault.value) == message


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (400e6, "400M"),
        (1.5e9, "1.5G"),
        (12_345_678, "12.35M"),
        (999, "999"),
        (1000, "1K"),
        (0, "0"),
        (31_735_930_792, "31.74G"),
    ],
)
def test_sizes_written(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((360e6, 400e6), "360M..400M"),
        ((None, 6e6), "..6M"),
        ((6e6, None), "6M.."),
        ((4, 4), "4"),
    ],
)
def test_ranges_written(ends, text):
    assert format_range(*ends) == text
    assert parse_range(text) == ends


@given(sizes)
def test_a_written_size_reads_back(size):
    assert parse_size(format_size(size)) == pytest.approx(size, rel=5.001e-4)


@given(st.tuples(sizes, sizes).map(sorted))
def test_a_written_range_reads_back(ends):
    low, high = parse_range(format_range(*ends))
    assert low == pytest.approx(ends[0], rel=5.001e-4)
    assert high == pytest.approx(ends[1], rel=5.001e-4)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20m", 1200), ("90s", 90), ("1h30m", 5400), ("2h", 7200), ("1.5h", 5400), (" 1h1m1s ", 3661)],
)
def test_durations_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "20", "m", "30m1h", "-5m", "5 minutes", "1h30", "1d"])
def test_no_durations(text):
    with pytest.raises(UserError) as fault:
        parse_duration(text)
    assert str(fault.value) == f"time '{text}' must be like 20m, 90s or 1h30m"


@pytest.mark.parametrize(
    ("text", "size"), [("224", (224, 224)), ("224x320", (224, 320)), (" 1 ", (1, 1))]
)
def test_resolutions_read(text, size):
    assert parse_resolution(text) == size


@pytest.mark.parametrize("text", ["", "0", "224x", "x224", "224x0", "-3", "2.5", "1x2x3"])
def test_no_resolutions(text):
    with pytest.raises(UserError) as fault:
        parse_resolution(text)
    assert str(fault.value) == (
        f"resolution '{text}' must be like 224, or 224x320 (height x width)"
    )


def test_a_size_may_have_an_exponent():
    assert parse_size("1e6") == parse_size("1M") == 1e6
