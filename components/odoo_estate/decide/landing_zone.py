"""What exists once per estate: accounts, audit trail, keys, recovery vaults, budgets, roles, images, DNS and alerts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from odoo_estate.decide import backup, roles, shared
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.context import Context
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import LANDING_ZONE, name, part
from odoo_estate.decide.organisation import organisation_plan
from odoo_estate.decide.tags import SHARED, tags
from odoo_estate.plan import (
    AwsTarget,
    BucketPlan,
    BudgetPlan,
    Decision,
    KeyPlan,
    LandingZonePlan,
    RepositoryPlan,
    RolePlan,
    VaultPlan,
)

MANAGEMENT = "management"
LOG_ARCHIVE = "log-archive"
SHARED_SERVICES = "shared-services"
PLATFORM_ZONE = "platform"
WORKLOAD_ROLES = ("production", "non-production")
TRAIL_LOG_DAYS = 90
"""The trail's copy in CloudWatch is for questions of the day; the archive bucket keeps it as long as audits ask."""
ARCHIVE_AFTER_DAYS = 90
KEEP_IMAGES = 30
RECOVERY_REPOSITORY = "recovery"
"""Repository of the recovery program, which the operator builds (``images/recovery``)."""
ACTUAL_PERCENT = (80, 100)
FORECAST_PERCENT = (100,)
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
    organisation = organisation_plan(estate)
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
        log_retention_days=log_days(TRAIL_LOG_DAYS),
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
    if estate.mode == "single-account":
        wanted = [MANAGEMENT, LOG_ARCHIVE, *(role for role in WORKLOAD_ROLES if role in estate.accounts)]
    else:
        wanted = [role for role in estate.accounts if role != "backup"]
    targets = {role: _target(context, role) for role in sorted(wanted)}
    for target, vault in vaults.values():
        targets[target] = _target(context, "backup", vault.region)
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
        archive_after_days=min(ARCHIVE_AFTER_DAYS, days),
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
            actual_percent=ACTUAL_PERCENT,
            forecast_percent=FORECAST_PERCENT,
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
            actual_percent=ACTUAL_PERCENT,
            forecast_percent=FORECAST_PERCENT,
            emails=tuple(dict.fromkeys((partner.contact, estate.contacts.billing))),
        )
        for key, partner in estate.partners.items()
        if partner.monthly_budget_usd is not None
    }


def _roles(context: Context) -> dict[str, tuple[str, RolePlan]]:
    """The same five roles in each account that workloads run in. The automation's own role exists already and is not made again."""
    estate = context.estate
    trusted = _target(context, MANAGEMENT).account
    accounts: Mapping[str, str] = {str(key): one for key, one in estate.accounts.items()}
    found = {}
    for target in WORKLOAD_ROLES:
        if target not in accounts:
            continue
        for key, role in roles.account_roles(estate.estate, accounts[target], trusted).items():
            if role.name != estate.deploy_role:
                found[f"{target}-{key}"] = (target, role)
    return found


def _repositories(context: Context) -> dict[str, RepositoryPlan]:
    images = ["odoo", RECOVERY_REPOSITORY, *context.catalog.versions.images]
    return {
        part(key): RepositoryPlan(name=name("repository", context.estate.estate, part(key)), keep_images=KEEP_IMAGES)
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
            topic="class budgets",
            value="by the next power of two of contracts",
            reason="an alarm line for the whole class; each tenant has its own",
        ),
    )
