"""Who is told of spend that nobody expected, and where all costs can be read."""

from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.decide.trusts import management
from odoo_estate.plan import BucketPlan, CostWatchPlan


def cost_watch_plan(context: Context, target: str) -> CostWatchPlan:
    """Of the account that pays; ``target`` is that account in AWS' billing region."""
    estate, governance = context.estate, context.catalog.governance
    return CostWatchPlan(
        accounts={str(role): account for role, account in sorted(estate.accounts.items())},
        monitor=name("budget", estate.estate, "anomalies"),
        anomaly_usd=governance.anomaly_usd,
        email=estate.contacts.billing,
        export=name("budget", estate.estate, "costs"),
        bucket=BucketPlan(
            name=name("s3", estate.estate, "costs", suffix=management(context)),
            purpose="logs",
            versioning=True,
            noncurrent_days=30,
            expire_after_days=governance.cost_export_days,
            # Exports are written with S3's own encryption, and each overwrites the day before: no lock.
            encryption="s3",
        ),
        target=target,
        tags=context.catalog.required_tags if governance.activate_cost_tags else (),
    )
