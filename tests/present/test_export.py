import ast
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from netspace.design import zoo
from netspace.design.blocks import (
    Basic,
    Block,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
)
from netspace.design.complexity import count
from netspace.design.custom import Custom
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Concat,
    Conv,
    Dropout,
    Gate,
    GlobalPool,
    Layer,
    Norm,
    Pool,
    Residual,
)
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Pooling, Squeeze
from netspace.errors import SpecError
from netspace.present.export import torch_source, yaml_text
from netspace.train.build import build
from netspace.train.weights import save_weights
from tests.strategies import any_networks

HOSTILE = ('"""', "'", '"', "\\", "\n", "\x00", "\N{BELL}", "it's", "a\"b'c", "{x}", "\u202e", "")
PRIMITIVES = (
    nn.Conv2d,
    nn.BatchNorm2d,
    nn.Dropout,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Tanh,
)
STEM = Stem(width=8, stride=1)


def small(*stages: Stage, **fields: Any) -> Network:
    usual = {"stem": STEM, "classes": 5, "resolution": (16, 16)}
    return Network(stages=stages, **(usual | fields))


def repeated(block: Block, **fields: Any) -> Network:
    """Three stages of one block: wider, as wide, deeper."""
    stages = ((12, 2, 1), (24, 1, 2), (24, 3, 2))
    return small(*(Stage(block=block, width=w, depth=d, stride=s) for w, d, s in stages), **fields)


def chained(**steps: Layer) -> Chain:
    return Chain(steps=tuple(steps.items()))


def squeezes() -> dict[str, Network]:
    found = {}
    for source, rounding in product(("input", "inner", "output"), ("nearest", "floor")):
        se = Squeeze(ratio=0.3, source=source, rounding=rounding, act="silu", gate="hardsigmoid")
        block = Bottleneck(bottleneck_ratio=2, group_width=3, se=se)
        found[f"bottleneck squeezed from {source} {rounding}"] = repeated(block)
        found[f"mbconv squeezed from {source} {rounding}"] = repeated(MBConv(expansion=3, se=se))
    return found


MNAS_LIKE = small(
    Stage(block=MBConv(expansion=1, kernel=3), width=8, depth=1, stride=1),
    Stage(block=MBConv(expansion=6, kernel=3, se=Squeeze(ratio=0.25)), width=12, depth=2),
    Stage(block=MBConv(expansion=3, kernel=5, se=Squeeze(ratio=0.5)), width=16, depth=3, stride=1),
    Stage(block=MBConv(expansion=2, kernel=5), width=16, depth=2),
    head=Head(width=40, dropout=0.3, act="hardswish"),
)

SE_AT_END = Squeeze(ratio=0.25, source="output", place="output")
BRANCHES = {"width1": 8, "reduce3": 3, "width3": 6, "reduce5": 2, "width5": 4, "width_pool": 6}
HALVED = Pooling(kernel=3, round_up=True)
CHAINED = chained(
    a=Conv(width=6, kernel=2, padding=0, bias=True),
    sides=Concat(
        branches=(
            ("wide", chained(conv=Conv(width=10, kernel=3), norm=Norm(momentum=0.2))),
            ("pooled", chained(pool=Pool(function="mean", kernel=3, stride=1, padding=1))),
            ("thin", Conv(width=2, kernel=1, groups=2)),
        )
    ),
    norm=Norm(),
    grouped=Conv(width=12, kernel=3, stride=2, groups=3),
    sum=Residual(
        body=chained(fc=Conv(width=12, kernel=1), act=Act(function="tanh")),
        shortcut=chained(conv=Conv(width=12, kernel=3)),
        after=chained(wide=Conv(width=16, kernel=1)),
    ),
    thin=Conv(width=12, kernel=1),
    gate=Gate(body=chained(pool=GlobalPool(), conv=Conv(width=12, kernel=1))),
    drop=Dropout(rate=0.1),
    act=Act(function="relu"),
)
# Each activation here but the last reads a map that something else reads as well.
ACTIVATED_FIRST = chained(
    act=Act(function="hardswish"),
    sum=Residual(
        body=chained(act=Act(function="relu"), conv=Conv(width=8, kernel=3)),
        after=Act(function="relu6"),
    ),
    sides=Concat(
        branches=(
            ("one", chained(act=Act(function="silu"), conv=Conv(width=4, kernel=1))),
            ("two", chained(drop=Dropout(rate=0.1), act=Act(function="relu"))),
            ("three", Act(function="hardsigmoid")),
        )
    ),
    conv=Conv(width=8, kernel=1),
    gate=Gate(
        body=chained(act=Act(function="relu"), pool=GlobalPool(), conv=Conv(width=8, kernel=1))
    ),
    norm=Norm(),
    last=Act(function="relu"),
)


