"""The field types that the YAML documents share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Spec(BaseModel):
    """Base of every document's parts: frozen, strict, unknown fields refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", min_length=2, max_length=32)]
"""Lower-case letters, digits and single hyphens, letter first: valid in DNS labels, AWS identifiers and stack names alike."""

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
Domain = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
NamePattern = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
"""A name, or with ``*.`` in front everything below it."""
PrivateAccessKind = Literal["privatelink", "vpn"]
PlatformDomain = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=170)
]
"""Short enough for the longest name below it: ENVIRONMENT.CUSTOMER.CELL, each with its dot, are 78 characters of the 253 that a name may have."""
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=64)]
Cidr = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$")]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""Technical name of an Odoo module."""
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
IsoDate = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
KubernetesVersion = Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{2}$")]
"""Major and minor version, as EKS names its releases."""
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"),
]
"""One line that reads as it is written: the characters that turn the direction of text round are not in it (Unicode TR 55)."""
OidcSubject = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(:[A-Za-z0-9_./=@-]+)+$", max_length=255)]
"""Who a CI job is, e.g. ``repo:ORGANISATION/REPOSITORY:environment:production``: whole, so that no other repository or branch begins like it."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Percent = Annotated[int, Field(ge=0, le=1000)]
EnvironmentName = Literal["production", "staging", "sandbox", "development"]
TenancyName = Literal["pooled", "namespaced", "semi-dedicated", "dedicated"]
ACCOUNT_ROLES = ("management", "log-archive", "audit", "backup", "shared-services", "production", "non-production")
"""The accounts that every organisation has. ``partner-ID`` and ``customer-ID`` are further ones, for what must lie apart."""
AccountRole = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=41)]
