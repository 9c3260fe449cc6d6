"""What an RDS instance writes its logs and measurements with."""

import pulumi

from odoo_estate.aws.log_group import log_group
from odoo_estate.aws.policy import service_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import AwsTarget, DatabasePlan, RolePlan


def exported_logs(plan: DatabasePlan) -> tuple[str, ...]:
    """What RDS hands to CloudWatch: who was turned away too, where people log in through IAM."""
    return ("postgresql", "upgrade", *(("iam-db-auth-error",) if plan.readers else ()))


def log_groups(
    name: str, plan: DatabasePlan, key_arn: pulumi.Input[str], *, parent: pulumi.Resource, of: str = ""
) -> list[pulumi.Resource]:
    """The log groups that RDS will write to, in its own naming; ``of``: a replica's identifier. RDS would make them itself, kept for ever."""
    return [
        log_group(
            f"{name}-{log}",
            name=f"/aws/rds/instance/{of or plan.identifier}/{log}",
            retention_days=plan.log_retention_days,
            key_arn=key_arn,
            parent=parent,
        )
        for log in exported_logs(plan)
    ]


def monitoring_role(name: str, plan: DatabasePlan, target: AwsTarget, *, parent: pulumi.Resource) -> Role:
    """The role with which RDS delivers enhanced monitoring."""
    role = RolePlan(
        name="",
        description=f"Enhanced monitoring of {plan.identifier}",
        trust=(service_trust("monitoring.rds.amazonaws.com", target.account),),
        managed_policies=("arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",),
    )
    return Role(f"{name}-monitoring", {"plan": role}, pulumi.ResourceOptions(parent=parent))
