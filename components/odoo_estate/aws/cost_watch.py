"""Unexpected spend, the daily export of all costs, and the tags that both can be split by."""

import json
from typing import TypedDict

import pulumi
from pulumi_aws import bcmdata, costexplorer

from odoo_estate.aws.policy import Statement
from odoo_estate.plan import CostWatchPlan

COLUMNS = (
    "bill_billing_period_start_date",
    "line_item_currency_code",
    "line_item_line_item_type",
    "line_item_operation",
    "line_item_product_code",
    "line_item_resource_id",
    "line_item_unblended_cost",
    "line_item_usage_account_id",
    "line_item_usage_amount",
    "line_item_usage_start_date",
    "line_item_usage_type",
    "product_region_code",
    "resource_tags",
)
"""Columns of CUR 2.0 that showback needs; an export names its columns, ``*`` is refused (Data Exports user guide, read 2026-11)."""
EXPORTERS = ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]


class CostWatchArgs(TypedDict):
    """Inputs of `CostWatch`; ``bucket_name`` has `export_statements` in its policy already."""

    plan: CostWatchPlan
    bucket_name: pulumi.Input[str]
    bucket_region: str
    """Where that bucket is; the export itself is made in us-east-1."""


class CostWatch(pulumi.ComponentResource):
    """A monitor for each account. AWS gives every new account a monitor over all services and allows no second one of that kind, so these are
    custom ones. Told by mail, which is daily; only SNS could be immediate."""

    def __init__(self, name: str, args: CostWatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:CostWatch", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        monitors = [
            costexplorer.AnomalyMonitor(
                f"{name}-{role}",
                name=f"{plan.monitor}-{role}",
                monitor_type="CUSTOM",
                monitor_specification=json.dumps({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}}),
                opts=child,
            )
            for role, account in plan.accounts.items()
        ]
        costexplorer.AnomalySubscription(
            name,
            name=plan.monitor,
            frequency="DAILY",
            monitor_arn_lists=[one.arn for one in monitors],
            subscribers=[{"type": "EMAIL", "address": plan.email}],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [str(plan.anomaly_usd)],
                }
            },
            opts=child,
        )
        bcmdata.Export(
            name,
            export={
                "name": plan.export,
                "data_queries": [
                    {
                        "query_statement": f"SELECT {', '.join(COLUMNS)} FROM COST_AND_USAGE_REPORT",
                        "table_configurations": {
                            "COST_AND_USAGE_REPORT": {
                                "TIME_GRANULARITY": "DAILY",
                                "INCLUDE_RESOURCES": "TRUE",
                                "INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY": "FALSE",
                                "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "FALSE",
                            }
                        },
                    }
                ],
                "destination_configurations": [
                    {
                        "s3_destinations": [
                            {
                                "s3_bucket": args["bucket_name"],
                                "s3_prefix": "costs",
                                "s3_region": args["bucket_region"],
                                "s3_output_configurations": [
                                    {
                                        "format": "PARQUET",
                                        "compression": "PARQUET",
                                        "output_type": "CUSTOM",
                                        "overwrite": "OVERWRITE_REPORT",
                                    }
                                ],
                            }
                        ]
                    }
                ],
                "refresh_cadences": [{"frequency": "SYNCHRONOUS"}],
            },
            opts=child,
        )
        for tag in plan.tags:
            costexplorer.CostAllocationTag(f"{name}-{tag}", tag_key=tag, status="Active", opts=child)
        self.register_outputs({})


def export_statements(bucket: str, account: str) -> list[Statement]:
    """What the policy of ``bucket`` must allow before an export into it can be made."""
    return [
        {
            "Sid": "ExportsWrite",
            "Effect": "Allow",
            "Principal": {"Service": [*EXPORTERS]},
            "Action": ["s3:GetBucketPolicy", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            "Condition": {
                "StringLike": {
                    "aws:SourceAccount": account,
                    "aws:SourceArn": [
                        f"arn:aws:cur:us-east-1:{account}:definition/*",
                        f"arn:aws:bcm-data-exports:us-east-1:{account}:export/*",
                    ],
                }
            },
        }
    ]
