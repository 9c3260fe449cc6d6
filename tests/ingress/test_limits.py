"""A tenant's limits bite the tenant, and nobody else."""

import threading
import time
from collections import Counter
from functools import partial

from tests.ingress.client import Client
from tests.ingress.world import World, eventually, host, tenant

MIB = 1024 * 1024


def flood(
    client: Client, customer: str, spellings: tuple[str, ...], *, seconds: float, threads: int = 4
) -> Counter[int]:
    """Statuses of as many requests as go out in ``seconds``, from many addresses, the host spelled in turn in every way."""
    found: Counter[int] = Counter()
    end = time.monotonic() + seconds

    def run(number: int) -> None:
        one = Client(client.port, client.authority, address=f"203.0.113.{100 + number}")
        turn = 0
        while time.monotonic() < end:
            turn += 1
            found[one.send("GET", host(customer), "/odoo", spelled=spellings[turn % len(spellings)]).status] += 1

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return found


def test_one_tenants_flood_is_cut_and_its_neighbours_requests_all_pass(ingress: World) -> None:
    limit = tenant("tessera").route
    name = host("tessera")
    spellings = (name, name.upper(), f"{name}:443", f"{name}:8443", f"{name.title()}:1")
    client = ingress.client("starter")
    neighbour: list[int] = []
    stop = threading.Event()

    def neighbours() -> None:
        while not stop.is_set():
            neighbour.append(client.get(host("vintner"), "/odoo").status)
            time.sleep(0.05)

    beside = threading.Thread(target=neighbours)
    beside.start()
    began = time.monotonic()
    try:
        counted: Counter[int] = Counter()
        while counted[429] < 50 and time.monotonic() - began < 30:
            counted += flood(client, "tessera", spellings, seconds=2)
    finally:
        stop.set()
        beside.join()
    took = time.monotonic() - began
    assert counted[429] >= 50, f"nothing was cut: {counted}"
    assert set(counted) == {200, 429}
    # Two bursts: when Traefik takes over a change, whoever's, limits begin anew.
    most = 2 * limit.burst + limit.requests_per_second * (took + 1)
    assert counted[200] <= most, "a spelling of the host has a limit of its own"
    assert len(neighbour) > 10
    assert set(neighbour) == {200}


def test_passwords_are_tried_slowly_however_the_form_is_spelled(ingress: World) -> None:
    limit = tenant("vintner").route.clients.login_per_minute
    name = host("vintner")
    guesser = ingress.client("starter", address="203.0.113.200")
    paths = (
        "/web/login",
        "/de/web/login",
        "/web%2Flogin",
        "//web/login",
        "/web/session/authenticate",
        "/xmlrpc/2/common",
    )
    statuses = [
        guesser.send("POST", name, paths[turn % len(paths)], body=b"password=x").status for turn in range(limit + 8)
    ]
    assert statuses[:limit] == [200] * limit
    assert statuses.count(200) <= limit + 1, statuses
    assert statuses[-1] == 429
    assert ingress.client("starter", address="203.0.113.201").send("POST", name, "/web/login").status == 200
    assert guesser.get(name, "/web/login").status == 200, "to look at the form is no attempt"
    assert guesser.send("POST", host("copperfield"), "/web/login").status == 200, "a neighbour's logins count apart"


def test_a_body_above_the_classes_limit_is_refused_before_odoo_sees_it(ingress: World) -> None:
    limit = tenant("vintner").route.clients.body_mib * MIB
    server = ingress.backends["pooled-starter", "odoo-web"]
    client = ingress.client("starter")
    seen = server.seen
    assert client.send("POST", host("vintner"), "/upload", body=b"x" * MIB).status == 200
    assert server.seen == seen + 1
    answer = client.send("POST", host("vintner"), "/upload", headers={"Expect": "100-continue"}, body=b"")
    assert answer.status == 200
    assert oversized(client, host("vintner"), limit + 1) == 413
    assert server.seen == seen + 2


def oversized(client: Client, name: str, length: int) -> int:
    """Status for a request that only announces a body of this length."""
    with client.secure(name) as connected:
        connected.sendall(f"POST /upload HTTP/1.1\r\nHost: {name}\r\nContent-Length: {length}\r\n\r\n".encode())
        return int(connected.recv(64).split()[1])


