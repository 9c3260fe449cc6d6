"""The owner tags of everything that is made, and the Kubernetes labels that say the same."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from odoo_estate.errors import Refused
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.estate import Estate

MANAGED_BY = "odoo-estate"
SHARED = "shared"
"""Value of ``tenant`` and ``tier`` on what serves several tenants."""
NO_PARTNER = "none"
"""Value of ``partner`` on what the operator sells itself."""
PREFIX = "odoo-estate/"
"""Prefix of the labels and taints."""
POOL = f"{PREFIX}pool"
"""Label and taint of a node pool's nodes; the value is the pool's key in its cell."""

LABELS = (
    "estate",
    "cell",
    "partner",
    "tenant",
    "environment",
    "tier",
    "cost-center",
    "data-class",
    "residency",
    "managed-by",
)
"""The tags that are repeated as labels: what metrics, logs and network policies are told apart by."""

# AWS accepts letters, digits, spaces and these in tags of every service; 256 characters (tagging guide, read 2026-11-22).
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9 _.:/=+@-]+")
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9_.-]+")
_TAG_LIMIT = 256
_LABEL_LIMIT = 63


def tags(
    estate: Estate,
    catalog: Catalog,
    *,
    tenant: str,
    environment: str,
    tier: str,
    data_class: str,
    residency: str,
    cell: str = "",
    partner: str | None = None,
    cost_center: str | None = None,
    backup_class: str = "none",
    document: str = "estate",
) -> dict[str, str]:
    """The tags of one stack: what it belongs to, who pays, how its data is classed and backed up.

    Args:
        tier: the service class.
        cell: empty for what belongs to no cell.
        cost_center: None: the partner's, else the operator's.
        document: the document that a refusal points at.

    Raises:
        Refused: a value does not match the catalog's pattern for its tag, or the catalog requires a tag that is not known here.
    """
    seller = estate.partners[partner] if partner else None
    result = {
        "estate": estate.estate,
        "operator": tag_value(estate.operator.name),
        "partner": partner or NO_PARTNER,
        "tenant": tenant,
        "environment": environment,
        "tier": tag_value(tier),
        "owner": tag_value(estate.contacts.operations),
        "cost-center": tag_value(cost_center or (seller.cost_center if seller else estate.operator.cost_center)),
        "data-class": data_class,
        "backup-class": backup_class,
        "residency": residency,
        "managed-by": MANAGED_BY,
    }
    if cell:
        result["cell"] = cell
    _check(result, catalog, document)
    return result


def _check(result: Mapping[str, str], catalog: Catalog, document: str) -> None:
    missing = [key for key in catalog.required_tags if key not in result]
    if missing:
        raise Refused(
            f"the catalog requires the tag {missing[0]}, which nothing gives a value",
            document="catalog",
            field=("required_tags",),
            value=missing[0],
            allowed=sorted(result),
            remedy="require only tags of this list",
        )
    for key, pattern in catalog.tag_patterns.items():
        if key in result and not re.fullmatch(pattern, result[key]):
            raise Refused(
                f'the tag {key} would be "{result[key]}", which the catalog does not accept',
                document=document,
                value=result[key],
                allowed=(pattern,),
                remedy=f"change the value, or tag_patterns.{key} of the catalog",
            )


@cache
def tag_value(text: str) -> str:
    """``text`` in the alphabet that every AWS service accepts in tags: accents are dropped, anything else becomes a hyphen."""
    return _NOT_IN_TAGS.sub("-", _plain(text)).strip()[:_TAG_LIMIT]


@cache
def label_value(text: str) -> str:
    """``text`` as a Kubernetes label value: at most 63 characters, letter or digit at both ends; may be empty."""
    return _NOT_IN_LABELS.sub("-", _plain(text))[:_LABEL_LIMIT].strip("_.-")


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """The labels that repeat ``tags`` on Kubernetes objects."""
    return {PREFIX + key: label_value(tags[key]) for key in LABELS if key in tags}


def _plain(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
