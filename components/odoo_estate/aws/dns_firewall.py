"""Which names may be resolved in a VPC, and a log of who asked for what."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi_aws import route53

from odoo_estate.aws.log_group import log_group
from odoo_estate.plan import DnsFirewallPlan

EVERYTHING = "*"
VERDICTS: Mapping[str, Mapping[str, Any]] = {
    "allowed": {
        "priority": 100,
        "action": "ALLOW",
        "firewall_domain_redirection_action": "TRUST_REDIRECTION_DOMAIN",
    },
    "refused": {"priority": 200, "action": "BLOCK", "block_response": "NXDOMAIN"},
}
"""What the two rules do; the lower priority is asked first."""
PRIORITY = 101
"""Of the rules among those that others may attach to the VPC; 100 and 9000 and beyond are AWS Firewall Manager's."""


class DnsFirewallArgs(TypedDict):
    """Inputs of `DnsFirewall`; ``key_arn`` encrypts the log."""

    plan: DnsFirewallPlan
    vpc_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class DnsFirewall(pulumi.ComponentResource):
    """Names on the list resolve, with whatever they lead on to; every other name does not exist. When AWS cannot judge, nothing
    resolves: that is its default."""

    def __init__(self, name: str, args: DnsFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:DnsFirewall", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        log = log_group(
            name, name=plan.log_group, retention_days=plan.log_retention_days, key_arn=args["key_arn"], parent=self
        )
        queries = route53.ResolverQueryLogConfig(name, name=plan.name, destination_arn=log.arn, opts=child)
        route53.ResolverQueryLogConfigAssociation(
            name, resolver_query_log_config_id=queries.id, resource_id=args["vpc_id"], opts=child
        )
        group = route53.ResolverFirewallRuleGroup(name, name=plan.name, opts=child)
        rules = [
            self._rule(name, plan, group, "allowed", plan.domains),
            self._rule(name, plan, group, "refused", (EVERYTHING,)),
        ]
        # Not before its rules: a half of them would let everything through, or nothing.
        route53.ResolverFirewallRuleGroupAssociation(
            name,
            name=plan.name,
            firewall_rule_group_id=group.id,
            priority=PRIORITY,
            vpc_id=args["vpc_id"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules),
        )
        self.register_outputs({})

    def _rule(
        self,
        name: str,
        plan: DnsFirewallPlan,
        group: route53.ResolverFirewallRuleGroup,
        key: str,
        domains: Sequence[str],
    ) -> pulumi.Resource:
        child = pulumi.ResourceOptions(parent=self)
        names = route53.ResolverFirewallDomainList(
            f"{name}-{key}", name=f"{plan.name}-{key}", domains=list(domains), opts=child
        )
        rule: pulumi.Resource = route53.ResolverFirewallRule(
            f"{name}-{key}",
            name=f"{plan.name}-{key}",
            firewall_rule_group_id=group.id,
            firewall_domain_list_id=names.id,
            **VERDICTS[key],
            opts=child,
        )
        return rule