def test_only_listed_networks_get_in_and_health_checks_still_do(ingress: World) -> None:
    ingress.apply(tenant("iberica", allow_from=("198.51.100.0/24",)))
    inside = ingress.client("business", address="198.51.100.7")
    outside = ingress.client("business", address="203.0.113.10", headers={"X-Forwarded-For": "198.51.100.7"})
    try:
        for name in (host("iberica"), "erp.iberica.example"):
            eventually(partial(refused, outside, name), "everybody still gets in")
            assert outside.send("POST", name, "/web/login").status == 403
            assert outside.websocket(name, b"x")[0] == 403
            assert outside.get(name, "/web/health").status == 200
            assert inside.get(name).status == 200
            assert inside.websocket(name, b"x")[0] == 101
    finally:
        ingress.apply(tenant("iberica"))
        ingress.plane.call(
            "DELETE", "/apis/traefik.io/v1alpha1/namespaces/iberica-production/middlewares/iberica-production-gate"
        )
        eventually(lambda: outside.get(host("iberica")).status == 200, "the list stays")


def refused(client: Client, name: str) -> bool:
    return client.get(name).status == 403


def test_a_flood_does_not_make_a_tenant_look_dead(ingress: World) -> None:
    client = ingress.client("starter")
    name = host("copperfield")
    counted: Counter[int] = Counter()
    began = time.monotonic()
    while not counted[429] and time.monotonic() - began < 30:
        counted += flood(client, "copperfield", (name,), seconds=2)
    assert counted[429]
    assert ingress.client("starter", address="198.51.100.9").get(name, "/web/health").status == 200


def called(client: Client, customer: str, path: str, times: int, **headers: str) -> Counter[int]:
    """Statuses of so many calls, one after the other."""
    return Counter(client.send("POST", host(customer), path, headers=headers, body=b"{}").status for _ in range(times))


def until_cut(client: Client, customer: str, path: str, burst: int, **headers: str) -> int:
    """Calls until one is refused. Three bursts are enough: limits begin anew when Traefik takes over a change, whoever's."""
    for number in range(3 * burst):
        if called(client, customer, path, 1, **headers) == {429: 1}:
            return number
    raise AssertionError(f"{path} is not limited")


def test_an_api_key_is_limited_and_no_other_key_with_it(ingress: World) -> None:
    burst = tenant("tessera").route.clients.api_burst
    client, path = ingress.client("starter", address="203.0.113.60"), "/json/2/res.partner/search"
    assert until_cut(client, "tessera", path, burst, Authorization="Bearer loud") >= burst
    until_cut(client, "tessera", "/json%2F2//res.partner/search", burst, Authorization="Bearer loud")
    assert called(client, "tessera", path, 3, Authorization="Bearer quiet") == {200: 3}
    assert called(client, "copperfield", path, 3, Authorization="Bearer loud") == {200: 3}
    assert client.get(host("tessera"), "/odoo").status == 200, "people wait for no integration"


def test_remote_procedures_are_limited_by_who_calls(ingress: World) -> None:
    burst = tenant("copperfield").route.clients.api_burst
    loud, quiet = (ingress.client("starter", address=f"203.0.113.{number}") for number in (61, 62))
    statuses: Counter[int] = Counter()
    for turn in range(3 * burst):
        # A key that is not asked for brings no limit of its own.
        statuses += called(loud, "copperfield", ("/jsonrpc", "//jsonrpc")[turn % 2], 1, Authorization=f"Bearer {turn}")
        if statuses[429]:
            break
    assert statuses[200] >= burst
    assert statuses[429], statuses
    assert called(quiet, "copperfield", "/jsonrpc", 3) == {200: 3}
    assert called(loud, "tessera", "/jsonrpc", 3) == {200: 3}
    assert loud.get(host("copperfield"), "/odoo").status == 200


def test_an_agreed_integration_is_limited_by_its_contract_and_no_other_with_it(ingress: World) -> None:
    plan = tenant("nordfood").route.integrations
    assert {key: one.path for key, one in plan.items()} == {"edi-orders": "/edi/orders", "carrier": "/carrier/status"}
    client, burst = ingress.client("premium", address="203.0.113.63"), plan["carrier"].burst
    assert until_cut(client, "nordfood", "/carrier/status/17", burst) >= burst
    another = ingress.client("premium", address="203.0.113.64")
    until_cut(another, "nordfood", "/carrier//status", burst)
    assert called(client, "nordfood", "/edi/orders", 5) == {200: 5}
    assert called(client, "nordfood", "/carrier/statuses", 5) == {200: 5}
