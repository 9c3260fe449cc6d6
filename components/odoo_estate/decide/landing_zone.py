"""What exists once per estate: accounts, audit trail, keys, recovery vaults, budgets, roles, images, DNS and alerts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from odoo_estate.decide import audit, backup, costs, roles, shared, trusts
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.boundary import boundaries
from odoo_estate.decide.context import Context
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import LANDING_ZONE, name, part
from odoo_estate.decide.organisation import for_workloads, organisation_plan
from odoo_estate.decide.tags import SHARED, tags
from odoo_estate.plan import (
    AwsTarget,
    BucketPlan,
    BudgetPlan,
    Decision,
    FederationPlan,
    KeyPlan,
    LandingZonePlan,
    ManagedPolicyPlan,
    RegistryPlan,
    RepositoryPlan,
    RolePlan,
    VaultPlan,
)
from odoo_estate.spec.estate import Estate

MANAGEMENT = "management"
LOG_ARCHIVE = "log-archive"
AUDIT = "audit"
SHARED_SERVICES = "shared-services"
PLATFORM_ZONE = "platform"
GLOBAL_REGION = "us-east-1"
"""Where AWS' billing answers, and where Route 53 logs queries."""
BILLING = f"{MANAGEMENT}/{GLOBAL_REGION}"
RECOVERY_REPOSITORY = "recovery"
"""Repository of the recovery program, which the operator builds (``images/recovery``)."""
LOG_SERVICES = ("logs", "cloudtrail", "cloudwatch", "budgets", "sns")


def shared_target(context: Context) -> AwsTarget:
    """Account and region of the image repositories and DNS zones."""
    return _target(context, shared_target_key(context))


def recovery_image(context: Context) -> str | None:
    """The recovery program's image in the estate's own registry, by digest; None where the estate does not say which. In a recovery region it
    comes from the registry's copy there."""
    if context.estate.recovery_image is None:
        return None
    at, repository = shared_target(context), name("repository", context.estate.estate, RECOVERY_REPOSITORY)
    if context.away:
        at = replace(at, region=shared.region(context, context.away))
    return f"{at.account}.dkr.ecr.{at.region}.amazonaws.com/{repository}@{context.estate.recovery_image}"


def shared_target_key(context: Context) -> str:
    return SHARED_SERVICES if context.estate.mode == "organisation" else MANAGEMENT


def _target(context: Context, role: str, region: str = "") -> AwsTarget:
    """One account role in a region; with a single account every role is that account."""
    estate = context.estate
    accounts: Mapping[str, str] = {str(key): one for key, one in estate.accounts.items()}
    account = accounts[role] if estate.mode == "organisation" else estate.accounts["production"]
    return AwsTarget(account=account, region=region or estate.home_region, role=estate.deploy_role or "")


def landing_zone_plan(context: Context) -> LandingZonePlan:
    """The plan of the landing zone; tenants appear in it only as the budget of their class, in steps (`class_budgets`)."""
    estate, catalog = context.estate, context.catalog
    organisation = organisation_plan(context)
    vaults = _vaults(context)
    keys = _keys(context, vaults)
    classes = tuple(catalog.service_classes)
    regions = sorted({region for zone in estate.residency.values() for region in zone.regions} | {estate.home_region})
    return LandingZonePlan(
        estate=estate.estate,
        stack=LANDING_ZONE,
        kind="landing-zone",
        target=_target(context, MANAGEMENT),
        tags=tags(
            estate,
            catalog,
            tenant=SHARED,
            environment=SHARED,
            tier=SHARED,
            data_class="restricted",
            residency=_home_zone(context),
        ),
        decisions=_decisions(context, vaults),
        budgets=(),
        guardrails=guardrails(
            context,
            classes=classes,
            owed=_strictest(context),
            production=True,
            residency_regions=regions,
        ),
        mode=estate.mode,
        targets=_targets(context, vaults),
        organisation=organisation,
        trail=name("trail", estate.estate, "audit"),
        trail_log_group=f"/{name('log-group', estate.estate, 'audit')}",
        log_bucket=_log_bucket(context),
        log_retention_days=log_days(catalog.governance.trail_query_days),
        keys=keys,
        vaults=vaults,
        vault_source_accounts=tuple(sorted({estate.accounts[cell.account] for cell in estate.cells.values()}))
        if vaults
        else (),
        budgets_by_key={**class_budgets(context), **_partner_budgets(context)},
        roles=_roles(context),
        repositories=_repositories(context),
        zones=_zones(context),
        alert_topic=name("topic", estate.estate, "alerts"),
        alert_emails=tuple(dict.fromkeys((estate.contacts.operations, estate.contacts.security))),
        shared_target=shared_target_key(context),
        boundaries=_boundaries(context),
        federation=_federation(context),
        audit=audit.audit_plan(context, regions, _account_targets(context)),
        baseline=audit.baseline_plan(context, _account_targets(context)),
        costs=costs.cost_watch_plan(context, BILLING),
        registry=_registry(context),
        dns_query_log_days=catalog.governance.dns_query_log_days,
        dnssec=catalog.governance.dnssec,
    )


