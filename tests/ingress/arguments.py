"""The arguments that Traefik's chart starts Traefik with, for the values that the plan gives it.

After ``templates/_podtemplate.tpl`` of the chart (read 2026-11): only the values that the plan uses are known, another one is an error, so that
no value is thought to be proved that is not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

KUBERNETES_ONLY = {
    "additionalArguments",
    "deployment",
    "ingressClass",
    "ingressRoute",
    "nodeSelector",
    "podDisruptionBudget",
    "priorityClassName",
    "resources",
    "service",
    "tolerations",
    "topologySpreadConstraints",
}
"""Values that make Kubernetes objects and no argument."""
PORTS = {"web": 8000, "websecure": 8443, "metrics": 9100, "traefik": 8080}
"""The chart's own entry points; ``web`` and ``websecure`` are exposed as 80 and 443."""


def traefik_arguments(values: Mapping[str, Any], ports: Mapping[str, int] = PORTS) -> list[str]:
    """``ports`` puts other ports in the place of the chart's."""
    unknown = set(values) - KUBERNETES_ONLY - {"metrics", "ports", "providers"}
    assert not unknown, f"no argument is known for {sorted(unknown)}"
    found = ["--global.checknewversion=false", "--api.dashboard=true", "--ping=true"]  # the chart's own defaults
    for name in PORTS:
        found.append(f"--entrypoints.{name}.address=:{ports[name]}/tcp")
        found += entry_point(name, values["ports"].get(name, {}))
    found += ["--entrypoints.websecure.http.tls=true"]
    found += metrics(values["metrics"])
    found += providers(values["providers"])
    return [*found, *values["additionalArguments"]]


def entry_point(name: str, port: Mapping[str, Any]) -> Iterator[str]:
    """One of the chart's ``ports``."""
    assert set(port) <= {"forwardedHeaders", "http", "proxyProtocol", "transport"}, port
    root = f"--entrypoints.{name}"
    if "http" in port:
        target = port["http"].copy().pop("redirections")["entryPoint"]
        assert (target["to"], set(port["http"])) == ("websecure", {"redirections"})
        # The chart puts the exposed port in the place of the entry point's name.
        yield f"{root}.http.redirections.entrypoint.to=:443"
        yield f"{root}.http.redirections.entrypoint.scheme={target['scheme']}"
        yield f"{root}.http.redirections.entrypoint.permanent={str(target['permanent']).lower()}"
    for means in port.keys() & {"forwardedHeaders", "proxyProtocol"}:
        assert set(port[means]) == {"trustedIPs"}, "insecure would believe everybody"
        yield f"{root}.{means.lower()}.trustedips={','.join(port[means]['trustedIPs'])}"
    if "transport" in port:
        for timeout, seconds in port["transport"]["respondingTimeouts"].items():
            yield f"{root}.transport.respondingtimeouts.{timeout.lower()}={seconds}"


def metrics(values: Mapping[str, Any]) -> Iterator[str]:
    assert values == {"prometheus": {"addRoutersLabels": True}}, values
    yield "--metrics.prometheus=true"
    yield "--metrics.prometheus.entrypoint=metrics"
    yield "--metrics.prometheus.addrouterslabels=true"


def providers(values: Mapping[str, Any]) -> Iterator[str]:
    """The chart lets services without endpoints stand, so that they answer 503 and not 404 (its default)."""
    assert values["kubernetesIngress"] == {"enabled": False}
    crd = values["kubernetesCRD"]
    assert set(crd) == {"enabled", "ingressClass", "allowCrossNamespace"}
    yield "--providers.kubernetescrd"
    yield f"--providers.kubernetescrd.ingressclass={crd['ingressClass']}"
    yield "--providers.kubernetescrd.allowemptyservices=true"
    if crd["allowCrossNamespace"]:
        yield "--providers.kubernetescrd.allowcrossnamespace=true"