def off_the_template() -> dict[str, Network]:
    """Networks with blocks, pools and heads that ResNets and RegNets do not have."""
    block, inception = Plain(bias=True), Inception(**BRANCHES)
    stages = tuple(Stage(block=Plain(), width=w, depth=2) for w in (8, 12))
    thin = replace(inception, width5=2, width_pool=8, kernel5=3, bias=True, norm=False)
    return {
        "plain": repeated(Plain()),
        "plain of other kernels": small(
            *(Stage(block=Plain(kernel=k), width=8, depth=d) for k, d in ((5, 1), (3, 2), (1, 3)))
        ),
        "plain without padding": small(
            *(Stage(block=Plain(kernel=k, padding=0, norm=False), width=8, depth=1) for k in (2, 3))
        ),
        "separable": repeated(Separable(kernel=5, act="relu6")),
        "inception": small(
            *(Stage(block=inception, width=24, depth=depth) for depth in (1, 3)),
            Stage(block=thin, width=24, depth=2),
        ),
        "inception once": small(
            Stage(block=inception, width=24, depth=1, stride=1),
            Stage(block=replace(inception, width1=5), width=21, depth=1, downsampling=HALVED),
        ),
        "pooled": small(
            Stage(block=block, width=8, depth=1, stride=1),
            Stage(block=block, width=12, depth=2, downsampling=Pooling()),
            Stage(block=block, width=12, depth=3, downsampling=Pooling()),
            Stage(block=block, width=16, depth=1, downsampling=HALVED),
            Stage(block=block, width=16, depth=1, stride=1, downsampling=Pooling(function="mean")),
        ),
        "basic with squeeze": repeated(Basic(se=SE_AT_END)),
        "bottleneck with squeeze at its end": repeated(Bottleneck(se=SE_AT_END)),
        "squeezed to multiples of 8": repeated(
            MBConv(expansion=2.3, se=replace(SE_AT_END, rounding="multiple of 8"))
        ),
        "stem without norm": small(
            *stages, stem=Stem(width=6, kernel=4, padding=1, bias=True, norm=False, act="tanh")
        ),
        "mean-pool": small(*stages, stem=replace(STEM, pool=Pooling(function="mean"))),
        "flat head": small(*stages, head=Head(grid=None, hidden=(5, 9), act="tanh")),
        "head on a grid": small(*stages, head=Head(grid=2, hidden=(7,), dropout=0.4)),
        "pooled head": small(*stages, head=Head(pool=Pooling(function="mean"), width=9)),
        "convolutional head": small(
            *stages, head=Head(classifier="convolution", width=9, dropout=0.2)
        ),
        "custom": small(
            Stage(block=Custom(layers=CHAINED), width=12, depth=1),
            Stage(block=Plain(), width=12, depth=2),
        ),
        "custom that begins with activations": small(
            Stage(block=Custom(layers=ACTIVATED_FIRST), width=8, depth=3, stride=1),
            stem=replace(STEM, norm=False, act="tanh"),
        ),
    }


