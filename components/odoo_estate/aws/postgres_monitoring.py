"""What an RDS instance writes its logs and measurements with."""

import pulumi

from odoo_estate.aws.log_group import log_group
from odoo_estate.aws.policy import service_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import AwsTarget, DatabasePlan, RolePlan

EXPORTED_LOGS = ("postgresql", "upgrade")


def log_groups(
    name: str, plan: DatabasePlan, key_arn: pulumi.Input[str], *, parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """The log groups that RDS will write to, in its own naming."""
    return [
        log_group(
            f"{name}-{log}",
            name=f"/aws/rds/instance/{plan.identifier}/{log}",
            retention_days=plan.log_retention_days,
            key_arn=key_arn,
            parent=parent,
        )
        for log in EXPORTED_LOGS
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
