"""The Pod Security standard "restricted" of Kubernetes 1.34, read from its specification, as a list of violations."""

from collections.abc import Iterator
from typing import Any

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = {"RuntimeDefault", "Localhost"}


def violations(pod: dict[str, Any]) -> list[str]:
    """What keeps a pod specification out of a restricted namespace; empty when nothing does."""
    return [*of_pod(pod), *(found for container in containers(pod) for found in of_container(container, pod))]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for kind in ("containers", "initContainers", "ephemeralContainers") for one in pod.get(kind, [])]


def of_pod(pod: dict[str, Any]) -> Iterator[str]:
    for sharing in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(sharing):
            yield sharing
    context = pod.get("securityContext", {})
    if context.get("runAsUser") == 0:
        yield "runAsUser 0"
    if context.get("sysctls") or context.get("windowsOptions", {}).get("hostProcess") or context.get("seLinuxOptions"):
        yield "kernel options"
    for volume in pod.get("volumes", []):
        if unknown := set(volume) - VOLUMES - {"name"}:
            yield f"volume {volume['name']}: {sorted(unknown)}"


def of_container(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    name, context, shared = container["name"], container.get("securityContext", {}), pod.get("securityContext", {})
    if context.get("privileged"):
        yield f"{name}: privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield f"{name}: capabilities"
    if context.get("runAsNonRoot", shared.get("runAsNonRoot")) is not True:
        yield f"{name}: runAsNonRoot"
    if context.get("runAsUser") == 0:
        yield f"{name}: runAsUser 0"
    if context.get("seccompProfile", shared.get("seccompProfile", {})).get("type") not in SECCOMP:
        yield f"{name}: seccompProfile"
    if context.get("procMount", "Default") != "Default" or context.get("seLinuxOptions"):
        yield f"{name}: kernel options"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield f"{name}: hostPort"
    handlers = [container.get(probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += list(container.get("lifecycle", {}).values())
    if any("host" in (handler or {}).get(kind, {}) for handler in handlers for kind in ("httpGet", "tcpSocket")):
        yield f"{name}: probe names a host"
