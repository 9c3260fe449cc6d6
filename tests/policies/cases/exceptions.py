"""Exceptions."""

from tests.policies.stage import TAGS, Cases, case, resource

from odoo_estate.plan import Exemption


def _until(day: str, rule: str = "SIZE-01") -> tuple[Exemption, ...]:
    return (Exemption(rule=rule, resource="main", reason="month end", approver="cto@example.com", expires=day),)


KEY = resource("aws:kms/key:Key", "data", {"tags": TAGS})
CASES = {
    "EXC-01": Cases(
        holds=(case(KEY), case(KEY, exemptions=_until("2026-11-22"))),
        breaks=(case(KEY, expected="-", exemptions=_until("2026-11-21")),),
    ),
    "EXC-02": Cases(
        holds=(case(KEY, exemptions=_until("2026-12-31")), case(KEY, exemptions=_until("2026-12-31", "CHG-01"))),
        breaks=(case(KEY, expected="-", exemptions=_until("2026-12-31", "SIZE-99")),),
    ),
}
