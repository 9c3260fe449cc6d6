"""What exists once per estate: organisation, audit trail, recovery vaults, budgets, roles, images and DNS."""

from collections.abc import Mapping, Sequence

import pulumi

from odoo_estate.aws.access_findings import AccessFindings
from odoo_estate.aws.account_baseline import AccountBaseline
from odoo_estate.aws.alert_topic import AlertTopic
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.budget import Budget
from odoo_estate.aws.config_recorder import ConfigAggregator, ConfigRecorder, history_statements
from odoo_estate.aws.cost_watch import CostWatch, export_statements
from odoo_estate.aws.dns_zone import DnsZone, DnsZoneArgs, QueryLogPermission, SigningKey
from odoo_estate.aws.identity_providers import JobProvider, PeopleProviders, PeopleProvidersArgs
from odoo_estate.aws.key import Key
from odoo_estate.aws.managed_policy import ManagedPolicy
from odoo_estate.aws.organisation import Organisation
from odoo_estate.aws.registry import Registry
from odoo_estate.aws.repository import Repository
from odoo_estate.aws.role import Role
from odoo_estate.aws.security_standards import SecurityStandards, SecurityStandardsArgs
from odoo_estate.aws.threat_detection import ThreatDetection, ThreatDetectionArgs
from odoo_estate.aws.trail import Trail, delivery_statements
from odoo_estate.aws.trail_alarms import TrailAlarms
from odoo_estate.aws.vault import Vault
from odoo_estate.aws.vulnerability_scanning import VulnerabilityScanning, VulnerabilityScanningArgs
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import LandingZoneOutputs, Outputs
from odoo_estate.compose.providers import aws_provider
from odoo_estate.errors import EstateError
from odoo_estate.plan import LandingZonePlan

Options = Mapping[str, pulumi.ResourceOptions]
"""Target key to the options that make a component live there."""


def compose_landing_zone(plan: LandingZonePlan) -> Outputs:
    """Everything of the landing zone, each thing in the account and region that the plan gives it."""
    providers = {key: aws_provider(f"aws-{key}", target, plan.tags) for key, target in plan.targets.items()}
    at = {key: pulumi.ResourceOptions(providers=[provider]) for key, provider in providers.items()}
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
    _audit(plan, at, keys, topic, organisation)
    made = _identity(plan, at)
    _watch(plan, at, providers.get("audit"), organisation, _record(plan, at, organisation, made))
    _baseline(plan, at, organisation)
    _costs(plan, at, keys)
    vaults = {
        key: Vault(
            f"vault-{key}",
            {"plan": vault, "key_arn": keys[vault.key].arn, "source_accounts": plan.vault_source_accounts},
            at[target],
        )
        for key, (target, vault) in plan.vaults.items()
    }
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
    if plan.registry:
        place = plan.targets[plan.shared_target]
        Registry("registry", {"plan": plan.registry, "account": place.account, "region": place.region}, shared)
    zones = _zones(plan, shared, keys)
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
    for key, (home, one) in plan.keys.items():
        if key not in recovery and not one.region and (plan.targets[home].account, plan.targets[home].region) == place:
            return keys[key].arn
    raise EstateError(
        f'stack {plan.stack}: no key for logs and alerts in account {place[0]}, region {place[1]} (target "{target}")\n'
        f"  found: {', '.join(f'{key} in {home}' for key, (home, _) in plan.keys.items())}\n"
        f'  do: plan a key whose target is "{target}"'
    )


def _zones(plan: LandingZonePlan, shared: pulumi.ResourceOptions, keys: Mapping[str, Key]) -> Mapping[str, DnsZone]:
    account = plan.targets[plan.shared_target].account
    logged = plan.dns_query_log_days > 0
    before = (
        [QueryLogPermission("query-logs", {"policy": f"{plan.estate}-query-logs", "account": account}, shared)]
        if logged
        else []
    )
    signing = SigningKey("dnssec", {"account": account, "protect": plan.protect}, shared) if plan.dnssec else None
    found = {}
    for key, domain in plan.zones.items():
        args: DnsZoneArgs = {"domain": domain, "comment": f"Estate {plan.estate}", "protect": plan.protect}
        if logged:
            args["query_log_days"] = plan.dns_query_log_days
            args["query_log_key_arn"] = keys["query-logs"].arn
        if signing:
            args["signing_key_arn"] = signing.arn
        found[key] = DnsZone(f"zone-{key}", args, after(shared, *before))
    return found


def _identity(plan: LandingZonePlan, at: Options) -> Mapping[str, Role]:
    """Boundaries and roles. Providers before the roles that trust them, which IAM looks for."""
    ready: dict[str, list[pulumi.Resource]] = {}
    if plan.federation:
        for target in plan.federation.targets:
            args: PeopleProvidersArgs = {"saml": plan.federation.saml}
            ready.setdefault(target, []).append(PeopleProviders(f"people-{target}", args, at[target]))
        if plan.federation.oidc_issuer:
            jobs = JobProvider(
                "jobs",
                {"issuer": plan.federation.oidc_issuer, "audience": plan.federation.oidc_audience},
                at["management"],
            )
            ready.setdefault("management", []).append(jobs)
    for key, (target, policy) in plan.boundaries.items():
        ManagedPolicy(f"boundary-{key}", {"plan": policy}, at[target])
    return {
        key: Role(f"role-{key}", {"plan": role}, after(at[target], *ready.get(target, ())))
        for key, (target, role) in plan.roles.items()
    }


