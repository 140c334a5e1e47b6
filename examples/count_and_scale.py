"""What a network costs, and four ways to make it twice as large.

python examples/count_and_scale.py [NETWORK]
"""

import sys

import netspace as ns


def main(name: str = "resnet50") -> None:
    """Print the counts of a network, and of four networks with twice its flops."""
    before = ns.network(name)
    cost = ns.count(before)
    print(f"{name}: {cost.flops:,} flops, {cost.params:,} params, {cost.activations:,} activations")
    print(
        f"\n{'twice by':<12}{'flops':>7}{'params':>8}{'activations':>13}{'blocks':>8}{'pixels':>8}"
    )
    for way in ("depth", "width", "resolution", "fast"):
        after = ns.scale(before, factor=2, by=way)
        larger = ns.count(after)
        print(
            f"{way:<12}{larger.flops / cost.flops:>6.2f}x{larger.params / cost.params:>7.2f}x"
            f"{larger.activations / cost.activations:>12.2f}x"
            f"{after.depth:>8}{after.resolution[0]:>8}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:2])
