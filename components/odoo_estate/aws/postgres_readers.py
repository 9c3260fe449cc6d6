"""Who may log in to an instance as a person, with IAM tokens instead of passwords."""

from collections.abc import Sequence

import pulumi
from pulumi_aws import iam, rds

from odoo_estate.aws.bounded import boundary
from odoo_estate.aws.policy import Statement, document, policy_text
from odoo_estate.plan import AwsTarget, DatabasePlan


def database_readers(
    name: str, plan: DatabasePlan, target: AwsTarget, instances: Sequence[rds.Instance], *, parent: pulumi.Resource
) -> None:
    """A role for each of the plan's readers that may log in to ``instances`` as its own PostgreSQL user, and nothing else. An instance is named
    by its resource id: the same name in another life is another instance."""
    child = pulumi.ResourceOptions(parent=parent)
    for key, reader in plan.readers.items():
        trust: Statement = {
            "Effect": "Allow",
            "Principal": {"AWS": target.arn("iam", f"role/{reader.trusted}", regional=False)},
            # Who goes on to here keeps the name that the audit trail knows, and STS asks whether that is allowed.
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        }
        role = iam.Role(
            f"{name}-{key}",
            name=reader.role,
            description=f"Logs in to {plan.identifier} as {reader.user}, read-only",
            assume_role_policy=policy_text([trust]),
            permissions_boundary=boundary(),
            opts=child,
        )
        users = [
            pulumi.Output.concat(target.arn("rds-db", "dbuser:"), instance.resource_id, f"/{reader.user}")
            for instance in instances
        ]
        statement = {"Effect": "Allow", "Action": "rds-db:connect", "Resource": users}
        iam.RolePolicy(
            f"{name}-{key}",
            role=role.name,
            policy=pulumi.Output.json_dumps({**document(()), "Statement": [statement]}),
            opts=child,
        )
