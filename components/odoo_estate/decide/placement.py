"""Which step of the tenancy ladder a contract stands on, why, and how far it is from the next one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from odoo_estate.decide.exemptions import exemption
from odoo_estate.decide.load import Load, load_of
from odoo_estate.errors import Refused
from odoo_estate.plan import Decision, Tenancy
from odoo_estate.spec.catalog import Catalog, ServiceClass, Step
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import Partner

LADDER: tuple[Tenancy, ...] = ("pooled", "namespaced", "semi-dedicated", "dedicated")
"""From the most shared to the least; a contract may always stand higher than it needs, where its class allows."""

MEASURES = (
    ("concurrent_users", "users at once"),
    ("orders_per_hour", "orders/h"),
    ("integrations", "integrations"),
    ("integration_requests_per_hour", "integration requests/h"),
    ("database_gib", "GiB of database"),
    ("custom_modules", "custom modules"),
    ("heavy_modules", "heavy modules"),
)
"""Measures of `Load` that have thresholds in `Step`, with their units."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A contract's place: ``needed`` is what its measures ask for at least, ``tenancy`` what it gets."""

    tenancy: Tenancy
    needed: Tenancy
    load: Load
    decision: Decision


def rank(tenancy: Tenancy) -> int:
    """Position on the ladder, pooled is 0."""
    return LADDER.index(tenancy)


def exceeded(step: Step, load: Load, customer: Customer) -> Iterator[str]:
    """Every reason, with its figures, why ``load`` needs at least this step."""
    for measure, unit in MEASURES:
        limit = getattr(step, measure)
        used = getattr(load, measure)
        if limit is not None and used > limit:
            yield f"{used} {unit} > {limit}"
    if step.regulated and customer.regulation:
        yield f"regulated: {', '.join(customer.regulation)}"
    if step.own_account and customer.own_account:
        yield "an AWS account of its own is agreed"
    if step.unapproved_modules and load.unapproved_modules:
        yield f"modules that are not approved: {', '.join(load.unapproved_modules)}"


def needed(customer: Customer, catalog: Catalog, load: Load) -> tuple[Tenancy, str]:
    """The least tenancy that the measures allow, with every reason for it."""
    for tenancy in reversed(LADDER):
        step = catalog.placement.get(tenancy)
        reasons = list(exceeded(step, load, customer)) if step else []
        if reasons:
            return tenancy, "; ".join(reasons)
    return LADDER[0], "no measure passes a threshold of the ladder"


def distance(tenancy: Tenancy, catalog: Catalog, load: Load) -> str:
    """How far ``load`` is from the thresholds of the next step above ``tenancy`` that has some, the nearest measure first."""
    if tenancy == LADDER[-1]:
        return "none: dedicated is the last step of the ladder"
    for above in LADDER[rank(tenancy) + 1 :]:
        step = catalog.placement.get(above)
        if step is None:
            continue
        near = sorted(
            # A threshold of none is reached by the first: counted as one more than none.
            (
                (getattr(load, m) / (getattr(step, m) or 1), m, unit)
                for m, unit in MEASURES
                if getattr(step, m) is not None
            ),
            key=lambda entry: (-entry[0], entry[1]),
        )
        if near:
            figures = (f"{getattr(load, m)} of {getattr(step, m)} {unit} ({share:.0%})" for share, m, unit in near)
            return f"{above}: {', '.join(figures)}"
    return "none: no later step has a threshold"


def place(customer: Customer, catalog: Catalog, partner: Partner | None, today: date) -> Placement:
    """Place one contract; depends on nothing but the contract, its class and its partner, so no neighbour can move it.

    Raises `Refused` where the class or the partner does not allow what is needed and no unexpired exemption does.
    """
    service = service_class_of(customer, catalog, partner)
    load = load_of(customer, catalog.assumptions)
    check_modules(customer, service, load, today)
    least, why = needed(customer, catalog, load)
    allowed = tuple(
        one for one in service.tenancies if partner is None or not partner.tenancies or one in partner.tenancies
    )
    chosen = (
        _override(customer, least, allowed, today)
        if customer.placement
        else _computed(customer, least, why, allowed, today)
    )
    tenancy, reason, entitlement = chosen
    return Placement(
        tenancy=tenancy,
        needed=least,
        load=load,
        decision=Decision(
            topic="placement",
            value=tenancy,
            reason=f"{reason} ({why})",
            entitlement=entitlement,
            binding=why,
            next_step=distance(tenancy, catalog, load),
        ),
    )


