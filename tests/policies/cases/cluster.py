"""The Kubernetes cluster of a cell."""

from tests.policies.stage import Cases, case, resource

from odoo_estate.plan import KubernetesSupport


def _supported(notice_from: str, ends: str) -> KubernetesSupport:
    return KubernetesSupport(version="1.36", notice_from=notice_from, ends=ends)


CLUSTER = resource("aws:eks/cluster:Cluster", "cluster", {"name": "acme-eu-1", "version": "1.36"})
CASES = {
    "EKS-01": Cases(
        holds=(
            case(CLUSTER),
            case(CLUSTER, kubernetes=_supported("2027-05-04", "2027-08-02")),
        ),
        breaks=(
            case(CLUSTER, expected="-", kubernetes=_supported("2026-01-01", "2027-08-02")),
            case(CLUSTER, expected="-", kubernetes=_supported("2026-01-01", "2026-02-01")),
        ),
    )
}
