"""The rules as a Markdown table, for ``docs/policies.md``."""

from odoo_estate_policies.registry import groups, shipped
from odoo_estate_policies.rule import TAGGABLE, Rule

_HEAD = "| id | rule | severity | when broken | looks at | remedy | mends itself | source |\n|---|---|---|---|---|---|---|---|\n"


def table() -> str:
    """All shipped rules, group by group, each with what its metadata says."""
    parts = []
    for group, about in groups().items():
        rows = "".join(_row(rule) for rule in shipped().rules if rule.group == group)
        parts.append(f"### {group}\n\n{about}\n\n{_HEAD}{rows}")
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    effect = "refused" if rule.enforcement == "mandatory" else "advice"
    kinds = "every type that takes tags" if rule.types == TAGGABLE else ", ".join(_short(one) for one in rule.types)
    scope = f"whole stack: {kinds or 'its exemptions'}" if rule.stack_check else kinds
    mends = "on request" if rule.repair else ""
    return f"| {rule.id} | {rule.title}. {rule.description} | {rule.severity} | {effect} | {scope} | {rule.remedy} | {mends} | {rule.source} |\n"


def _short(type_token: str) -> str:
    """``aws:rds/instance:Instance`` → ``rds.Instance``, ``kubernetes:apps/v1:Deployment`` → ``apps/v1.Deployment``."""
    package, module, name = type_token.split(":")
    return f"{module.partition('/')[0] if package == 'aws' else module}.{name}"