def service_class_of(customer: Customer, catalog: Catalog, partner: Partner | None) -> ServiceClass:
    """The customer's service class, as far as its partner may sell it."""
    name = customer.service_class
    sold = partner.service_classes if partner and partner.service_classes else tuple(catalog.service_classes)
    if name not in catalog.service_classes or name not in sold:
        who = (
            f"partner {customer.partner} does not sell"
            if name in catalog.service_classes
            else "the catalog does not have"
        )
        raise Refused(
            f'{who} the service class "{name}"',
            document=_document(customer),
            field=("service_class",),
            value=name,
            allowed=sold,
            remedy="choose one of these, or have the operator widen what the partner may sell",
        )
    return catalog.service_classes[name]


def check_modules(customer: Customer, service: ServiceClass, load: Load, today: date) -> None:
    """Refused modules never run; pending ones only where the class allows, or by exemption ENT-07."""
    for name in load.unapproved_modules:
        approval = customer.modules[name].approval
        if approval == "refused" or not (service.unapproved_modules or exemption(customer, "ENT-07", today)):
            raise Refused(
                f"the module {name} is {'refused' if approval == 'refused' else 'not approved yet'}",
                document=_document(customer),
                field=("modules", name, "approval"),
                value=approval,
                allowed=("approved", "pending") if service.unapproved_modules else ("approved",),
                remedy="remove the module, have it approved"
                + ("" if approval == "refused" else ", or record an exception ENT-07 with approver and expiry"),
            )


def _computed(
    customer: Customer, least: Tenancy, why: str, allowed: tuple[Tenancy, ...], today: date
) -> tuple[Tenancy, str, str]:
    begins = rank(allowed[0]) if allowed else 0
    fitting = [one for one in LADDER if one in allowed and rank(one) >= max(rank(least), begins)]
    name = customer.service_class
    if fitting:
        first = fitting[0]
        reason = (
            f"the least that is needed and that {name} allows"
            if first == least
            else f"{least} would do, {name} begins at {first}"
        )
        return first, reason, f"service_classes.{name}.tenancies"
    granted = exemption(customer, "ENT-01", today)
    if granted:
        return (
            least,
            f"exception ENT-01 until {granted.expires} by {granted.approver}: {granted.reason}",
            "exceptions.ENT-01",
        )
    raise Refused(
        f"the contract needs {least} ({why}), which the service class {name} does not allow",
        document=_document(customer),
        field=("service_class",),
        value=name,
        allowed=allowed,
        remedy=f"move to a service class that allows {least}, or record an exception ENT-01 with approver and expiry",
    )


def _override(
    customer: Customer, least: Tenancy, allowed: tuple[Tenancy, ...], today: date
) -> tuple[Tenancy, str, str]:
    assert customer.placement is not None
    wish = customer.placement.tenancy
    recorded = f"set by hand: {customer.placement.reason}"
    if wish in allowed and rank(wish) >= rank(least):
        return wish, recorded, f"service_classes.{customer.service_class}.tenancies"
    granted = exemption(customer, "ENT-01", today)
    if granted:
        return (
            wish,
            f"{recorded}; exception ENT-01 until {granted.expires} by {granted.approver}: {granted.reason}",
            "exceptions.ENT-01",
        )
    below = wish in allowed
    raise Refused(
        f"placement {wish} is below the {least} that the contract needs"
        if below
        else f"the service class {customer.service_class} does not allow {wish}",
        document=_document(customer),
        field=("placement", "tenancy"),
        value=wish,
        allowed=tuple(one for one in LADDER if one in allowed and rank(one) >= rank(least)),
        remedy="choose one of these, or record an exception ENT-01 with approver and expiry",
    )


def _document(customer: Customer) -> str:
    return f"customer:{customer.customer}"
