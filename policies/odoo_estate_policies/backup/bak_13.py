"""BAK-13: there is fresh evidence that the newest dump could be restored."""

from datetime import date

from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack

COLLECT = (
    "collect the newest evidence with `estate evidence --collect`; where it stays like this, look into the verify job"
)


@stack_rule(
    id="BAK-13",
    title="Evidence of a verified restore is there, fresh, and passed",
    severity="high",
    types=("kubernetes:batch/v1:CronJob",),
    remedy=COLLECT,
    source="AWS Well-Architected REL09-BP04: perform periodic recovery of the data",
)
def bak_13(stack: Stack, rails: Guardrails) -> Verdicts:
    """A class that promises verified restores has promised the evidence too. A tenant that went into service (`since` in its contract) fewer days ago
    than evidence may be old has its first one still to come; without either, nothing can be told."""
    promise = rails.recovery
    if promise is None or not promise.verify_schedule:
        return
    most = promise.evidence_days
    if promise.verified:
        if not promise.passed:
            failed = f" ({', '.join(promise.failed_checks)})" if promise.failed_checks else ""
            yield Violation(f"the verification of {promise.verified} failed{failed}")
        age = (stack.today - date.fromisoformat(promise.verified)).days
        if age > most:
            yield Violation(f"the newest evidence is of {promise.verified}, {age} days old; allowed: at most {most}")
    elif not promise.since:
        yield NotDecidable(
            f"no evidence about {promise.tenant} has been collected, and its contract does not say since when it runs"
        )
    elif (stack.today - date.fromisoformat(promise.since)).days > most:
        yield Violation(
            f"there is no evidence, {promise.tenant} runs since {promise.since}; allowed: at most {most} days without"
        )
