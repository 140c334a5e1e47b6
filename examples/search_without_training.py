"""Choose networks by a score of the untrained ones, then train both ends, to see if it helps.

    python examples/search_without_training.py [NETWORKS] [EPOCHS]

The score is naswot (Mellor et al. 2021): how differently an untrained network's activations answer
to different images. Counting flops is the yardstick that it must beat.
"""

import sys
from statistics import fmean

import torch
from compare_spaces import FLOPS, train

import netspace as ns
from netspace.train.proxies import batch, score

SEED, ENDS = 0, 3


def main(networks: int = 30, epochs: int = 3) -> None:
    """Score so many networks, train those at both ends."""
    data = ns.load("digits")
    space = ns.space(
        "regnetx", resolution=data.resolution, channels=data.channels, classes=len(data.classes)
    )
    sample = space.sample(networks, seed=SEED, flops=FLOPS)
    cpu = torch.device("cpu")
    images, labels = batch(data, sample[0].resolution, seed=SEED, device=cpu)
    for name in ("naswot", "flops"):
        ranked = sorted(
            sample,
            key=lambda net: score(name, net, images, labels, seed=SEED, device=cpu),
            reverse=True,
        )
        best, worst = ranked[:ENDS], ranked[-ENDS:]
        errors = [fmean(train(net, data, epochs) for net in end) for end in (best, worst)]
        print(
            f"by {name}: the {ENDS} highest of {networks} have {errors[0]:.1f} % error on average, "
            f"the {ENDS} lowest {errors[1]:.1f} %"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
