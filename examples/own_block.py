"""A network of your own: a block written out layer by layer in YAML, counted, drawn and trained.

    python examples/own_block.py

The block has two branches, one of 3x3 and one of 5x5 depthwise convolutions, whose outputs are put
side by side, mixed, and added to the input.
"""

from pathlib import Path

import yaml
from compare_spaces import train

import netspace as ns

NETWORK = """
stem: {width: 16, stride: 1}
stages:
- width: 16
  depth: 3
  stride: 1
  block:
    kind: custom
    layers:
      kind: chain
      steps:
      - - sum
        - kind: residual
          body:
            kind: chain
            steps:
            - - branches
              - kind: concat
                branches:
                - [small, {kind: conv, width: 16, kernel: 3, groups: 16}]
                - [large, {kind: conv, width: 16, kernel: 5, groups: 16}]
            - [norm, {kind: norm}]
            - [act, {kind: act, function: relu}]
            - [mix, {kind: conv, width: 16, kernel: 1}]
            - [mix_norm, {kind: norm}]
- {width: 32, depth: 2, block: {kind: basic}}
channels: 1
classes: 10
resolution: [8, 8]
name: two-branches
"""


def main(picture: Path | None = None, epochs: int = 3) -> None:
    """Count the network, write its picture where one is wanted, train it on the digits."""
    network = ns.network(yaml.safe_load(NETWORK))
    cost = ns.count(network)
    print(f"{network.name}: {cost.flops:,} flops, {cost.params:,} params")
    if picture is not None:
        picture.write_text(ns.draw(network), "utf-8")
        print(f"drawn in {picture}")
    error = train(network, ns.load("digits"), epochs)
    print(f"error on validation after {epochs} epochs: {error:.1f} %")


if __name__ == "__main__":
    main(Path("two-branches.svg"))
