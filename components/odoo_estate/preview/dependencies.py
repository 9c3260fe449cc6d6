"""Which resources a resource waits for, as the SDK tells the engine.

A component stands for its descendants down to the first custom ones (``_add_dependency`` in ``pulumi/runtime/rpc.py``).
They are looked up when the program has ended, as the SDK's tasks do after a synchronous program.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pulumi.resource import ComponentResource, Resource

from odoo_estate.preview.instance import urn_of
from odoo_estate.preview.markers import Marker, RecordingError


class Dependencies:
    """Expands dependencies and remembers them, to find cycles at the end.

    A program can only name resources it has already made, so a cycle needs a component that gains a child later:
    only then is the graph searched.
    """

    __slots__ = ("_edges", "_order", "_suspect")

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._order = {resource: index for index, resource in enumerate(resources)}
        self._edges: dict[Resource, list[Resource]] = {}
        self._suspect = False

    def urns(self, dependent: Resource, needed: Iterable[Resource]) -> list[str]:
        """The urns that ``dependent`` waits for because it needs ``needed``."""
        urns: dict[str, None] = {}
        waiting = list(needed)
        index = self._order[dependent]
        for resource in waiting:
            if not isinstance(resource, Resource):
                raise TypeError(f"'depends_on' was passed a value {resource!r} that is not a resource")
            if self._order.get(resource, -1) >= index:
                self._suspect = True
            if isinstance(resource, ComponentResource) and not resource._remote:
                waiting.extend(resource._childResources)
            else:
                urns[urn_of(resource)] = None
        self._edges.setdefault(dependent, []).extend(waiting)
        return list(urns)

    def refuse_cycles(self) -> None:
        """Raise if resources wait for each other, as the SDK does."""
        if not self._suspect:
            return
        done: set[Resource] = set()
        for start in self._edges:
            path: dict[Resource, Iterator[Resource]] = {start: iter(self._edges[start])}
            while path and start not in done:
                current, following = next(reversed(path.items()))
                step = next(following, None)
                if step is None:
                    done.add(current)
                    del path[current]
                elif step in path:
                    raise RecordingError(
                        f"circular dependency: {urn_of(current)} waits for {urn_of(step)}, which waits for it; "
                        "look at depends_on and parent"
                    )
                elif step not in done:
                    path[step] = iter(self._edges.get(step, ()))


def named(depends_on: Any) -> list[Resource]:
    """The resources of a ``depends_on`` option: a resource, a list, or an output of either."""
    if depends_on is None:
        return []
    found: list[Resource] = []
    if isinstance(depends_on, Marker):
        found.extend(depends_on._sources)
        depends_on = depends_on._value
    for item in depends_on if isinstance(depends_on, list | tuple) else [depends_on]:
        if isinstance(item, Marker):
            found.extend(item._sources)
            if isinstance(item._value, Resource):
                found.append(item._value)
        elif item is not None:
            found.append(item)
    return found
