"""What a stack rule sees: all resources of one stack, and where and when it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from odoo_estate.plan import Exemption
from odoo_estate_policies.resource import Resource


@dataclass(frozen=True)
class Stack:
    """One stack. ``account`` and ``region`` are those its plan targets; ``today`` decides whether an exemption still holds; ``rules`` are the ids of
    those that judge it."""

    name: str
    account: str
    region: str
    resources: tuple[Resource, ...]
    exemptions: tuple[Exemption, ...]
    today: date
    rules: frozenset[str]

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """The resources by URN."""
        return {one.urn: one for one in self.resources}

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in self.resources:
            found.setdefault(one.type, []).append(one)
        return found

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in the order they were registered."""
        return [one for name in types for one in self._by_type.get(name, ())]

    def beside(self, target: Resource, type_token: str, key: str) -> list[Resource]:
        """The resources of one type whose property ``key`` is ``target``: a bucket's versioning, a vault's lock."""
        return [one for one in self.of_type(type_token) if one.refers_to(key, target)]


def tenant_of(urn: str) -> tuple[str, str] | None:
    """Customer and environment of the tenant stack that a URN belongs to, None for any other stack."""
    kind, _, rest = stack_of(urn).partition(".")
    customer, _, environment = rest.partition(".")
    return (customer, environment) if kind == "tenant" and customer and environment else None


def stack_of(urn: str) -> str:
    """The stack's name in a URN (``urn:pulumi:STACK::PROJECT::TYPE::NAME``)."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def name_of(urn: str) -> str:
    """The logical name in a URN; the URN's last part, which may itself hold ``::``."""
    parts: Sequence[str] = urn.split("::", 3)
    return parts[3] if len(parts) == 4 else urn
