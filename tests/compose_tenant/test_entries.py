"""Entries behind a firewall: what stands before Traefik, and what has to be proved before a domain is open."""

import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from tests.compose.graphs import recorded
from tests.compose_tenant.test_root_estate import estate
from tests.decide.contracts import catalog

from odoo_estate.aws.application_balancer import CLUSTER_TAG
from odoo_estate.aws.firewall import ODOO_CLIENTS
from odoo_estate.plan import PlatformPlan, TenantPlan
from odoo_estate.preview.cost import estimate
from odoo_estate.preview.graph import Node, Unresolved
from odoo_estate.preview.prices import shipped_prices

HOST = "erp.nordfood.example"


@cache
def platform() -> PlatformPlan:
    found = estate().stacks["platform.eu-1"]
    assert isinstance(found, PlatformPlan)
    return found


def of_entry(type_: str, entry: str = "premium") -> list[Node]:
    return [one for one in recorded(platform()) if one.type == type_ and entry in one.name]


def single(type_: str) -> dict[str, Any]:
    (found,) = of_entry(type_)
    return dict(found.inputs)


def rules() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in single("aws:wafv2/webAcl:WebAcl")["rules"]}


def test_every_firewalled_entry_has_its_own_web_acl_and_no_network_load_balancer() -> None:
    for entry in platform().firewalled:
        assert len(of_entry("aws:wafv2/webAcl:WebAcl", entry)) == 1
        (tie,) = of_entry("aws:wafv2/webAclAssociation:WebAclAssociation", entry)
        assert isinstance(tie.inputs["resourceArn"], Unresolved)
        assert "lb/loadBalancer:LoadBalancer" in str(tie.inputs["resourceArn"])
    services = [one for one in recorded(platform()) if one.type == "kubernetes:core/v1:Service"]
    open_ = {one.inputs["metadata"]["name"] for one in services if one.inputs["spec"].get("type") == "LoadBalancer"}
    assert open_ == {"traefik-starter", "traefik-business"}


def test_a_flood_is_stopped_before_anything_is_inspected() -> None:
    first = min(rules().values(), key=lambda one: one["priority"])
    assert first["statement"]["rateBasedStatement"]["aggregateKeyType"] == "IP"
    assert first["action"]["block"]["customResponse"]["responseCode"] == 429
    assert len({one["priority"] for one in rules().values()}) == len(rules())


def test_managed_groups_override_and_own_rules_act() -> None:
    for one in rules().values():
        assert ("managedRuleGroupStatement" in one["statement"]) == ("overrideAction" in one) != ("action" in one)


def test_what_the_groups_need_is_in_the_price_of_a_request() -> None:
    groups = catalog().firewalls["managed"].groups.values()
    own = 2 + 5 + 3 + 2 * 10 + 5  # limit, labels, expression, two transformations, and room
    assert sum(one.capacity for one in groups) + own <= 1500


def test_bodies_are_judged_by_where_they_are_sent() -> None:
    excused, blocked = rules()["bodies-to-odoo"], rules()["bodies-elsewhere"]
    labels = {one["labelMatchStatement"]["key"] for one in blocked["statement"]["orStatement"]["statements"]}
    assert "awswaf:managed:aws:sql-database:SQLi_Body" in labels
    counted = {
        override["name"].lower()
        for one in rules().values()
        for override in one["statement"].get("managedRuleGroupStatement", {}).get("ruleActionOverrides", ())
    }
    assert {label.rsplit(":", 1)[1].lower() for label in labels} <= counted, "a rule that blocks leaves no label behind"
    last = sorted(one["priority"] for one in rules().values())[-2:]
    assert [excused["priority"], blocked["priority"]] == last, (
        "labels come from the rules before, and an allowance ends them"
    )
    labelled, path = excused["statement"]["andStatement"]["statements"]
    assert labelled == blocked["statement"]
    transformed = path["regexMatchStatement"]["textTransformations"]
    assert [one["type"] for one in transformed] == ["URL_DECODE", "NORMALIZE_PATH"]


@pytest.mark.parametrize(
    ("path", "excused"),
    [
        ("/web/dataset/call_kw/sale.order/write", True),
        ("/jsonrpc", True),
        ("/json/2/res.partner/search", True),
        ("/xmlrpc/2/object", True),
        ("/web/binary/upload_attachment", True),
        ("/website/form/crm.lead", False),
        ("/web/login", False),
        ("/web/datasets", False),
        ("/shop/jsonrpc", False),
        ("/jsonrpcs", False),
    ],
)
def test_only_odoos_own_clients_may_send_what_looks_like_an_attack(path: str, *, excused: bool) -> None:
    assert bool(re.search(ODOO_CLIENTS, path)) is excused


