"""What a tenant's namespace says about itself, and nobody but the platform may change: who owns it and what it may claim.

The admission policies (`odoo_estate.kubernetes.admission`) read these from the namespace of whatever is being made.
"""

from collections.abc import Mapping, Sequence

from odoo_estate.plan import PARTNER_GROUP

LABEL = "odoo-estate/boundary"
"""``tenant``: the namespace of one tenant environment. ``platform``: workloads of the platform itself."""
HOSTS = "odoo-estate/hosts"
"""Annotation: host names that routes and certificates in the namespace may name, comma-separated."""
POOLS = "odoo-estate/pools"
"""Annotation: node pools that its pods may choose and tolerate, comma-separated."""
SECRETS_ROLE = "odoo-estate/secrets-role"
"""Annotation: the only IAM role that a secret store in it may go through."""
PARTNER = "odoo-estate/partner"
"""Label (an owner label): the partner whose administrators may look after it."""


def tenant_boundary(*, hosts: Sequence[str], pools: Sequence[str], secrets_role_arn: str) -> Mapping[str, str]:
    """The annotations of one tenant environment's namespace."""
    return {HOSTS: ",".join(hosts), POOLS: ",".join(sorted(set(pools))), SECRETS_ROLE: secrets_role_arn}


def partner_group(partner: str) -> str:
    """The Kubernetes group of a partner's administrators; an access entry of the cluster gives it to their IAM role."""
    return PARTNER_GROUP + partner
