"""Where a tenant's objects and secrets lie, and the roles that reach exactly those."""

from collections.abc import Mapping
from dataclasses import replace

from odoo_estate.decide import bucket_access, identities, shared
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import name
from odoo_estate.plan import BucketPlan, Json, KeyPlan, Purpose, RolePlan

INFREQUENT_DAYS = 90
"""Objects are read in the weeks after an order, hardly later; S3 allows the cheaper class from 30 days."""
EXPORT_DAYS = 90
"""Exports can be made again; a quarter covers whoever fetches them late."""


def own_buckets(context: Context, tenant: Tenant) -> bool:
    """Whether the environment has buckets of its own: always with keys or a cell of its own, by class otherwise; never when pooled, because the
    shared workers' role reaches the cell's bucket only."""
    tenancy = context.tenancy(tenant)
    return tenancy != "pooled" and (tenancy == "dedicated" or context.service_class(tenant.customer).own_buckets)


def buckets(context: Context, tenant: Tenant, owed: BackupTerms) -> dict[str, BucketPlan]:
    """Buckets by purpose. On shared machines documents and exports are prefixes of the attachments' bucket, because each bucket costs seven
    resources and a shared cell holds many tenants; outside production there is nothing but attachments. Dumps are not among them: they lie in the
    cell's bucket, where no pod of the tenant reaches them (`decide.recovery_jobs`)."""
    if not own_buckets(context, tenant):
        return {}
    production = tenant.environment == "production"
    purposes: tuple[Purpose, ...] = ("attachments",)
    if production and context.tenancy(tenant) != "namespaced":
        # In the recovery region there is what was followed; exports begin anew, beside the attachments.
        purposes = ("attachments", "documents", *(() if context.away else ("exports",)))
    made: dict[str, BucketPlan] = {purpose: _bucket(context, tenant, owed, purpose, production) for purpose in purposes}
    if "exports" not in made:
        made["attachments"] = replace(made["attachments"], expire_prefixes={"exports/": EXPORT_DAYS})
    return made


def _bucket(context: Context, tenant: Tenant, owed: BackupTerms, purpose: Purpose, production: bool) -> BucketPlan:
    cell = context.cell_of(tenant.customer)
    # The copies in the recovery region are the cell's recovery stack's.
    owner = (cell, *shared.site(context, cell), *tenant) if context.away else tenant
    bucket = BucketPlan(
        name=name("s3", context.estate.estate, *owner, purpose, suffix=shared.target(context, cell).account),
        purpose=purpose,
        versioning=True,
        noncurrent_days=owed.bucket_versions_days if production else 1,
        infrequent_after_days=INFREQUENT_DAYS if production and purpose != "exports" else None,
        expire_after_days=EXPORT_DAYS if purpose == "exports" else None,
        inventory=bucket_access.INVENTORY if production and purpose != "exports" else "",
        protect=production,
    )
    roles = [
        role_name(context, tenant),
        *(role_name(context, tenant, job) for job in ("recovery", "backup")),
        # Production's jobs bring a copy's attachments.
        *(role_name(context, one, "recovery") for one in copy_sources(context, tenant)),
        *shared.replication_roles(context, cell, ".".join((*tenant, purpose))),
    ]
    return bucket_access.closed(context, cell, bucket, roles)


def role_name(context: Context, tenant: Tenant, *what: str) -> str:
    """Name of one of the tenant's roles; those of the recovery region have names of their own, because roles are an account's."""
    there = shared.site(context, context.cell_of(tenant.customer))
    return name("iam-role", context.estate.estate, *tenant, *there, *what)


def copy_targets(context: Context, tenant: Tenant) -> list[Tenant]:
    """The environments of the contract that may hold a neutralised copy of this one; only production is copied, because only it is dumped. A trial
    that stands on shared machines holds none of a customer who has machines of its own."""
    if tenant.environment != "production":
        return []
    allowed = context.service_class(tenant.customer).copies_to
    others = (Tenant(tenant.customer, one) for one in sorted(context.customers[tenant.customer].environments))
    return [
        one
        for one in others
        if one.environment in allowed and "pooled" != context.tenancy(one) == context.tenancy(tenant)
    ]


def copy_sources(context: Context, tenant: Tenant) -> list[Tenant]:
    """Production, where its copy may lie in this environment."""
    production = Tenant(tenant.customer, "production")
    there = "production" in context.customers[tenant.customer].environments
    return [production] if there and tenant in copy_targets(context, production) else []


