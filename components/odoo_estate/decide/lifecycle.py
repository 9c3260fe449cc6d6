"""How a contract ends: suspended, then retired. Every step is written in it with a reason and an approver, and none follows from a missing file."""

from datetime import UTC, date, datetime, timedelta

from odoo_estate.decide.context import Context, Tenant
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import Decision, RemovalPlan
from odoo_estate.spec.customer import Customer

DUMP = "%Y%m%dT%H%M%SZ"
"""How dumps are named: by the second in which they were taken, in UTC."""


def check(context: Context, customer: str) -> None:
    """Refuse an end that the contract itself speaks against.

    Raises:
        Refused: a legal hold, no suspension before it, too short a notice, a final dump from before the suspension or of another environment.
    """
    contract = context.customers[customer]
    suspended, retirement = contract.suspended, contract.retirement
    if suspended and _day(contract, suspended.since, ("suspended", "since")) > context.today:
        raise _refused(
            contract,
            f"the suspension would have begun on {suspended.since}, today is {context.today}",
            ("suspended", "since"),
            suspended.since,
            "add it on the day itself: it holds from the next update on",
            allowed=(f"{context.today} or earlier",),
        )
    if retirement is None:
        return
    if contract.legal_hold:
        raise _refused(
            contract,
            f"under legal hold since {contract.legal_hold.since} ({contract.legal_hold.reason}): nothing may be removed",
            ("retirement",),
            retirement.remove_on,
            f"keep the customer suspended until {contract.legal_hold.approver} has the hold lifted",
        )
    if suspended is None:
        raise _refused(
            contract,
            "a customer that retires is suspended first, so that nothing changes after the final dump",
            ("retirement",),
            retirement.remove_on,
            "add `suspended` with since, reason and approver",
        )
    days = context.catalog.assumptions.retirement_notice_days
    earliest = _day(contract, suspended.since, ("suspended", "since")) + timedelta(days=days)
    if _day(contract, retirement.remove_on, ("retirement", "remove_on")) < earliest:
        raise _refused(
            contract,
            f"{retirement.remove_on} is less than {days} days after the suspension of {suspended.since}",
            ("retirement", "remove_on"),
            retirement.remove_on,
            "choose a later day",
            allowed=(f"{earliest} or later",),
        )
    for environment, dump in retirement.final_dumps.items():
        _check_dump(contract, environment, dump, suspended.since)


def removal(context: Context, tenant: Tenant) -> RemovalPlan | None:
    """What removes the tenant's database, once its day has come and its final dump is named; else None."""
    retirement = context.customers[tenant.customer].retirement
    if retirement is None or tenant.environment not in retirement.final_dumps:
        return None
    if context.today < date.fromisoformat(retirement.remove_on):
        return None
    return RemovalPlan(
        remove_on=retirement.remove_on,
        notice_days=context.catalog.assumptions.retirement_notice_days,
        final_dump=retirement.final_dumps[tenant.environment],
        approver=retirement.approver,
    )


def decisions(context: Context, tenant: Tenant) -> list[Decision]:
    """What the contract's end means for this environment; none while it goes on as usual."""
    contract = context.customers[tenant.customer]
    found = []
    if contract.legal_hold:
        hold = contract.legal_hold
        found.append(
            Decision(
                topic="legal hold",
                value=f"since {hold.since}",
                reason=f"{hold.reason} ({hold.approver})",
                binding="nothing of this customer may be removed",
            )
        )
    if contract.suspended:
        end = contract.suspended
        found.append(
            Decision(
                topic="suspended",
                value=f"since {end.since}",
                reason=f"{end.reason} ({end.approver})",
                binding="no workload runs, pooler and server refuse connections, all data stays",
                next_step="remove `suspended` to resume",
            )
        )
    if contract.retirement:
        found.append(_retirement(context, tenant, contract))
    return found


def _retirement(context: Context, tenant: Tenant, contract: Customer) -> Decision:
    assert contract.retirement is not None
    end = contract.retirement
    going = removal(context, tenant)
    if going:
        step = f"the server checks once more and keeps a record; then `estate destroy tenant.{tenant.customer}.{tenant.environment}`"
    elif tenant.environment in end.final_dumps:
        step = f"removal on {end.remove_on}"
    else:
        step = f"take a final dump and name it in retirement.final_dumps.{tenant.environment}"
    return Decision(
        topic="retirement",
        value=f"removed from {end.remove_on} on" if going else f"not before {end.remove_on}",
        reason=f"{end.reason} ({end.approver})",
        entitlement="assumptions.retirement_notice_days",
        binding=f"{context.catalog.assumptions.retirement_notice_days} days of notice; recovery points and dumps stay as long as their locks say",
        next_step=step,
    )


def _check_dump(contract: Customer, environment: str, dump: str, since: str) -> None:
    field: Path = ("retirement", "final_dumps", environment)
    if environment not in contract.environments:
        raise _refused(
            contract,
            f"the contract has no environment {environment}",
            field,
            dump,
            "name the dumps of these",
            allowed=tuple(contract.environments),
        )
    try:
        taken = datetime.strptime(dump, DUMP).replace(tzinfo=UTC)
    except ValueError:
        raise _refused(contract, f'"{dump}" is no moment', field, dump, "copy the dump's name") from None
    if taken.date() < date.fromisoformat(since):
        raise _refused(
            contract,
            f"the dump {dump} is older than the suspension of {since}: work may have been done after it",
            field,
            dump,
            "take another dump, now that nobody can get in",
        )


def _day(contract: Customer, text: str, field: Path) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refused(contract, f'"{text}" is not in the calendar', field, text, "correct the date") from None


def _refused(
    contract: Customer, message: str, field: Path, value: object, remedy: str, *, allowed: tuple[str, ...] = ()
) -> Refused:
    return Refused(
        message, document=f"customer:{contract.customer}", field=field, value=value, allowed=allowed, remedy=remedy
    )
