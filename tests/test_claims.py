"""docs/regnets-and-efficientnets.md is what docs/claims.py writes, and says what is so."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

DOCS = Path(__file__).resolve().parents[1] / "docs"
MODULES = ("claims", "claims_data", "claims_findings", "claims_numbers", "claims_tables")
FOLDER = "regnets-and-efficientnets"
REGNETS = ("RegNetX", "RegNetY")


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield {name: importlib.import_module(name) for name in MODULES}


@pytest.fixture(scope="module")
def found(scripts, shared) -> Any:
    return scripts["claims_findings"].Findings(shared / "facts")


@pytest.fixture
def row(scripts):
    def make(name: str = "a", family: str = "RegNetX", **fields: Any) -> Any:
        counts = {"flops": 1e9, "params": 1e6, "activations": 1e6, "error_percent": 20.0}
        known = counts | {"resolution": 224, "milliseconds": {"box": 1.0}} | fields
        return scripts["claims_data"].Row(name=name, family=family, **known)

    return make


# The page and its figures


def test_the_page_is_the_one_that_the_script_writes(scripts, found):
    written = scripts["claims"].page(found)
    assert (DOCS / "regnets-and-efficientnets.md").read_text("utf-8") == written, "run `make docs`"


def test_the_figures_are_those_that_the_script_draws(scripts, found):
    drawn = scripts["claims"].drawings(found)
    assert {f"regnets-and-efficientnets/{path.name}" for path in (DOCS / FOLDER).iterdir()} == {
        *drawn
    }
    stale = [name for name, svg in drawn.items() if (DOCS / name).read_text("utf-8") != svg]
    assert stale == [], "run `make docs`"


def test_without_the_tables_the_page_stays(scripts, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["claims.py", str(tmp_path)])
    monkeypatch.setattr(scripts["claims"], "DOCS", tmp_path)
    scripts["claims"].main()
    assert "stays as it is" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


# The tables


def test_published_rows_are_per_image(found):
    rows = {one.name: one for one in found.article}
    b5 = rows["EfficientNet-B5"]
    assert len(rows) == 12 + 12 + 6
    assert (b5.flops, b5.activations, b5.error_percent) == (10_266_426_072, 98_857_400, 21.674)
    assert b5.milliseconds["V100"] == pytest.approx(41.8 / 6)
    assert b5.milliseconds["V100, training"] == pytest.approx(220.4 / 8)


def test_the_join_is_that_of_rows_read_by_hand(found):
    rows = {one.name: one for one in found.later}
    regnet, efficientnet = rows["regnety_032"], rows["tf_efficientnet_b3"]
    assert (regnet.family, regnet.resolution, regnet.error_percent) == ("RegNetY", 224, 18.212)
    assert regnet.milliseconds["RTX 4090"] == pytest.approx(1000 / 4166.74)
    assert regnet.milliseconds["Core i9"] == pytest.approx(1000 / 61.92)
    assert (efficientnet.resolution, efficientnet.error_percent) == (300, 18.352)
    assert efficientnet.milliseconds["RTX 4090"] == pytest.approx(1000 / 2265.14)
    assert sorted(one.family for one in found.later).count("EfficientNet") == 8
    assert len(found.later) == 8 + 7 + 7


def test_both_tables_have_the_same_networks(scripts, found, shared):
    """pycls's errors and counts, and timm's of the same weights."""
    again = scripts["claims_data"].trained(shared / "facts", REGNETS, "pycls_in1k")
    name_of = scripts["claims_tables"].flops_name
    published = {name_of(one.name): one for one in found.article if one.family in REGNETS}
    assert len(again) == 24
    for one in again:
        other = published[name_of(one.name)]
        assert (one.flops, one.activations) == (other.flops, other.activations)
        assert one.error_percent == pytest.approx(other.error_percent, abs=0.3)


def test_counts_of_timm_are_those_of_the_zoo_but_for_norm_and_pooling(found):
    for one in found.speeds:
        theirs = found.timm[one.name, one.resolution]
        assert one.activations == pytest.approx(theirs.activations, rel=0.002, abs=6e3)
        assert 0 <= theirs.flops - one.flops < max(0.05 * one.flops, 2e7)


def test_only_networks_timed_on_both_devices_are_taken(scripts, tmp_path):
    head = "model,infer_img_size,infer_samples_per_sec,param_count,infer_gmacs,infer_macts\n"
    (tmp_path / "timm_infer_rtx4090.csv").write_text(
        f'{head}a,224,500,"1,282.60",0.5,2.5\na,288,250,1,1,2\nb,224,9,1,,\n'
    )
    (tmp_path / "timm_infer_cpu_i9.csv").write_text(f"{head}a,224,20,1,0.5,2.5\nb,224,9,1,,\n")
    rows = scripts["claims_data"].timed(tmp_path)
    assert list(rows) == [("a", 224)]
    assert rows["a", 224].milliseconds == {"RTX 4090": 2.0, "Core i9": 50.0}
    assert rows["a", 224].params == 1_282.6e6
    assert rows["a", 224].activations == 2.5e6


def test_attention_is_not_convolution(scripts, row):
    convolutional = ("resnet50", "repvit_m1", "gcresnet50t", "resnest50d", "convnextv2_atto")
    others = ("vit_base_patch16_224", "eca_botnext26ts_256", "haloregnetz_b", "coatnet_0_224")
    others += ("mobilenetv4_hybrid_medium", "resnet50_clip", "test_byobnet", "samvit_base_patch16")
    kept = scripts["claims_data"].convolutional([row(name) for name in convolutional + others])
    assert tuple(one.name for one in kept) == convolutional


# The numbers


def test_a_network_is_compared_at_its_own_flops(scripts, row):
    numbers = scripts["claims_numbers"]
    regnets = [row(flops=4.0**k, error_percent=30.0 - 2 * k) for k in (2, 0, 1, 3)]
    line = numbers.error_line(regnets)
    assert line.value(8) == pytest.approx(27)  # half-way between 4 and 16 in logarithms
    assert np.isnan(line.value(0.5))
    assert np.isnan(line.value(65))
    gap = numbers.error_gap(row(flops=8, error_percent=26.0), line)
    assert (gap.value, gap.half_width) == pytest.approx((-1, 0))  # all lie on one line


def test_the_half_width_is_how_far_a_network_lies_from_the_line_of_the_others(scripts, row):
    numbers = scripts["claims_numbers"]
    errors = (30, 27, 26, 23)  # on 2 and 3 the others' line says 28 and 25
    line = numbers.error_line(
        [row(flops=2.0**k, error_percent=float(one)) for k, one in enumerate(errors)]
    )
    assert line.misses() == pytest.approx([-1, 1])
    assert line.half_width() == pytest.approx(4.3027, abs=1e-4)  # t of 2 degrees, times 1


def test_ratios_are_taken_in_logarithms(scripts, row):
    numbers = scripts["claims_numbers"]
    times = (1.0, 2.0, 4.0, 8.0)
    regnets = [row(flops=4.0**k, milliseconds={"box": time}) for k, time in enumerate(times)]
    line = numbers.log_line(regnets, "box")
    ratio = numbers.ratio(row(flops=8, milliseconds={"box": 5.0}), line, "box")
    assert ratio.value == pytest.approx(5 / 8**0.5)
    assert ratio.low == pytest.approx(ratio.high)


def test_a_power_is_found_again(scripts, row):
    noise = np.exp(0.05 * np.random.default_rng(0).standard_normal(40))
    rows = [row(flops=2.0**k, activations=7 * 2 ** (0.6 * k) * e) for k, e in enumerate(noise)]
    power = scripts["claims_numbers"].exponent(rows, "activations")
    assert power.low < 0.6 < power.high
    assert power.high - power.low < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_correlations_are_those_of_scipy_and_least_squares(scripts, seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 12, (4, 30)) + rng.choice((0.0, 0.5))  # with ties
    times = rng.multinomial(30, np.full(30, 1 / 30), size=5)
    got = scripts["claims_numbers"].statistics(table, times)
    for statistics, taken in zip(got, times, strict=True):
        drawn = np.repeat(table, taken, axis=1)
        rank = [spearmanr(values, drawn[3]).statistic for values in drawn[:3]]
        square = [np.corrcoef(values, drawn[3])[0, 1] ** 2 for values in drawn[:3]]
        model = np.column_stack([drawn[0], drawn[1], np.ones(30)])
        left = drawn[3] - model @ np.linalg.lstsq(model, drawn[3], rcond=None)[0]
        both = 1 - left.var() / drawn[3].var()
        gains = [rank[1] - rank[0], square[1] - square[0]]
        assert statistics == pytest.approx([*rank, *square, both, *gains])


def test_networks_are_drawn_with_all_their_sizes(scripts, row):
    """Ten networks, once each and ten times each: the interval is that of ten."""
    rng = np.random.default_rng(0)
    ten = [
        row(str(k), flops=f, params=p, activations=a, milliseconds={"box": t})
        for k, (f, p, a, t) in enumerate(np.exp(rng.standard_normal((10, 4))))
    ]
    once, often = (scripts["claims_numbers"].prediction(rows, "box") for rows in (ten, 10 * ten))
    assert (once.networks, once.rows, often.networks, often.rows) == (10, 10, 10, 100)
    assert often.rank["flops"].low == pytest.approx(once.rank["flops"].low, abs=0.02)


def test_the_rival_is_the_best_of_those_that_are_no_slower(scripts, row):
    rows = [
        row("slow", error_percent=10.0, milliseconds={"box": 2.1}),
        row("good", error_percent=18.0, milliseconds={"box": 2.0}),
        row("fast", error_percent=19.0, milliseconds={"box": 1.0}),
        row("e", "EfficientNet", error_percent=17.0, milliseconds={"box": 2.0}),
        row("too fast", "EfficientNet", error_percent=17.0, milliseconds={"box": 0.5}),
    ]
    findings = scripts["claims_findings"].Findings(Path())
    assert [(a.name, b.name) for a, b in findings.rivals(rows, "box")] == [("e", "good")]


# What the text says without numbers


def test_what_is_said_of_errors_is_so(scripts, found):
    gaps: Mapping[Any, Any] = {
        (recipe, name): scripts["claims_tables"].by_size(found.gaps(rows, name))
        for recipe, rows in (
            ("article", found.article),
            ("later", found.later),
            ("plain", found.without_augmentation),
        )
        for name in REGNETS
    }
    said = {key: [value.verdict for value in values.values()] for key, values in gaps.items()}
    tie = "undecided"
    assert said["article", "RegNetX"] == ["better", "better", "better", tie, tie, "worse"]
    assert said["article", "RegNetY"] == ["better", tie, tie, "worse", "worse", "worse"]
    assert list(gaps["later", "RegNetY"]) == ["B1", "B2", "B3", "B4", "B5", "B6"]
    assert set(said["later", "RegNetX"]) == {"better"}
    assert all(value.value < 0 for value in gaps["later", "RegNetY"].values())
    assert set(said["plain", "RegNetX"]) == {"better"}
    assert set(said["plain", "RegNetY"]) == {tie}
    for size, value in gaps["later", "RegNetX"].items():
        assert value.value < gaps["later", "RegNetY"][size].value


def test_what_is_said_of_activations_and_speed_is_so(found):
    powers = found.exponents
    assert powers["RegNetY"].low < 0.5 < powers["RegNetY"].high
    assert 0.5 < powers["RegNetX"].low < 0.52
    assert powers["RegNetX"].high < powers["EfficientNet"].low
    assert powers["EfficientNet"].high < 0.9
    ratios = {
        (name, quantity): [ratio for _, ratio in found.ratios(name, quantity)]
        for name in REGNETS
        for quantity in ("activations", "V100", "V100, training", "RTX 4090", "Core i9")
    }
    for name in REGNETS:
        most = ratios[name, "activations"]
        for gpu in ("V100", "RTX 4090"):
            here = ratios[name, gpu]
            assert all(a.value > b.value for a, b in zip(most, here, strict=False))
            assert here[-1].value == max(one.value for one in here) > 3
            cpu = ratios[name, "Core i9"]
            assert all(a.value > b.value for a, b in zip(here, cpu, strict=False))
    near = [ratio.low < 1 for ratio in ratios["RegNetY", "Core i9"]]
    assert near == [True, False, False, True, False, False, False]
    assert all(ratio.low > 1 for ratio in ratios["RegNetX", "Core i9"])
    speed = found.pair_speed
    assert min(speed[gpu] for gpu in ("V100", "V100, training", "RTX 4090")) > 4.5
    assert speed["Core i9"] < 3


def test_what_is_said_of_predictors_is_so(found):
    said = {(name, one.device): one for name, one in found.predictions}
    families, every, alike = "of the two families", "convolutional", "of 3 to 6 GF"
    gpu = [one for (_, device), one in said.items() if device != "Core i9"]
    assert len(gpu) == 5
    assert all(one.explained_gain.low > 0 for one in gpu)
    undecided = [key for key, one in said.items() if one.rank_gain.low < 0 < one.rank_gain.high]
    assert undecided == [(families, "V100"), (families, "Core i9"), (alike, "Core i9")]
    assert said[every, "Core i9"].rank_gain.high < 0
    params, flops = (said[every, "Core i9"].rank[name] for name in ("params", "flops"))
    assert params.value == pytest.approx(flops.value, abs=0.01)
    assert {one.networks for (name, _), one in said.items() if name == families} == {30}


def test_what_is_said_of_equal_time_is_so(scripts, found):
    limit = scripts["claims_tables"].SAMPLING

    def verdicts(rows: list[Any], device: str) -> list[int]:
        points = [a.error_percent - b.error_percent for a, b in found.rivals(rows, device)]
        return [0 if abs(one) <= limit else int(np.sign(one)) for one in points]

    assert verdicts(found.article, "V100") == [1] * 6
    assert verdicts(found.later, "RTX 4090") == [1, 1, 1, 0, 0, -1, -1, -1]
    assert verdicts(found.later, "Core i9") == [1, 1, 1, 1, 0, -1, -1, -1]
    lowest = scripts["claims_tables"].lowest
    b5 = next(one for one in found.later if one.name == "tf_efficientnet_b5")
    assert b5.error_percent < min(lowest(found.later, name) for name in REGNETS)


def test_the_flops_of_convolutional_networks_span_four_orders(scripts, found):
    flops = [one.flops for one in scripts["claims_data"].convolutional(found.timm.values())]
    assert np.log10(max(flops) / min(flops)) == pytest.approx(4, abs=0.6)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("RegNetX-8.0GF", "X-8.0GF"),
        ("regnetx_080", "X-8.0GF"),
        ("regnety_008_tv", "Y-800MF"),
        ("regnety_320", "Y-32GF"),
    ],
)
def test_regnets_have_one_name(scripts, name, short):
    assert scripts["claims_tables"].flops_name(name) == short


def test_numbers_are_written_with_sign_and_interval(scripts):
    tables, interval = scripts["claims_tables"], scripts["claims_numbers"].Interval
    assert [tables.signed(value) for value in (0.001, -0.004, -1.5, 2)] == [
        "0.00",
        "0.00",
        "−1.50",
        "+2.00",
    ]
    assert tables.gain(interval(value=0.1, low=0.02, high=0.3)) == "**+0.10 (+0.02 to +0.30)**"
    assert tables.gain(interval(value=0.1, low=-0.02, high=0.3)) == "+0.10 (−0.02 to +0.30)"
