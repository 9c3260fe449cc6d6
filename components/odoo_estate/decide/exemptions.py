"""Exceptions from an entitlement: recorded, approved, expiring. The rules of entitlement have ids of their own."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from odoo_estate.errors import Refused
from odoo_estate.spec.customer import Customer, Exemption

ENTITLEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "ENT-01": "a tenancy that the service class or the ladder does not allow",
        "ENT-02": "a band larger than those of the service class",
        "ENT-03": "a recovery objective that the arithmetic does not reach",
        "ENT-04": "an environment that the service class does not include",
        "ENT-05": "an Odoo series past its support, or further than one series from production's",
        "ENT-06": "more storage or integrations than the service class includes",
        "ENT-07": "modules that are not approved",
        "CHG-01": "a change that takes away safety or moves data (see `odoo_estate.decide.changes`)",
    }
)
"""Rule id to what an exemption from it allows. Ids are never reused."""
OURS = ("ENT-", "CHG-")
"""How the ids begin that no policy rule has."""


def exemption(customer: Customer, rule: str, today: date) -> Exemption | None:
    """The customer's unexpired exemption from ``rule``, or None. The day of expiry itself still counts."""
    for one in customer.exceptions:
        if one.rule == rule and date.fromisoformat(one.expires) >= today:
            return one
    return None


def check_exemptions(customer: Customer, today: date) -> None:
    """Refuse expired exemptions, because a register that keeps dead entries hides which rules really hold, and unknown entitlements, which
    would grant nothing. Whether a policy rule of that name exists, the policy packs know.
    """
    for position, one in enumerate(customer.exceptions):
        if one.rule.startswith(OURS) and one.rule not in ENTITLEMENTS:
            raise Refused(
                f"{one.rule} is no entitlement that an exemption can be granted from",
                document=f"customer:{customer.customer}",
                field=("exceptions", position, "rule"),
                value=one.rule,
                allowed=[f"{rule}: {what}" for rule, what in ENTITLEMENTS.items()],
                remedy="use one of these, or the id of a policy rule",
            )
        if date.fromisoformat(one.expires) < today:
            raise Refused(
                f"the exemption from {one.rule} expired on {one.expires} (today is {today.isoformat()})",
                document=f"customer:{customer.customer}",
                field=("exceptions", position, "expires"),
                value=one.expires,
                allowed=(f"a date from {today.isoformat()} on",),
                remedy=f"have {one.approver} renew it, or remove the exception and what depends on it",
            )
