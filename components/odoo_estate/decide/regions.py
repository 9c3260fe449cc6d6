"""AWS regions as far as decisions need them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from odoo_estate.errors import Path, Refused
from odoo_estate.spec.estate import Estate


@dataclass(frozen=True)
class Region:
    """``letters``: the zones that new accounts see; ``timezone``: where its users sleep, for shared maintenance windows; ``zone_ids``: where EKS
    refuses one of the zones, three that it takes, because a letter is another zone in every account."""

    timezone: str
    letters: str = "abc"
    zone_ids: tuple[str, ...] = ()

    @property
    def zones(self) -> Mapping[str, str]:
        """Zone key to what the part after the region's name is, or the zone's id: ``a`` to ``a``, or ``az1`` to ``use1-az1``."""
        if self.zone_ids:
            return {one.partition("-")[2]: one for one in self.zone_ids}
        return {letter: letter for letter in self.letters}


# Commercial regions (AWS's list of regions and zones, 2026-11). EKS places no control plane in use1-az3, usw1-az2 and cac1-az3 (EKS user guide).
REGIONS: dict[str, Region] = {
    "af-south-1": Region("Africa/Johannesburg"),
    "ap-east-1": Region("Asia/Hong_Kong"),
    "ap-northeast-1": Region("Asia/Tokyo", "acd"),
    "ap-northeast-2": Region("Asia/Seoul"),
    "ap-northeast-3": Region("Asia/Tokyo"),
    "ap-south-1": Region("Asia/Kolkata"),
    "ap-south-2": Region("Asia/Kolkata"),
    "ap-southeast-1": Region("Asia/Singapore"),
    "ap-southeast-2": Region("Australia/Sydney"),
    "ap-southeast-3": Region("Asia/Jakarta"),
    "ap-southeast-4": Region("Australia/Melbourne"),
    "ca-central-1": Region("America/Toronto", "abd", ("cac1-az1", "cac1-az2", "cac1-az4")),
    "ca-west-1": Region("America/Edmonton"),
    "eu-central-1": Region("Europe/Berlin"),
    "eu-central-2": Region("Europe/Zurich"),
    "eu-north-1": Region("Europe/Stockholm"),
    "eu-south-1": Region("Europe/Rome"),
    "eu-south-2": Region("Europe/Madrid"),
    "eu-west-1": Region("Europe/Dublin"),
    "eu-west-2": Region("Europe/London"),
    "eu-west-3": Region("Europe/Paris"),
    "il-central-1": Region("Asia/Jerusalem"),
    "me-central-1": Region("Asia/Dubai"),
    "me-south-1": Region("Asia/Bahrain"),
    "mx-central-1": Region("America/Mexico_City"),
    "sa-east-1": Region("America/Sao_Paulo"),
    "us-east-1": Region("America/New_York", zone_ids=("use1-az1", "use1-az2", "use1-az4")),
    "us-east-2": Region("America/New_York"),
    "us-west-1": Region("America/Los_Angeles", "ac", ("usw1-az1", "usw1-az3")),
    "us-west-2": Region("America/Los_Angeles"),
}


NOT_SOLD: dict[str, frozenset[str]] = {
    "m7g": frozenset({"af-south-1", "ap-east-1", "ca-west-1", "eu-south-1"}),
    "r7g": frozenset({"af-south-1", "ap-southeast-4", "eu-west-3", "me-central-1"}),
    "t4g": frozenset({"ca-west-1"}),
}
"""Instance family to the regions in which RDS for PostgreSQL does not have it (lists of instance classes of AWS's CloudFormation schemas,
read 2026-11). A family that is not listed here was not looked up."""


def check_classes(estate: Estate, classes: Mapping[str, Iterable[str]]) -> list[Refused]:
    """Cells whose database classes are not sold where they live, or where they would be made anew when that is lost: a failover is no time to
    find out. ``classes``: cell to the RDS classes of its instances."""
    return [
        Refused(
            f"RDS has no {one} in {region}",
            document="estate",
            field=("cells", cell, *path),
            value=region,
            allowed=sorted({other for zone in estate.residency.values() for other in zone.regions} - missing) or (),
            remedy="choose another region of the zone, or a band of another instance family",
        )
        for cell, wanted in classes.items()
        for path, region in _regions_of(estate, cell)
        for one in sorted(set(wanted))
        if region in (missing := NOT_SOLD.get(one.split(".")[1], frozenset()))
    ]


def _regions_of(estate: Estate, cell: str) -> list[tuple[Path, str]]:
    one = estate.cells[cell]
    recovery: list[tuple[Path, str]] = [(("recovery", "region"), one.recovery.region)] if one.recovery else []
    return [(("region",), one.region), *recovery]


def check_regions(estate: Estate) -> list[Refused]:
    """Every region that does not exist. That regions lie in their residency zone is checked when the estate is read."""
    fields: list[tuple[Path, str]] = [(("home_region",), estate.home_region)]
    for name, zone in estate.residency.items():
        fields += [(("residency", name, "regions", position), region) for position, region in enumerate(zone.regions)]
    return [
        Refused(
            f'"{region}" is not an AWS region',
            document="estate",
            field=field,
            value=region,
            allowed=sorted(REGIONS),
            remedy="use a region's code, e.g. eu-central-1",
        )
        for field, region in fields
        if region not in REGIONS
    ]


def copy_region(estate: Estate, cell: str) -> str | None:
    """Where the cell's backups are copied to: its recovery region, else the first other region of its residency zone, else None."""
    one = estate.cells[cell]
    if one.recovery:
        return one.recovery.region
    return next((region for region in estate.residency[one.residency].regions if region != one.region), None)
