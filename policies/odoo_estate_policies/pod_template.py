"""The pods inside everything that starts pods."""

from collections.abc import Iterator
from fractions import Fraction

from odoo_estate_policies.quantity import quantity
from odoo_estate_policies.resource import Properties, Resource, Undecided

_DIRECT = ("kubernetes:core/v1:Pod",)
_CRON = ("kubernetes:batch/v1:CronJob",)
_TEMPLATED = (
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:apps/v1:ReplicaSet",
    "kubernetes:batch/v1:Job",
    "kubernetes:core/v1:ReplicationController",
)
POD_OWNERS = (*_DIRECT, *_TEMPLATED, *_CRON)
"""Every built-in kind that has a pod in it."""


def pod_spec(resource: Resource) -> Properties:
    """The spec of the pods that a resource of `POD_OWNERS` starts."""
    spec = resource.section("spec")
    if resource.type in _CRON:
        spec = spec.section("jobTemplate").section("spec")
    return spec if resource.type in _DIRECT else spec.section("template").section("spec")


def containers(pod: Properties) -> Iterator[Properties]:
    """All containers, those that run first included."""
    yield from pod.items("containers").objects()
    yield from pod.items("initContainers").objects()


def pod_total(pod: Properties, side: str, key: str) -> Fraction:
    """What the scheduler counts for a pod (``requests`` or ``limits`` of ``cpu`` or ``memory``).

    Containers and sidecars (init containers that restart always) add up; the others run one by one before them, so only the largest
    of them counts, on top of the sidecars started earlier.
    """
    sidecars = largest = Fraction(0)
    for container in pod.items("initContainers").objects():
        size = _size(container, side, key)
        if container.text("restartPolicy") == "Always":
            sidecars += size
            largest = max(largest, sidecars)
        else:
            largest = max(largest, sidecars + size)
    running = sum((_size(one, side, key) for one in pod.items("containers").objects()), Fraction(0))
    return max(largest, sidecars + running)


def _size(container: Properties, side: str, key: str) -> Fraction:
    """A missing request defaults to the limit, as the API server does it."""
    asked = container.section("resources")
    for place in (side, "limits"):
        written = asked.section(place).get(key)
        if written is not None:
            try:
                return quantity(written)
            except ValueError as error:
                raise Undecided(f"{asked.path}.{place}.{key}", f"cannot be read: {error}") from None
    return Fraction(0)
