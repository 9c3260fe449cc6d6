"""Metrics in CloudWatch, one dimension: the tenant."""

from collections.abc import Mapping

from odoo_estate_recovery.backups import asking, client
from odoo_estate_recovery.errors import OperationFailed
from odoo_estate_recovery.log import log
from odoo_estate_recovery.settings import Settings


def publish(settings: Settings, values: Mapping[str, float]) -> None:
    """A metric that cannot be sent fails no dump: its alarm notices that it is missing."""
    if not settings.metric_namespace:
        return
    dimensions = [{"Name": "Tenant", "Value": settings.tenant}]
    data = [{"MetricName": name, "Dimensions": dimensions, "Value": value} for name, value in values.items()]
    try:
        with asking(f"sending metrics to {settings.metric_namespace}"):
            client("cloudwatch", settings.aws_region).put_metric_data(
                Namespace=settings.metric_namespace, MetricData=data
            )
    except OperationFailed as error:
        log("metrics_not_sent", reason=str(error))
