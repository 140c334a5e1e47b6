"""Set two families of networks against each other, at equal flops, on the built-in digits.

    python examples/compare_spaces.py [NETWORKS] [EPOCHS]

This is the idea of `netspace design` in forty lines. Use that for real: it trains in parallel,
keeps every result, resumes, and trains the best again.
"""

import sys

import torch
from torch import nn

import netspace as ns
from netspace.train.data import DataSet, Split

FLOPS = (0.2e6, 0.3e6)


def main(networks: int = 8, epochs: int = 3) -> None:
    """Train so many networks of two spaces, and compare the errors."""
    data = ns.load("digits")
    errors = {}
    for name in ("anynetx_a", "regnetx"):
        space = ns.space(
            name, resolution=data.resolution, channels=data.channels, classes=len(data.classes)
        )
        sample = space.sample(networks, seed=0, flops=FLOPS)
        errors[name] = [train(net, data, epochs) for net in sample]
        found = ns.summarise(errors[name])
        print(
            f"{name}: {found.finished} networks, best {found.best:.1f} %, mean {found.mean:.1f} %"
        )
    verdict = ns.compare(errors["anynetx_a"], errors["regnetx"], estimand="mean")
    print(verdict.sentence("anynetx_a", "regnetx"))


def train(network: ns.Network, data: DataSet, epochs: int) -> float:
    """The network's error on the validation images, in percent, after so many epochs."""
    module = ns.build(network)
    steps = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    images, labels = tensors(data.train)
    order = torch.Generator().manual_seed(0)
    module.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(images), generator=order).split(64):
            steps.zero_grad()
            nn.functional.cross_entropy(module(images[rows]), labels[rows]).backward()
            steps.step()
    module.eval()
    images, labels = tensors(data.validation)
    with torch.no_grad():
        wrong = module(images).argmax(dim=1) != labels
    return 100 * float(wrong.float().mean())


def tensors(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (N, C, H, W) from -1 to 1, and labels (N,)."""
    images = torch.tensor(split.images).permute(0, 3, 1, 2) / 127.5 - 1
    return images.contiguous(), torch.tensor(split.labels)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