def _home_zone(context: Context) -> str:
    """The first residency zone that holds the home region, else the first zone."""
    zones = context.estate.residency
    return next((key for key, zone in zones.items() if context.estate.home_region in zone.regions), next(iter(zones)))


def _strictest(context: Context) -> BackupTerms | None:
    """Terms for the guard rails of the vaults that live here; None where there are none."""
    owed = [backup.cell_terms(context, cell) for cell in context.estate.cells]
    away = [one for one in owed if backup.copies_to_account(context.estate, one)]
    return backup.terms(context.catalog, tuple(context.catalog.service_classes)) if away else None


def _targets(context: Context, vaults: dict[str, tuple[str, VaultPlan]]) -> dict[str, AwsTarget]:
    estate = context.estate
    wanted = (
        [MANAGEMENT, LOG_ARCHIVE, *workload_roles(estate)] if estate.mode == "single-account" else [*estate.accounts]
    )
    targets = {role: _target(context, role) for role in sorted(wanted)}
    for target, vault in vaults.values():
        targets[target] = _target(context, "backup", vault.region)
    targets[BILLING] = _target(context, MANAGEMENT, GLOBAL_REGION)
    return targets


def _vaults(context: Context) -> dict[str, tuple[str, VaultPlan]]:
    """One vault in the backup account for each region and lock that a cell copies into; none with a single account."""
    estate, catalog = context.estate, context.catalog
    found: dict[str, tuple[str, VaultPlan]] = {}
    for cell, one in estate.cells.items():
        owed = backup.cell_terms(context, cell)
        if backup.copies_to_account(estate, owed):
            key = backup.account_vault_key(one.region, owed.lock)
            found[key] = (
                f"backup/{one.region}",
                VaultPlan(
                    name=backup.account_vault(estate, owed.lock),
                    key=f"recovery-{key}",
                    lock=backup.vault_lock(catalog, owed.lock),
                    region=one.region,
                    break_glass=backup.break_glass(estate, estate.accounts["backup"]),
                ),
            )
    return dict(sorted(found.items()))


def _keys(context: Context, vaults: dict[str, tuple[str, VaultPlan]]) -> dict[str, tuple[str, KeyPlan]]:
    estate = context.estate.estate
    keys = {
        "logs": (
            LOG_ARCHIVE,
            KeyPlan(
                alias=name("kms-alias", estate, "audit"),
                description="Audit trail and its archive",
                services=LOG_SERVICES,
            ),
        )
    }
    if context.estate.mode == "organisation":
        keys["management"] = (
            MANAGEMENT,
            KeyPlan(
                alias=name("kms-alias", estate, "management"),
                description="Logs and alerts of the organisation",
                services=LOG_SERVICES,
            ),
        )
        keys["images"] = (
            SHARED_SERVICES,
            KeyPlan(alias=name("kms-alias", estate, "images"), description="Container images"),
        )
    if context.catalog.governance.dns_query_log_days:
        keys["query-logs"] = (
            shared_target_key(context),
            KeyPlan(
                alias=name("kms-alias", estate, "query-logs"),
                description="DNS query logs",
                services=("logs",),
                region=GLOBAL_REGION,
            ),
        )
    for target, vault in vaults.values():
        keys[vault.key] = (
            target,
            KeyPlan(
                alias=name("kms-alias", estate, part(vault.key)),
                description=f"Recovery points in {vault.name}",
                services=("backup",),
                region=vault.region,
            ),
        )
    return keys


