"""What is known of zero-cost proxies: how they ranked networks that were trained afterwards.

Whoever relies on a proxy is told this first. Source: docs/proxies.md, the table of 2026-11-26.
"""

from collections.abc import Mapping

Tau = tuple[float, float, float]
"""Kendall's tau-b with the validation error, turned so that + is good; its 95 % interval."""

SOURCE = "docs/proxies.md"
CIRCUMSTANCES = "CIFAR-10, 5 to 6 MFLOPs, 3 epochs"

NETWORKS = {"anynetx_a": 90, "anynetx_e": 40, "regnetx": 40, "anynetx_a.1": 50, "all": 220}
"""How many networks of each space, and of all together."""

RECORDED: Mapping[str, Mapping[str, Tau]] = {
    "synflow": {
        "anynetx_a": (-0.48, -0.59, -0.35),
        "anynetx_e": (-0.59, -0.76, -0.38),
        "regnetx": (-0.69, -0.80, -0.56),
        "anynetx_a.1": (-0.53, -0.67, -0.36),
        "all": (-0.55, -0.61, -0.48),
    },
    "naswot": {
        "anynetx_a": (-0.15, -0.29, -0.02),
        "anynetx_e": (-0.10, -0.32, 0.13),
        "regnetx": (0.14, -0.08, 0.34),
        "anynetx_a.1": (-0.12, -0.32, 0.08),
        "all": (-0.09, -0.18, 0.00),
    },
    "gradient_norm": {
        "anynetx_a": (-0.47, -0.58, -0.34),
        "anynetx_e": (-0.65, -0.80, -0.45),
        "regnetx": (-0.74, -0.83, -0.62),
        "anynetx_a.1": (-0.53, -0.65, -0.38),
        "all": (-0.53, -0.59, -0.47),
    },
    "flops": {
        "anynetx_a": (-0.03, -0.16, 0.11),
        "anynetx_e": (0.02, -0.20, 0.23),
        "regnetx": (0.06, -0.16, 0.27),
        "anynetx_a.1": (-0.05, -0.24, 0.14),
        "all": (0.00, -0.09, 0.08),
    },
    "params": {
        "anynetx_a": (0.00, -0.15, 0.15),
        "anynetx_e": (-0.35, -0.52, -0.14),
        "regnetx": (-0.58, -0.70, -0.42),
        "anynetx_a.1": (0.04, -0.17, 0.27),
        "all": (-0.09, -0.17, 0.00),
    },
}
"""By proxy and space; `all` mixes the spaces."""
