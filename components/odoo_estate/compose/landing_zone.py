"""What exists once per estate: organisation, audit trail, recovery vaults, budgets, roles, images and DNS."""

from collections.abc import Mapping

import pulumi

from odoo_estate.aws.alert_topic import AlertTopic
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.budget import Budget
from odoo_estate.aws.dns_zone import DnsZone
from odoo_estate.aws.key import Key
from odoo_estate.aws.organisation import Organisation
from odoo_estate.aws.repository import Repository
from odoo_estate.aws.role import Role
from odoo_estate.aws.trail import Trail, delivery_statements
from odoo_estate.aws.vault import Vault
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import LandingZoneOutputs, Outputs
from odoo_estate.compose.providers import aws_provider
from odoo_estate.errors import EstateError
from odoo_estate.plan import LandingZonePlan

Options = Mapping[str, pulumi.ResourceOptions]
"""Target key to the options that make a component live there."""


def compose_landing_zone(plan: LandingZonePlan) -> Outputs:
    """Everything of the landing zone, each thing in the account and region that the plan gives it."""
    at = {
        key: pulumi.ResourceOptions(providers=[aws_provider(f"aws-{key}", target, plan.tags)])
        for key, target in plan.targets.items()
    }
    organisation = _organisation(plan, at)
    keys = _keys(plan, at)
    topic = AlertTopic(
        "alerts",
        {
            "topic": plan.alert_topic,
            "target": plan.targets["management"],
            "key_arn": _key_of(plan, keys, "management"),
            "emails": plan.alert_emails,
        },
        at["management"],
    )
    _audit(plan, at, keys)
    vaults = {
        key: Vault(
            f"vault-{key}",
            {"plan": vault, "key_arn": keys[vault.key].arn, "source_accounts": plan.vault_source_accounts},
            at[target],
        )
        for key, (target, vault) in plan.vaults.items()
    }
    for key, (target, role) in plan.roles.items():
        Role(f"role-{key}", {"plan": role}, at[target])
    for key, budget in plan.budgets_by_key.items():
        # A budget publishes to a topic only if that topic's policy is there already.
        Budget(
            f"budget-{key}",
            {"plan": budget, "topic_arns": [topic.arn]},
            after(at["management"], topic),
        )
    shared = at[plan.shared_target]
    repositories = {
        key: Repository(
            f"repository-{key}",
            {"plan": repository, "key_arn": _key_of(plan, keys, plan.shared_target), "protect": plan.protect},
            shared,
        )
        for key, repository in plan.repositories.items()
    }
    zones = {
        key: DnsZone(
            f"zone-{key}", {"domain": domain, "comment": f"Estate {plan.estate}", "protect": plan.protect}, shared
        )
        for key, domain in plan.zones.items()
    }
    return LandingZoneOutputs.write(
        alertTopic=topic.arn,
        keys={key: made.arn for key, made in keys.items()},
        vaults={key: made.arn for key, made in vaults.items()},
        repositories={key: made.url for key, made in repositories.items()},
        zones={key: made.id for key, made in zones.items()},
        nameServers={key: made.name_servers for key, made in zones.items()},
        accounts=organisation.account_ids if organisation else {},
    )


def _organisation(plan: LandingZonePlan, at: Options) -> Organisation | None:
    if plan.organisation is None:
        return None
    return Organisation("organisation", {"plan": plan.organisation, "protect": plan.protect}, at["management"])


def _keys(plan: LandingZonePlan, at: Options) -> Mapping[str, Key]:
    """The keys; those of recovery vaults admit the accounts whose recovery points are copied in."""
    recovery = {vault.key for _, vault in plan.vaults.values()}
    return {
        key: Key(
            f"key-{key}",
            {
                "plan": key_plan,
                "target": plan.targets[target],
                "accounts": plan.vault_source_accounts if key in recovery else (),
            },
            at[target],
        )
        for key, (target, key_plan) in plan.keys.items()
    }


def _key_of(plan: LandingZonePlan, keys: Mapping[str, Key], target: str) -> pulumi.Output[str]:
    """The key for logs, alerts and images in the account and region of ``target``; recovery keys never serve that."""
    recovery = {vault.key for _, vault in plan.vaults.values()}
    place = (plan.targets[target].account, plan.targets[target].region)
    for key, (home, _) in plan.keys.items():
        if key not in recovery and (plan.targets[home].account, plan.targets[home].region) == place:
            return keys[key].arn
    raise EstateError(
        f'stack {plan.stack}: no key for logs and alerts in account {place[0]}, region {place[1]} (target "{target}")\n'
        f"  found: {', '.join(f'{key} in {home}' for key, (home, _) in plan.keys.items())}\n"
        f'  do: plan a key whose target is "{target}"'
    )


def _audit(plan: LandingZonePlan, at: Options, keys: Mapping[str, Key]) -> None:
    management = plan.targets["management"]
    bucket = Bucket(
        "audit-log",
        {
            "plan": plan.log_bucket,
            "key_arn": _key_of(plan, keys, "log-archive"),
            "statements": delivery_statements(plan.log_bucket.name, plan.trail, management),
        },
        at["log-archive"],
    )
    Trail(
        "audit",
        {
            "trail": plan.trail,
            "protect": plan.protect,
            "target": management,
            "whole_organisation": plan.mode == "organisation",
            "bucket_name": bucket.ref.name,
            "key_arn": _key_of(plan, keys, "log-archive"),
            "log_group": plan.trail_log_group,
            "log_retention_days": plan.log_retention_days,
            "log_key_arn": _key_of(plan, keys, "management"),
        },
        # CloudTrail looks at the bucket's policy when the trail is made.
        after(at["management"], bucket),
    )
