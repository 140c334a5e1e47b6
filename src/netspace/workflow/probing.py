"""How fast networks train here, measured on all workers at once."""

from collections.abc import Sequence

from netspace.design.network import Network
from netspace.errors import RunError
from netspace.recipe import Recipe
from netspace.run.jobs import Died, Failed, Probed, ProbeJob, Stopped
from netspace.train.probe import Speed
from netspace.workflow.session import Session


def probe(networks: Sequence[Network], recipe: Recipe, at_work: Session) -> list[Speed | None]:
    """The speed of each network; None for one that breaks down. Raises RunError if all do."""
    found: list[Speed | None] = [None] * len(networks)
    waiting = [ProbeJob(id=i, network=net, recipe=recipe) for i, net in enumerate(networks)]
    answered, broken = 0, ""
    at_work.watcher.begin("measuring speed", total=len(networks))
    try:
        while answered < len(networks):
            while waiting and at_work.pool.room:
                at_work.pool.submit(waiting.pop())
            for event in at_work.pool.events():
                answered += 1
                at_work.watcher.advance(1)
                match event:
                    case Probed(speed=speed):
                        found[event.id] = speed
                    case Failed(reason=reason) | Died(reason=reason) | Stopped(reason=reason):
                        broken = reason
                    case _:
                        raise AssertionError(f"a probe does not answer {event}")
    finally:
        at_work.watcher.end()
    if not any(found):
        raise RunError(f"no network of this run can be trained here: {broken}")
    return found
