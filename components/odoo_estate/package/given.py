"""What a foreign program knows of its network: only what a database or a cache stands in."""

import pulumi

from odoo_estate.aws.references import NetworkRef


def given_network(
    vpc_id: pulumi.Input[str],
    *,
    database_subnet_group: pulumi.Input[str] = "",
    cache_subnet_group: pulumi.Input[str] = "",
) -> NetworkRef:
    """A reference without subnets and address range: databases and caches look at neither."""
    return NetworkRef(
        vpc_id=vpc_id,
        cidr="",
        public_subnet_ids=(),
        private_subnet_ids=(),
        database_subnet_ids=(),
        database_subnet_group=database_subnet_group,
        cache_subnet_group=cache_subnet_group,
    )