def test_the_firewalls_log_is_found_by_aws_and_holds_no_secret() -> None:
    logging = single("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
    assert single("aws:cloudwatch/logGroup:LogGroup")["name"].startswith("aws-waf-logs-")
    assert single("aws:cloudwatch/logGroup:LogGroup")["kmsKeyId"]
    headers = {one["singleHeader"]["name"] for one in logging["redactedFields"] if "singleHeader" in one}
    assert headers == {"authorization", "cookie", "x-api-key"}
    assert {"queryString": {}} in logging["redactedFields"]
    visible = [single("aws:wafv2/webAcl:WebAcl"), *rules().values()]
    assert not any(one["visibilityConfig"]["sampledRequestsEnabled"] for one in visible)


def test_a_class_that_moves_in_may_count_first() -> None:
    entry = platform().firewalled["premium"]
    counting = replace(
        platform(), firewalled={"premium": replace(entry, firewall=replace(entry.firewall, block=False))}
    )
    (acl,) = [one for one in recorded(counting) if one.type == "aws:wafv2/webAcl:WebAcl"]
    acting = {one["name"] for one in acl.inputs["rules"] if "block" in one.get("action", {})}
    assert acting == {"address-limit"}
    assert not any("none" in one.get("overrideAction", {}) for one in acl.inputs["rules"])


def test_the_load_balancer_is_closed_but_for_two_ports_and_speaks_tls_to_traefik() -> None:
    balancer, group = single("aws:lb/loadBalancer:LoadBalancer"), single("aws:lb/targetGroup:TargetGroup")
    assert balancer["enableWafFailOpen"] is False
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["idleTimeout"] >= 720, "Odoo's longest request"
    assert (group["protocol"], group["targetType"]) == ("HTTPS", "ip")
    assert group["tags"][CLUSTER_TAG] == platform().cluster, "the controller's role may touch no other"
    open_ = {
        (one.inputs["fromPort"], one.inputs.get("cidrIpv4"))
        for one in of_entry("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    }
    assert {port for port, cidr in open_ if cidr} == {80, 443}
    assert {port for port, cidr in open_ if not cidr} == {8443, 8080}
    listeners = {one.inputs["port"]: one.inputs for one in of_entry("aws:lb/listener:Listener")}
    assert listeners[80]["defaultActions"][0]["redirect"]["statusCode"] == "HTTP_301"
    assert listeners[443]["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")


def test_a_firewall_is_priced() -> None:
    nodes = [
        replace(one, region="eu-west-1") for one in recorded(platform()) if one.type.startswith(("aws:lb", "aws:wafv2"))
    ]
    cost = estimate(nodes, shipped_prices())
    assert not cost.unpriced
    # Two entries: 730 h of a load balancer, a web ACL, and its seven rules.
    assert cost.monthly == pytest.approx(2 * (round(730 * 0.0252, 2) + 5 + 7))


def tenant(*, proven: bool) -> TenantPlan:
    found = estate().stacks["tenant.nordfood.production"]
    assert isinstance(found, TenantPlan)
    return replace(found, route=replace(found.route, entry_certificates={HOST: proven}))


def test_a_domain_that_its_owner_has_not_proved_is_closed_and_keeps_nobody_waiting() -> None:
    graph = recorded(tenant(proven=False))
    types = {one.type for one in graph if one.name == f"certificate-{HOST}"}
    assert "aws:acm/certificate:Certificate" in types, "it is requested: without that nobody knows the record"
    assert not {one for one in types if "Validation" in one or "lb/" in one}
    (route,) = [one for one in graph if one.type == "kubernetes:traefik.io/v1alpha1:IngressRoute"]
    assert not any(HOST in one["match"] for one in route.inputs["spec"]["routes"])
    (space,) = [one for one in graph if one.type == "kubernetes:core/v1:Namespace"]
    assert HOST not in space.inputs["metadata"]["annotations"]["odoo-estate/hosts"].split(",")


def test_a_proved_domain_is_open() -> None:
    graph = recorded(tenant(proven=True))
    types = {one.type for one in graph if one.name == f"certificate-{HOST}"}
    assert {
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:lb/listenerCertificate:ListenerCertificate",
    } <= types
    (route,) = [one for one in graph if one.type == "kubernetes:traefik.io/v1alpha1:IngressRoute"]
    assert all(f"Host(`{HOST}`)" in one["match"] for one in route.inputs["spec"]["routes"])