def _log_bucket(context: Context) -> BucketPlan:
    """The audit archive: kept as long as the catalog says, under a lock that holds as long."""
    days = context.catalog.assumptions.audit_log_days
    account = _target(context, LOG_ARCHIVE).account
    return BucketPlan(
        name=name("s3", context.estate.estate, "audit", suffix=account),
        purpose="logs",
        versioning=True,
        noncurrent_days=1,
        archive_after_days=min(context.catalog.governance.archive_after_days, days),
        expire_after_days=days + 1,
        object_lock_days=days,
        object_lock_mode="GOVERNANCE",
    )


def class_budgets(context: Context) -> dict[str, BudgetPlan]:
    """One budget per service class that has contracts, for as many as the next power of two: it is an alarm for the whole class, and moves
    when their number doubles, not with each contract (every tenant has a budget of its own)."""
    contracts = Counter(
        customer.service_class
        for customer in context.customers.values()
        if customer.service_class in context.catalog.service_classes
    )
    estate = context.estate
    found = {}
    for key, count in sorted(contracts.items()):
        room = 1 << (count - 1).bit_length()
        found[f"class-{part(key)}"] = BudgetPlan(
            name=name("budget", estate.estate, "class", part(key)),
            limit_usd=context.catalog.service_classes[key].monthly_budget_usd * room,
            tag=("tier", key),
            actual_percent=context.catalog.governance.budget_actual_percent,
            forecast_percent=context.catalog.governance.budget_forecast_percent,
            emails=(estate.contacts.billing,),
        )
    return found


def _partner_budgets(context: Context) -> dict[str, BudgetPlan]:
    estate = context.estate
    return {
        f"partner-{key}": BudgetPlan(
            name=name("budget", estate.estate, "partner", key),
            limit_usd=partner.monthly_budget_usd,
            tag=("partner", key),
            actual_percent=context.catalog.governance.budget_actual_percent,
            forecast_percent=context.catalog.governance.budget_forecast_percent,
            emails=tuple(dict.fromkeys((partner.contact, estate.contacts.billing))),
        )
        for key, partner in estate.partners.items()
        if partner.monthly_budget_usd is not None
    }


def workload_roles(estate: Estate) -> tuple[str, ...]:
    """The account roles that cells may live in."""
    return tuple(role for role in estate.accounts if for_workloads(role))


def _account_targets(context: Context) -> tuple[str, ...]:
    """One target for each account."""
    estate = context.estate
    return tuple(sorted(estate.accounts)) if estate.mode == "organisation" else (MANAGEMENT,)


def _roles(context: Context) -> dict[str, tuple[str, RolePlan]]:
    """The same roles in each account that workloads run in, and what CI jobs sign in to. The automation's own role exists already and is not made
    again."""
    found = {key: (MANAGEMENT, role) for key, role in roles.ci_roles(context).items()}
    for target in workload_roles(context.estate):
        found |= {f"{target}-{key}": (target, role) for key, role in _roles_of(context, target).items()}
    if context.estate.mode == "organisation":
        found["aggregator"] = (AUDIT, audit.aggregator_role(context))
    return found


def _roles_of(context: Context, account: str) -> dict[str, RolePlan]:
    made = roles.account_roles(context, account)
    return {key: role for key, role in made.items() if role.name != context.estate.deploy_role}


def _boundaries(context: Context) -> dict[str, tuple[str, ManagedPolicyPlan]]:
    estate = context.estate
    backups = estate.accounts["backup" if estate.mode == "organisation" else "production"]
    return {
        f"{target}-{kind}": (target, plan)
        for target in workload_roles(estate)
        for kind, plan in boundaries(estate.estate, estate.accounts[target], backups).items()
    }


