"""EKS-01: a cluster's Kubernetes version is left before its standard support ends."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack


@stack_rule(
    id="EKS-01",
    title="Kubernetes versions are left in time",
    severity="medium",
    types=(),
    remedy="raise the cell's `kubernetes` version by one minor version (docs/cluster-upgrades.md)",
    source="Security Hub EKS.2; EKS user guide, version lifecycle",
)
def eks_01(stack: Stack, rails: Guardrails) -> Verdicts:
    """On the day after, EKS upgrades the control plane by itself, at an hour of its own choosing; from then on the stack's plan is refused."""
    known = rails.kubernetes
    if known and stack.today.isoformat() >= known.notice_from:
        yield Violation(f"Kubernetes {known.version} has standard support until {known.ends}")
