"""A web application firewall: AWS' managed rules, a limit by address, and a log that holds no secret."""

from typing import Any, TypedDict

import pulumi
from pulumi_aws import wafv2

from odoo_estate.aws.log_group import log_group
from odoo_estate.plan import FirewallPlan, RuleGroupPlan

ODOO_CLIENTS = "^/(web/dataset|web/action|web/binary|web_editor|html_editor|mail|discuss|jsonrpc|xmlrpc|json)(/|$)"
"""Where Odoo's own clients and integrations send HTML, search domains and files: mostly behind a login. The public form of the website
(``/website/form``), the shop and the login are not among them."""
SECRET_HEADERS = ("authorization", "cookie", "x-api-key")


class FirewallArgs(TypedDict):
    """Inputs of `Firewall`; ``resource_arn`` is the application load balancer that it guards."""

    plan: FirewallPlan
    resource_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class Firewall(pulumi.ComponentResource):
    """Blocked and counted requests are logged, the others are in Traefik's access log already."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Firewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        acl = wafv2.WebAcl(
            name,
            name=plan.name,
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=rules(plan),
            visibility_config=visibility(plan.metric),
            opts=child,
        )
        wafv2.WebAclAssociation(name, web_acl_arn=acl.arn, resource_arn=args["resource_arn"], opts=child)
        logs = log_group(
            name, name=plan.log_group, retention_days=plan.log_retention_days, key_arn=args["key_arn"], parent=self
        )
        # Sessions, API keys, and the tokens of password resets and shared documents, which travel in query strings.
        redacted: list[wafv2.WebAclLoggingConfigurationRedactedFieldArgsDict] = [{"query_string": {}}]
        redacted += [{"single_header": {"name": header}} for header in SECRET_HEADERS]
        telling: wafv2.WebAclLoggingConfigurationLoggingFilterArgsDict = {
            "default_behavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [
                        {"action_condition": {"action": action}} for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
                    ],
                }
            ],
        }
        wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=redacted,
            logging_filter=telling,
            opts=child,
        )
        self.register_outputs({})


def rules(plan: FirewallPlan) -> list[Any]:
    """The limit first: a flood is not worth inspecting. What AWS' rules found in bodies is judged last, by where it was sent."""
    labels = [label for group in plan.groups for label in group.labels]
    found = [address_limit(plan), *(managed(plan, group) for group in plan.groups)]
    if labels:
        found += bodies(plan, labels)
    return [{**rule, "priority": position} for position, rule in enumerate(found)]


def address_limit(plan: FirewallPlan) -> Any:
    return {
        "name": "address-limit",
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "limit": plan.requests_per_five_minutes,
                "evaluation_window_sec": 300,
            }
        },
        "visibility_config": visibility("address-limit"),
    }


def managed(plan: FirewallPlan, group: RuleGroupPlan) -> Any:
    """A group takes an override of its own actions, never an action."""
    return {
        "name": group.name,
        "override_action": {"none": {}} if plan.block else {"count": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group.name,
                "rule_action_overrides": [{"name": one, "action_to_use": {"count": {}}} for one in group.count],
            }
        },
        "visibility_config": visibility(group.name),
    }


def bodies(plan: FirewallPlan, labels: list[str]) -> list[Any]:
    """Two rules, the first of which lets Odoo's clients through and ends there: everything else has been asked before. The path is judged as
    Traefik will see it, decoded and without dots, or ``/web/dataset/../login`` would be excused."""
    matches = [{"label_match_statement": {"scope": "LABEL", "key": label}} for label in labels]
    found = {"or_statement": {"statements": matches}} if len(matches) > 1 else matches[0]
    odoo = {
        "regex_match_statement": {
            "regex_string": ODOO_CLIENTS,
            "field_to_match": {"uri_path": {}},
            "text_transformations": [
                {"priority": 0, "type": "URL_DECODE"},
                {"priority": 1, "type": "NORMALIZE_PATH"},
            ],
        }
    }
    return [
        {
            "name": "bodies-to-odoo",
            "action": {"allow": {}},
            "statement": {"and_statement": {"statements": [found, odoo]}},
            "visibility_config": visibility("bodies-to-odoo"),
        },
        {
            "name": "bodies-elsewhere",
            "action": {"block": {}} if plan.block else {"count": {}},
            "statement": found,
            "visibility_config": visibility("bodies-elsewhere"),
        },
    ]


def visibility(metric: str) -> wafv2.WebAclVisibilityConfigArgsDict:
    """No samples: they show a request with its headers."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}
