"""``estate evidence``: what is known about each production database's dumps and verified restores, against what its class promises."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from odoo_estate.decide import compile_estate
from odoo_estate.errors import PolicyViolated
from odoo_estate.fleet.evidence import Collected, collect
from odoo_estate.fleet.selection import select
from odoo_estate.plan import RecoveryPlan, TenantPlan
from odoo_estate.spec.evidence import Evidence
from odoo_estate.spec.loader import load

SUMMARY = "show the evidence of dumps and verified restores against what is promised"
RULE = "BAK-13"
GIB = 2**30


def add_arguments(parser: ArgumentParser) -> None:
    """`estate evidence [--collect] [STACK…]`."""
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="tenant stacks; wildcards allowed (default: all)")
    parser.add_argument(
        "--collect", action="store_true", help="first bring the newest evidence from the buckets (needs credentials)"
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tenant. Ages in hours, rates in GiB per minute; None: not known, or not promised. ``state`` is ``kept``, ``broken``, ``unknown`` or
    ``none promised``."""

    stack: str
    service_class: str
    state: str
    reason: str
    newest_dump: str | None
    dump_age_hours: float | None
    verified: str | None
    evidence_age_hours: float | None
    passed: bool | None
    promised_days: int | None
    database_gib: float | None
    restore_gib_per_minute: float | None
    verify_minutes: float | None


def run(args: Namespace) -> int:
    """Shows every asked-for tenant; 3 where a promise is broken, 4 where a bucket could not be read."""
    directory, now = Path(args.estate), datetime.now(UTC)
    today = now.date()
    # Collecting mends what lies there, so it must not fall over it.
    documents = load(directory, today=today, evidence=not args.collect)
    estate = compile_estate(documents, today=today)
    plans = _tenants(estate.stacks, select(estate, args.stacks, everything=not args.stacks))
    collected: dict[str, Collected] = {}
    if args.collect:
        collected = collect(directory, plans)
        documents = load(directory, today=today)
        fresh = compile_estate(documents, today=today)
        plans = _tenants(fresh.stacks, [plan.stack for plan in plans])
    rows = [
        _row(plan, documents.evidence.get(f"{plan.customer}.{plan.environment}"), collected.get(plan.stack), now)
        for plan in plans
    ]
    foreign = sorted(documents.evidence.keys() - {f"{one.customer}.{one.environment}" for one in _all(estate.stacks)})
    if args.json:
        document = {"estate": estate.estate, "tenants": [asdict(row) for row in rows], "without_tenant": foreign}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_text(rows, foreign)))
    if any(row.state == "broken" for row in rows):
        return PolicyViolated.exit_code
    return 4 if any(one.fault for one in collected.values()) else 0


def _all(stacks: Mapping[str, Any]) -> list[TenantPlan]:
    return [plan for plan in stacks.values() if isinstance(plan, TenantPlan)]


def _tenants(stacks: Mapping[str, Any], names: Sequence[str]) -> list[TenantPlan]:
    """Those that have recovery jobs, where they work now: what a lost region still dumps and verifies is old data."""
    return [plan for plan in _all(stacks) if plan.stack in names and plan.recovery and not plan.left_alone]


def _row(plan: TenantPlan, evidence: Evidence | None, collected: Collected | None, now: datetime) -> Row:
    assert plan.recovery is not None and plan.guardrails.recovery is not None
    promised = plan.guardrails.recovery.evidence_days or None
    dump = collected.newest_dump if collected else None
    dump = dump or (evidence.dump_taken_at if evidence else None)
    state, reason = _state(plan, plan.recovery, collected, now)
    gib = evidence.database_bytes / GIB if evidence else None
    seconds = evidence.restore_seconds if evidence else 0
    return Row(
        stack=plan.stack,
        service_class=plan.service_class,
        state=state,
        reason=reason,
        newest_dump=dump.isoformat() if dump else None,
        dump_age_hours=_hours(dump, now),
        verified=evidence.verified_at.isoformat() if evidence else None,
        evidence_age_hours=_hours(evidence.verified_at if evidence else None, now),
        passed=evidence.passed if evidence else None,
        promised_days=promised,
        database_gib=round(gib, 3) if gib is not None else None,
        restore_gib_per_minute=round(gib / (seconds / 60), 3) if gib and seconds else None,
        verify_minutes=round(evidence.verify_seconds / 60, 1) if evidence else None,
    )


def _state(plan: TenantPlan, recovery: RecoveryPlan, collected: Collected | None, now: datetime) -> tuple[str, str]:
    """What the rule says, and whether the newest dump in the bucket is as young as dumps are promised to be."""
    from odoo_estate_policies.judge import judge
    from odoo_estate_policies.registry import shipped

    reasons = []
    if collected and collected.newest_dump:
        age, most = (now - collected.newest_dump).total_seconds() / 60, int(recovery.variables["MAX_AGE_MINUTES"])
        if age > most:
            reasons.append(f"the newest dump is {age / 60:.0f} hours old; allowed: {most / 60:.0f}")
    rules = shipped().only(rule for rule in shipped().rules if rule.id == RULE)
    found = judge((), plan, today=now.date(), registry=rules)
    reasons += [_without_rule(one.message) for one in found if one.refuses]
    if reasons:
        return "broken", "; ".join(reasons)
    fault = collected.fault if collected else ""
    if fault:
        return "unknown", fault
    if undecided := [one for one in found if one.undecided]:
        return "unknown", _without_rule(undecided[0].message)
    accepted = "; ".join(f"{_without_rule(one.message)} ({one.exception})" for one in found if one.exception)
    return ("kept", accepted) if "verify" in recovery.jobs else ("none promised", accepted)


def _without_rule(message: str) -> str:
    """The reason alone: rule and subject are told by the table, the remedy by the command's own description."""
    return message.partition(": ")[2].removeprefix("not decidable: ").partition("\n")[0]


def _hours(moment: datetime | None, now: datetime) -> float | None:
    return round((now - moment).total_seconds() / 3600, 1) if moment else None


def _text(rows: Sequence[Row], foreign: Sequence[str]) -> list[str]:
    table = [("stack", "class", "dump", "verified", "promised", "database", "restored at", "state")]
    for row in rows:
        table.append(
            (
                row.stack,
                row.service_class,
                _age(row.dump_age_hours),
                _age(row.evidence_age_hours),
                f"{row.promised_days} d" if row.promised_days else "-",
                f"{row.database_gib:.1f} GiB" if row.database_gib is not None else "-",
                f"{row.restore_gib_per_minute:g} GiB/min" if row.restore_gib_per_minute else "-",
                row.state.upper() if row.state == "broken" else row.state,
            )
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    lines += [f"{row.stack}: {row.reason}" for row in rows if row.reason]
    lines += [f"{name}: the estate has no such tenant; its evidence is kept as a record" for name in foreign]
    return lines


def _age(hours: float | None) -> str:
    if hours is None:
        return "-"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} d"