NETWORKS = {
    "vanilla": repeated(Vanilla()),
    "basic": repeated(Basic()),
    "bottleneck": repeated(Bottleneck(bottleneck_ratio=4)),
    "grouped": repeated(Bottleneck(group_width=4)),
    "widening": repeated(Bottleneck(bottleneck_ratio=0.5, group_width=6)),
    "broken ratio": repeated(Bottleneck(bottleneck_ratio=1.5)),
    "stride in 1x1": repeated(Bottleneck(bottleneck_ratio=2, stride_in="1x1")),
    "mbconv": repeated(MBConv()),
    "mbconv 1": repeated(MBConv(expansion=1, kernel=5)),
    "mnas": MNAS_LIKE,
    "max-pool": repeated(Basic(), stem=Stem(width=8, kernel=7, pool=Pooling(kernel=3, padding=1))),
    "eps": repeated(
        Bottleneck(norm_eps=1e-3), stem=Stem(norm_eps=0.01), head=Head(width=9, norm_eps=0.1)
    ),
    "one grey stage": small(Stage(block=Basic(), width=8, depth=1), channels=1, classes=1),
    "identity everywhere": small(Stage(block=Bottleneck(), width=8, depth=3, stride=1)),
    "identity at first": small(
        Stage(block=Basic(), width=8, depth=2, stride=1), Stage(block=Basic(), width=8, depth=2)
    ),
    "oblong": repeated(Basic(), resolution=(9, 20), channels=2),
    "all activations": small(
        *(Stage(block=Basic(act=act), width=8, depth=1, stride=1) for act in get_args(Activation))
    ),
    "every kind": small(
        Stage(block=Vanilla(), width=8, depth=2),
        Stage(block=Basic(norm_eps=1e-3), width=12, depth=1),
        Stage(block=Bottleneck(bottleneck_ratio=2, group_width=2), width=16, depth=2),
        Stage(block=Bottleneck(bottleneck_ratio=1, group_width=8), width=16, depth=2, stride=1),
        Stage(block=Bottleneck(se=Squeeze(ratio=0.25)), width=16, depth=2, stride=1),
        Stage(block=MBConv(expansion=4), width=20, depth=2, stride=1),
    ),
    **squeezes(),
    **off_the_template(),
    **{
        name: zoo.network(name).for_input(resolution=32, classes=10)
        for name in (
            *("regnet_x_200mf", "regnet_y_200mf", "efficientnet_b0", "resnext50_32x4d"),
            *("lenet5", "googlenet", "googlenet_tv", "resnet20_cifar", "seresnet18"),
            *("mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"),
            *("mnasnet_a1", "mnasnet_b1"),
        )
    },
}
each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def executed(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), space)
    return space


def trained(network: Network) -> nn.Module:
    """The network as if it had been trained: no weight or statistic is at its start value."""
    module = build(network, seed=1)
    chance = torch.Generator().manual_seed(2)
    for name, value in module.state_dict().items():
        if value.dtype == torch.float32 and ("norm" in name or name.endswith("bias")):
            value.copy_(torch.rand(value.shape, generator=chance) + 0.5)
    return module.eval()


def images(network: Network) -> Tensor:
    chance = torch.Generator().manual_seed(3)
    return torch.randn(2, network.channels, *network.resolution, generator=chance)


def shapes(module: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in module.state_dict().items()}


@each_network
def test_the_source_builds_the_same_network(network: Network) -> None:
    ours = trained(network)
    module: nn.Module = executed(torch_source(network))["network"]()
    assert list(module.state_dict()) == list(ours.state_dict())
    assert shapes(module) == shapes(ours)
    module.load_state_dict(ours.state_dict(), strict=True)
    with torch.inference_mode():
        expected, got = ours(images(network)), module.eval()(images(network))
    assert torch.equal(expected, got)
    assert expected.std() > 0


@given(any_networks)
@settings(max_examples=100)
def test_the_source_of_any_network_builds_it(network: Network) -> None:
    ours = trained(network)
    module: nn.Module = executed(torch_source(network))["network"]()
    module.load_state_dict(ours.state_dict(), strict=True)
    with torch.inference_mode():
        assert torch.equal(ours(images(network)), module.eval()(images(network)))


def test_modules_are_the_same_in_training_too() -> None:
    for network in NETWORKS.values():
        exported: nn.Module = executed(torch_source(network))["network"]()
        settings = [
            [repr(part) for part in module.modules() if isinstance(part, PRIMITIVES)]
            for module in (exported, build(network))
        ]
        assert settings[0] == settings[1]


