"""Ways to a customer's Odoo that do not lead over the internet: an entitlement of classes, for contracts with a cell of their own.

Both end at a balancer of its own before the class' ingress, in the public subnets, which hold no pods: what comes over them reaches the front
door and nothing behind it, because no other route table learns the way back (docs/decisions/0025).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from odoo_estate.decide import network, shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import AlarmPlan, Decision, PrivateAccessPlan, VpnSitePlan
from odoo_estate.spec.customer import Customer, PrivateAccess

TUNNEL_PERIOD_SECONDS = 300


def _asked(context: Context, cell: str) -> tuple[Customer, PrivateAccess] | None:
    customer = context.customers.get(context.estate.cells[cell].customer or "")
    if customer is None or customer.private_access is None:
        return None
    return customer, customer.private_access


def private_access_plan(context: Context, cell: str) -> PrivateAccessPlan | None:
    """What a dedicated cell's customer asked for; None: its Odoo is reached over the internet only, as in every recovery region."""
    asked = _asked(context, cell)
    if asked is None or context.away == cell:
        return None
    customer, access = asked
    estate = context.estate.estate
    link = access.privatelink
    return PrivateAccessPlan(
        name=name("load-balancer", estate, cell, "private"),
        ingress=shared.ingress_class(customer.service_class),
        consumers=link.accounts if link else (),
        sites={key: VpnSitePlan(address=site.address, networks=site.networks) for key, site in access.vpn.items()},
    )


def private_networks(customer: Customer) -> tuple[str, ...]:
    """Where requests come from that arrive over a private way; for lists of who may come in at all."""
    access = customer.private_access
    if access is None:
        return ()
    linked = access.privatelink.networks if access.privatelink else ()
    return (*linked, *(one for site in access.vpn.values() for one in site.networks))


def decision(plan: PrivateAccessPlan, customer: str, service_class: str) -> Decision:
    """What the customer has to know, and what it costs."""
    ways = [f"PrivateLink for {', '.join(plan.consumers)}"] if plan.consumers else []
    ways += [f"VPN to {key} ({site.address}; {', '.join(site.networks)})" for key, site in plan.sites.items()]
    return Decision(
        topic="private access",
        value="; ".join(ways),
        reason=f"asked for by {customer}; leads to the {plan.ingress} ingress only, under the same host names, which the customer's own "
        "resolver answers with its endpoint or the balancer's addresses (the stack's output `privateAccess`)",
        entitlement=f"service_classes.{service_class}.private_access",
    )


def alarms(context: Context, cell: str, plan: PrivateAccessPlan | None) -> dict[str, AlarmPlan]:
    """Both tunnels of a connection are watched: one down is AWS at work, two are a customer that cannot get in."""
    if plan is None or not plan.sites:
        return {}
    return {
        "vpn-tunnels": AlarmPlan(
            name=name("alarm", context.estate.estate, cell, "vpn", "tunnels"),
            description=f"A VPN connection of cell {cell} has no tunnel that is up",
            namespace="AWS/VPN",
            metric="TunnelState",
            statistic="Maximum",
            comparison="LessThanThreshold",
            threshold=0.5,
            period_seconds=TUNNEL_PERIOD_SECONDS,
            evaluation_periods=2,
            dimensions={},
            missing_data="breaching",
            query='SELECT MAX(TunnelState) FROM SCHEMA("AWS/VPN", VpnId) GROUP BY VpnId',
        )
    }


def check_private_access(context: Context) -> list[Refused]:
    """What contracts ask for beyond their class or without a cell of their own, networks that are none or are somebody else's, and names that a
    class does not bound."""
    return [
        refused for key, customer in sorted(context.customers.items()) for refused in _check(context, key, customer)
    ]


def _check(context: Context, key: str, customer: Customer) -> Iterator[Refused]:
    service = context.catalog.service_classes.get(customer.service_class)
    if service is None:
        return
    document = f"customer:{key}"
    own = [cell for cell, one in context.estate.cells.items() if one.customer == key]
    if customer.egress and (service.egress == "open" or not own):
        yield Refused(
            f"the names that Odoo may call are listed, but "
            f"{f'the service class {customer.service_class} bounds none' if service.egress == 'open' else 'a shared cell bounds none'}",
            document=document,
            field=("egress",),
            remedy="remove the list: every name resolves",
        )
    access = customer.private_access
    if access is None:
        return
    for kind, asked in (("privatelink", access.privatelink), ("vpn", access.vpn)):
        if not asked:
            continue
        if kind not in service.private_access or not own:
            why = (
                f"the service class {customer.service_class} does not include it"
                if kind not in service.private_access
                else "its cell is shared, and the way in would lead to the neighbours' front door too"
            )
            yield Refused(
                f"{kind} is asked for, but {why}",
                document=document,
                field=("private_access", kind),
                allowed=service.private_access,
                remedy="move to a class that includes it with a dedicated cell, or remove it",
            )
    for cell in own:
        if access.vpn and network.adopted(context.estate, cell):
            yield Refused(
                f"cell {cell} stands in a given network, whose routes and gateways are its owner's",
                document=document,
                field=("private_access", "vpn"),
                remedy="have the network's owner connect the sites, or use privatelink",
            )
    yield from _networks(context, customer, own, document)


def _networks(context: Context, customer: Customer, cells: list[str], document: str) -> Iterator[Refused]:
    access = customer.private_access
    assert access is not None
    lists: list[tuple[Path, tuple[str, ...]]] = [
        (("private_access", "vpn", key, "networks"), site.networks) for key, site in access.vpn.items()
    ]
    if access.privatelink:
        lists.append((("private_access", "privatelink", "networks"), access.privatelink.networks))
    for key, site in access.vpn.items():
        if not _is_public(site.address):
            yield Refused(
                f'"{site.address}" is not a public address',
                document=document,
                field=("private_access", "vpn", key, "address"),
                value=site.address,
                remedy="name the address by which the customer's router is reached over the internet",
            )
    ours = [network.cell_range(context.estate, cell) for cell in cells]
    for path, networks in lists:
        for position, text in enumerate(networks):
            try:
                one = IPv4Network(text)
            except ValueError:
                one = None
            if one is None or not one.is_private:
                fault = (
                    "is not a network: its address has bits behind the mask"
                    if one is None
                    else "is not a private network"
                )
            elif path[1] == "vpn" and any(one.overlaps(own) for own in ours):
                fault = f"overlaps the cell's own network {', '.join(map(str, ours))}: replies would stay inside"
            else:
                continue
            yield Refused(
                f'"{text}" {fault}',
                document=document,
                field=(*path, position),
                value=text,
                remedy="name the private networks behind which the customer's people and systems sit, e.g. 192.168.10.0/24",
            )


def _is_public(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    examples = (IPv4Network("192.0.2.0/24"), IPv4Network("198.51.100.0/24"), IPv4Network("203.0.113.0/24"))
    return address.is_global or any(address in one for one in examples)
