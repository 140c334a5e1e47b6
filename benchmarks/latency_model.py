"""How far off the latency model is for networks of spaces that it was not fitted to.

The model is fitted anew to measured layers and to whole networks of its own spaces, as `--latency`
does it. Networks of other spaces are predicted, then measured by `measure_latency` in three passes
some time apart; the median of those counts. The yardstick is a median error of 15 %. Other work on
the machine shows in `noise_percent`: how far the passes are apart in the median.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from _shared import print_result
from netspace.train.latency import measure_latency
from netspace.workflow.latency_file import FITTING_SPACES, fitting_networks, latency_model

YARDSTICK_PERCENT = 15.0
RESOLUTION = 32
HELD_OUT = ("anynetx_a", "mnasnet", "resnext")
PER_BAND = 6
PASSES = 3


def main() -> None:
    """Fit, predict, measure, compare."""
    with tempfile.TemporaryDirectory() as folder:
        model = latency_model(RESOLUTION, print, folder=Path(folder))
    drawn = fitting_networks(RESOLUTION, HELD_OUT, PER_BAND)
    networks = [network for _, network in drawn]
    begin = time.process_time()
    predicted = np.array([model.latencies_ms(network, 1)[0] for network in networks])
    each_ms = 1e3 * (time.process_time() - begin) / len(networks)
    told = [model.predict(network) for network in networks]
    passes = np.array(
        [[measure_latency(network).median_ms for network in networks] for _ in range(PASSES)]
    )
    measured = np.median(passes, axis=0)
    off = 100 * np.abs(predicted / measured - 1)
    for name in HELD_OUT:
        own = off[[space == name for space, _ in drawn]]
        print(f"{name}: {len(own)} networks, off by {np.median(own):.1f} % in the median")
    looked_up, estimated = (
        sum(getattr(one, kind) for one in told) for kind in ("looked_up", "estimated")
    )
    assert model.check is not None
    median = float(np.median(off))
    print_result(
        "latency_model",
        median_error_percent=round(median, 1),
        p90_error_percent=round(float(np.quantile(off, 0.9)), 1),
        tau=round(float(kendalltau(predicted, measured).statistic), 3),
        networks=len(networks),
        measured_ms=[round(float(end), 2) for end in (measured.min(), measured.max())],
        noise_percent=round(float(np.median(100 * np.ptp(passes, axis=0) / measured)), 1),
        calls_estimated_percent=round(100 * estimated / (looked_up + estimated), 1),
        ms_per_prediction=round(each_ms, 2),
        fitted_to=list(FITTING_SPACES),
        check_median_percent=round(model.check.median_percent, 1),
        check_p90_percent=round(model.check.p90_percent, 1),
        yardstick=YARDSTICK_PERCENT,
        ratio=round(YARDSTICK_PERCENT / median, 2),
    )


if __name__ == "__main__":
    main()