def filestore(context: Context, tenant: Tenant) -> tuple[str, str]:
    """Bucket and prefix of the environment's attachments."""
    cell = context.cell_of(tenant.customer)
    if own_buckets(context, tenant):
        account = shared.target(context, cell).account
        return name("s3", context.estate.estate, *tenant, "attachments", suffix=account), ""
    return shared.cell_bucket(context, cell, "attachments"), object_prefix(context, tenant)


def own_keys(context: Context, tenant: Tenant) -> bool:
    """Whether the class promises the tenant keys of its own."""
    return context.service_class(tenant.customer).own_keys and tenant.environment == "production"


def key(context: Context, tenant: Tenant) -> KeyPlan | None:
    """A data key of the tenant's own where the class promises one. In the recovery region, what is kept for the cell has one key, and a tenant
    with keys of its own has a cell of its own."""
    if not own_keys(context, tenant) or context.away:
        return None
    return KeyPlan(
        alias=key_alias(context, tenant),
        description=f"Objects and secrets of {tenant.customer}.{tenant.environment}",
    )


def key_alias(context: Context, tenant: Tenant) -> str:
    """Alias of the key that encrypts the tenant's objects and secrets: its own, else the cell's."""
    if own_keys(context, tenant) and not context.away:
        return name("kms-alias", context.estate.estate, *tenant)
    return identities.data_key_alias(context.estate.estate, context.cell_of(tenant.customer))


def secret(context: Context, tenant: Tenant, what: str) -> str:
    """Secrets Manager name of one of the tenant's secrets."""
    return name("secret", context.estate.estate, "tenant", *tenant, what)


def role(context: Context, tenant: Tenant, owned: Mapping[str, BucketPlan]) -> RolePlan | None:
    """What the tenant's pods may do: use its own buckets, or its prefix of the cell's. None in the pooled tenancy."""
    if context.tenancy(tenant) == "pooled":
        return None
    cell = context.cell_of(tenant.customer)
    target = shared.target(context, cell)
    if owned:
        arns = [f"arn:aws:s3:::{bucket.name}" for bucket in owned.values()]
        lists: dict[str, Json] = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [*arns]}
        objects: list[Json] = [f"{arn}/*" for arn in arns]
    else:
        bucket = shared.cell_bucket(context, cell, "attachments")
        prefix = object_prefix(context, tenant)
        lists = {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringLike": {"s3:prefix": f"{prefix}*"}},
        }
        objects = [f"arn:aws:s3:::{bucket}/{prefix}*"]
    return RolePlan(
        name=role_name(context, tenant),
        description=f"Pods of {tenant.customer}.{tenant.environment}",
        trust=(identities.pod_trust(target, shared.cluster(context, cell)),),
        statements=(
            lists,
            {"Effect": "Allow", "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], "Resource": objects},
            identities.use_key(target, key_alias(context, tenant), "s3", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ),
    )


def object_prefix(context: Context, tenant: Tenant) -> str:
    """Where the tenant's objects lie in the cell's bucket; empty with buckets of its own."""
    if own_buckets(context, tenant):
        return ""
    return shared.pooled_prefix(context.customers[tenant.customer].service_class, *tenant)


def secrets_role(context: Context, tenant: Tenant, secrets: tuple[str, ...]) -> RolePlan | None:
    """What External Secrets takes on to read the tenant's secrets, by their full names. None in the pooled tenancy."""
    if context.tenancy(tenant) == "pooled":
        return None
    cell = context.cell_of(tenant.customer)
    target = shared.target(context, cell)
    controller = identities.external_secrets_role(context, cell)
    return RolePlan(
        name=role_name(context, tenant, "secrets"),
        description=f"Reads the secrets of {tenant.customer}.{tenant.environment}",
        trust=(
            {
                "Effect": "Allow",
                "Principal": {"AWS": target.arn("iam", f"role/{controller}", regional=False)},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            },
        ),
        statements=(
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                # Secrets Manager ends every ARN with a hyphen and six characters of its own.
                "Resource": [target.arn("secretsmanager", f"secret:{one}-??????") for one in secrets],
            },
            identities.use_key(target, key_alias(context, tenant), "secretsmanager", ["kms:Decrypt"]),
        ),
    )