BLOCKED = """
import sys
sys.modules["netspace"] = None
sys.path.insert(0, sys.argv[1])
import exported
from safetensors.torch import load_file, save_file
folder = sys.argv[1]
model = exported.network()
model.load_state_dict(load_file(folder + "/winner.safetensors"))
model.eval()
images = load_file(folder + "/images.safetensors")["images"]
save_file({"logits": model(images)}, folder + "/logits.safetensors")
assert not [name for name in sys.modules if name.startswith("netspace.")]
"""


def test_it_needs_no_netspace(tmp_path: Path) -> None:
    ours = trained(MNAS_LIKE)
    (tmp_path / "exported.py").write_text(torch_source(MNAS_LIKE), "utf-8")
    save_weights(ours, tmp_path / "winner.safetensors")
    save_file({"images": images(MNAS_LIKE)}, tmp_path / "images.safetensors")
    command = [sys.executable, "-W", "error", "-c", BLOCKED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with torch.inference_mode():
        expected = ours(images(MNAS_LIKE))
    assert torch.equal(load_file(tmp_path / "logits.safetensors")["logits"], expected)


@each_network
def test_it_imports_nothing_but_torch_and_collections(network: Network) -> None:
    imports = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(torch_source(network)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert set(imports) == {"collections", "torch"}
    assert len(imports) == (3 if "class Concat" in torch_source(network) else 2)


def test_the_table_of_stages() -> None:
    source = torch_source(zoo.network("regnet_y_400mf"))
    assert "squeezed = width_in // 4\n" in source
    assert "groups=width // 8" in source
    assert source.count("def ") == len(("init", "forward") * 2) + len(
        ("chain", "block", "stage", "network")
    )
    table = """
        s1=bottleneck_stage(depth=1, width_in=32, width=48, stride=2),
        s2=bottleneck_stage(depth=3, width_in=48, width=104, stride=2),
        s3=bottleneck_stage(depth=6, width_in=104, width=208, stride=2),
        s4=bottleneck_stage(depth=6, width_in=208, width=440, stride=2),
"""
    assert table in source


def test_blocks_that_differ_in_numbers_share_a_function() -> None:
    source = torch_source(NETWORKS["every kind"])
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.endswith(("block", "block_2"))] == [
        "vanilla_block",
        "basic_block",
        "bottleneck_block",
        "bottleneck_block_2",
        "mbconv_block",
    ]
    assert "bottleneck_ratio=2, group_width=2" in " ".join(source.split())


def test_its_length_does_not_grow_with_depth() -> None:
    shallow, deep = (
        small(*(Stage(block=Bottleneck(), width=w, depth=depth) for w in (8, 16, 24)))
        for depth in (2, 30)
    )
    lengths = [len(torch_source(network).splitlines()) for network in (shallow, deep)]
    assert lengths[0] == lengths[1] < 110


def test_numbers_changed_in_the_source_give_the_network_so_changed() -> None:
    stages = [Stage(block=Bottleneck(bottleneck_ratio=2), width=w, depth=2) for w in (8, 12, 16)]
    source = torch_source(small(*stages))
    changed = source.replace("depth=2, width_in=12, width=16", "depth=4, width_in=12, width=32")
    changed = changed.replace("nn.Linear(16, CLASSES)", "nn.Linear(32, CLASSES)")
    changed = changed.replace("CLASSES = 5", "CLASSES = 7")
    stages[2] = replace(stages[2], depth=4, width=32)
    assert shapes(executed(changed)["network"]()) == shapes(build(small(*stages, classes=7)))


@pytest.mark.parametrize("name", ["flat head", "convolutional head", "plain"])
def test_other_classes_change_the_classifier_alone(name: str) -> None:
    source = torch_source(NETWORKS[name])
    changed = executed(source.replace("CLASSES = 5", "CLASSES = 7"))["network"]()
    assert shapes(changed) == shapes(build(NETWORKS[name], classes=7))


def test_numbers_that_are_read_nowhere_are_no_parameters() -> None:
    for network in NETWORKS.values():
        for function in ast.parse(torch_source(network)).body:
            if isinstance(function, ast.FunctionDef):
                read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
                assert {argument.arg for argument in function.args.args} <= read


def test_stages_that_repeat_no_block_have_no_loop() -> None:
    source = torch_source(NETWORKS["googlenet"])
    assert "depth" not in source
    assert "for i in" not in source
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    stages = [name for name in names if name.endswith("stage")]
    assert stages == ["plain_stage", "pooled_inception_stage", "inception_stage"]


def test_constants_and_docstring() -> None:
    network = replace(NETWORKS["oblong"], name="mine", note="Drawn from a space.")
    source = torch_source(
        network, class_names=["a", "b", "c", "it's", "e"], mean=(2 / 3, 0.25), std=(1 / 3, 1)
    )
    space = executed(source)
    assert space["RESOLUTION"] == (9, 20)
    assert (space["CHANNELS"], space["CLASSES"]) == (2, 5)
    assert space["CLASS_NAMES"] == ("a", "b", "c", "it's", "e")
    assert (space["MEAN"], space["STD"]) == ((2 / 3, 0.25), (1 / 3, 1.0))
    assert "(image - MEAN) / STD" in source
    cost = count(network)
    words = (
        "mine: a convolutional",
        "Drawn from a space.",
        "resolution 9x20 (height x width), channels 2, classes 5",
        f"flops {cost.flops:,} (multiply-adds), params {cost.params:,}, "
        f"activations {cost.activations:,}, per image",
        'model.load_state_dict(load_file("winner.safetensors"))',
    )
    assert [word for word in words if word not in space["__doc__"]] == []


def test_what_the_source_leaves_out_is_said() -> None:
    network = replace(NETWORKS["mnas"], stochastic_depth=0.2)
    assert "a share of up to 0.2" in torch_source(network)
    assert "Stochastic" not in torch_source(NETWORKS["mnas"])


def test_what_is_not_known_is_not_said() -> None:
    space = executed(torch_source(NETWORKS["vanilla"]))
    assert not {"CLASS_NAMES", "MEAN", "STD", "Residual", "Gate"} & set(space)
    assert space["__doc__"].startswith("A network: a convolutional")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_strings_stay_strings(text: str, tmp_path: Path) -> None:
    network = replace(NETWORKS["one grey stage"], name=text + "x" + text, note=text)
    space = executed(torch_source(network, class_names=[text], mean=[0.5], std=[0.2]))
    assert space["CLASS_NAMES"] == (text,)
    assert set(space) >= {"CHANNELS", "network"}
    path = tmp_path / "network.yaml"
    path.write_text(yaml_text(network), "utf-8")
    back = zoo.network(path)
    assert (back.name, back.note) == (network.name, network.note)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"class_names": ["cat"]}, "1 class names for 5 classes; give all or none"),
        ({"mean": [0.5], "std": [0.5]}, "1 means and 1 standard deviations for 3 channels"),
        ({"mean": [0.5] * 3}, "3 means and 0 standard deviations for 3 channels"),
    ],
)
def test_what_is_said_has_to_fit(said: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        torch_source(NETWORKS["vanilla"], **said)


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_the_formatter_and_the_linter_have_nothing_to_say(tmp_path: Path) -> None:
    names = [f"class number {i}" for i in range(1, 11)]
    sources = {
        **{name: torch_source(network) for name, network in NETWORKS.items()},
        "few": torch_source(NETWORKS["basic"], class_names=names[:5], mean=[0.1] * 3, std=[1] * 3),
        "many": torch_source(NETWORKS["resnext50_32x4d"], class_names=names),
    }
    for name, source in sources.items():
        (tmp_path / f"{name.replace(' ', '_')}.py").write_text(source, "utf-8")
    for command in (["check"], ["format", "--check", "--line-length", "100"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [*NETWORKS, *zoo.names()])
def test_yaml_reads_back(name: str, tmp_path: Path) -> None:
    network = NETWORKS.get(name) or zoo.network(name)
    network = replace(network, name=name, note="yes: [1e3], # \N{SNOWMAN}\n  second line ")
    path = tmp_path / "network.yaml"
    path.write_text(yaml_text(network), "utf-8")
    back = zoo.network(path)
    assert back == network
    assert (back.name, back.note) == (network.name, network.note)