def _baseline(plan: LandingZonePlan, at: Options, organisation: Organisation | None) -> None:
    if not plan.baseline or not plan.audit:
        return
    for target in plan.baseline.targets:
        AccountBaseline(
            f"baseline-{target}",
            {
                "regions": plan.audit.regions,
                "password_length": plan.baseline.password_length,
                "contacts": plan.baseline.contacts,
            },
            after(at[target], *([organisation] if organisation else [])),
        )


def _costs(plan: LandingZonePlan, at: Options, keys: Mapping[str, Key]) -> None:
    if not plan.costs:
        return
    management = plan.targets["management"]
    bucket = Bucket(
        "costs",
        {
            "plan": plan.costs.bucket,
            "key_arn": _key_of(plan, keys, "management"),
            "statements": export_statements(plan.costs.bucket.name, management.account),
        },
        at["management"],
    )
    CostWatch(
        "costs",
        {"plan": plan.costs, "bucket_name": bucket.ref.name, "bucket_region": management.region},
        after(at[plan.costs.target], bucket),
    )


def _record(
    plan: LandingZonePlan, at: Options, organisation: Organisation | None, made: Mapping[str, Role]
) -> list[ConfigRecorder]:
    """A recorder in each account, and all of them in one view."""
    audit = plan.audit
    if not audit:
        return []
    accounts = plan.baseline.targets if plan.baseline else ()
    organised = [organisation] if organisation else []
    account_ids = [plan.targets[target].account for target in accounts]
    history = Bucket(
        "config-history",
        {
            "plan": audit.history,
            "key_arn": "",
            "statements": history_statements(audit.history.name, account_ids),
        },
        at["log-archive"],
    )
    recorders = [
        ConfigRecorder(
            f"recorder-{target}",
            {
                "recorder": audit.recorder,
                "regions": audit.regions,
                "home": audit.home,
                "frequency": audit.frequency,
                "excluded": audit.unrecorded,
                "bucket_name": history.ref.name,
            },
            after(at[target], history, *organised),
        )
        for target in accounts
    ]
    ConfigAggregator(
        "aggregator",
        {
            "aggregator": audit.aggregator,
            "regions": audit.regions,
            "accounts": account_ids,
            "organisation_role_arn": made["aggregator"].arn if organisation else None,
        },
        after(at[audit.administrator], *organised, *recorders),
    )
    return recorders


def _watch(
    plan: LandingZonePlan,
    at: Options,
    administrator: pulumi.ProviderResource | None,
    organisation: Organisation | None,
    recorders: Sequence[ConfigRecorder],
) -> None:
    """Detectors, standards and scanners for all accounts, administered in one."""
    audit = plan.audit
    if not audit:
        return
    organised = [organisation] if organisation else []
    AccessFindings(
        "access",
        {
            "analyzer": audit.analyzer,
            "regions": audit.regions,
            "home": audit.home,
            "whole_organisation": organisation is not None,
            "unused_days": audit.unused_access_days,
        },
        after(at[audit.administrator], *organised),
    )
    threats: ThreatDetectionArgs = {
        "regions": audit.regions,
        "features": audit.threat_detection,
        "protect": plan.protect,
    }
    standards: SecurityStandardsArgs = {"regions": audit.regions, "home": audit.home, "standards": audit.standards}
    scanning: VulnerabilityScanningArgs = {
        "regions": audit.regions,
        "kinds": audit.scanned,
        "accounts": audit.scanned_accounts,
    }
    if organisation and administrator:
        appointed = (administrator, plan.targets[audit.administrator].account)
        threats["administrator"] = appointed
        standards["administrator"] = appointed
        standards["root_id"] = organisation.root_id
        scanning["administrator"] = appointed
    management = after(at["management"], *organised)
    ThreatDetection("threats", threats, management)
    # Its checks read what the recorders write.
    SecurityStandards("standards", standards, after(management, *recorders))
    if audit.scanned:
        VulnerabilityScanning("vulnerabilities", scanning, management)


def _audit(
    plan: LandingZonePlan,
    at: Options,
    keys: Mapping[str, Key],
    topic: AlertTopic,
    organisation: Organisation | None,
) -> None:
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
    trail = Trail(
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
        after(at["management"], bucket, *([organisation] if organisation else [])),
    )
    if plan.audit:
        TrailAlarms(
            "trail",
            {"plan": plan.audit.alarms, "log_group": trail.log_group, "topic_arn": topic.arn},
            at["management"],
        )
