"""The networks that a search may choose from where it limits latency."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from netspace.search.domain import Genes, Judged
from netspace.search.space_domain import SpaceDomain
from netspace.spaces.constraints import Constraint
from netspace.spaces.space import Space
from netspace.workflow.latency_limit import LatencyCheck


class LatencyDomain(SpaceDomain):
    """The networks of a space within a budget that may keep to a limit by their prediction.

    Whether they do is for a measurement to say.
    """

    def __init__(self, space: Space, constraints: Sequence[Constraint], check: LatencyCheck):
        super().__init__(space, constraints)
        self._check = check

    def judge(self, genes: Genes) -> Judged:
        """As of the space, and of those allowed which may be fast enough."""
        found = super().judge(genes)
        rows = np.flatnonzero(found.allowed)
        if not rows.size:
            return found
        columns = {name: values[rows] for name, values in self.parameters(genes).items()}
        allowed = np.zeros_like(found.allowed)
        for batch in self.space.template.decode(columns):
            if len(batch.rows):
                allowed[rows[batch.rows]] = self._check.may_fit(batch.network, len(batch.rows))
        return replace(found, allowed=allowed)