def _federation(context: Context) -> FederationPlan:
    """Identity providers wherever there are roles for people."""
    estate = context.estate
    return FederationPlan(
        saml={name("iam-role", estate.estate, kind): text for kind, text in sorted(context.federation.items())},
        targets=workload_roles(estate) if context.federation else (),
        oidc_issuer=estate.automation.issuer if estate.automation else "",
        oidc_audience=trusts.AUDIENCE,
    )


def _image_readers(context: Context) -> tuple[str, ...]:
    """Roles of cells in other accounts than the registry's: their nodes pull."""
    own = shared_target(context).account
    accounts = sorted({context.estate.accounts[cell.account] for cell in context.estate.cells.values()} - {own})
    return tuple(f"arn:aws:iam::{account}:role/{context.estate.estate}-*" for account in accounts)


def _registry(context: Context) -> RegistryPlan:
    governance = context.catalog.governance
    return RegistryPlan(
        prefix=context.estate.estate,
        readers=_image_readers(context),
        upstream=governance.upstream_registries,
        replicate_to=tuple(sorted(_used_regions(context.estate) - {context.estate.home_region})),
        scanned="ECR" in governance.scanned,
        untagged_days=governance.untagged_image_days,
    )


def _used_regions(estate: Estate) -> set[str]:
    """Where nodes may have to start: the cells' regions and those that they recover in."""
    cells = estate.cells.values()
    return {cell.region for cell in cells} | {cell.recovery.region for cell in cells if cell.recovery}


def _repositories(context: Context) -> dict[str, RepositoryPlan]:
    images = ["odoo", RECOVERY_REPOSITORY, *context.catalog.versions.images]
    governance = context.catalog.governance
    return {
        part(key): RepositoryPlan(
            name=name("repository", context.estate.estate, part(key)),
            keep_images=governance.keep_images,
            untagged_days=governance.untagged_image_days,
            readers=_image_readers(context),
        )
        for key in dict.fromkeys(images)
    }


def _zones(context: Context) -> dict[str, str]:
    """The platform's domain and each partner's brand domain, each domain once."""
    estate = context.estate
    found = {PLATFORM_ZONE: estate.domains.platform}
    for key, partner in sorted(estate.partners.items()):
        if partner.domain not in found.values():
            found[f"partner-{key}"] = partner.domain
    return found


def _decisions(context: Context, vaults: dict[str, tuple[str, VaultPlan]]) -> tuple[Decision, ...]:
    estate = context.estate
    return (
        Decision(
            topic="accounts",
            value=estate.mode,
            reason="logs, backups, images and workloads in accounts of their own: whoever breaks into one is not in the others"
            if estate.mode == "organisation"
            else "one account: other accounts' walls are replaced by roles, keys and the locked copy in another region",
        ),
        Decision(
            topic="recovery vaults",
            value=", ".join(vaults) or "none",
            reason="one per region and lock of the cells that copy into the backup account"
            if vaults
            else "no cell copies into another account; the copies in the other region belong to the cells",
        ),
        Decision(
            topic="people",
            value=", ".join(sorted(context.federation)) or "from the management account",
            reason="sign in at an identity provider, which asks for the second factor, and keep their name in the audit trail"
            if context.federation
            else "with a second factor, until the estate names an identity provider (people.metadata)",
        ),
        Decision(
            topic="automation",
            value=estate.automation.issuer if estate.automation else "by a role of its own making",
            reason="jobs that preview and jobs that deploy are told apart by what the CI system says of them; nothing has a key"
            if estate.automation
            else "the estate's CI roles open to people only, until it names its CI system (automation)",
        ),
        Decision(
            topic="alternate contacts",
            value="operations, security, billing" if estate.contacts.phone else "none",
            reason="AWS asks the right people about an account"
            if estate.contacts.phone
            else "AWS accepts none without a telephone number (contacts.phone)",
        ),
        Decision(
            topic="class budgets",
            value="by the next power of two of contracts",
            reason="an alarm line for the whole class; each tenant has its own",
        ),
    )


def account_roles(context: Context, account: str) -> dict[str, str]:
    """The roles that people and automation have in one account that cells may live in: key to name."""
    if not for_workloads(account):
        return {}
    return {key: role.name for key, role in _roles_of(context, account).items()}
