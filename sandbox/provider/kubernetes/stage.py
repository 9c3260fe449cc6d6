"""The rehearsed cluster: objects under kind, namespace and name; the cluster itself must exist in the rehearsed AWS."""
# ruff: noqa: ARG002, PLR0917  # the protocol sets the signatures

from __future__ import annotations

from typing import Any

from sandbox.provider import shape as shapes
from sandbox.provider.cloud import Cloud, Draft, Record
from sandbox.provider.difference import changes, matches
from sandbox.provider.faults import refuse_lost
from sandbox.provider.kept import Kept, digest
from sandbox.provider.kubernetes import objects
from sandbox.provider.kubernetes.kubeconfig import Target, target
from sandbox.provider.refusal import Refused
from sandbox.provider.server import Autoname, Difference
from sandbox.provider.wire import UNKNOWN, Properties, Secret, plain

_RELEASE = "kubernetes:helm.sh/v3:Release"
_AUTONAMED = "pulumi.com/autonamed"
_MADE = "2026-01-01T00:00:00Z"
_PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "IngressClass": "ingressclasses"}


def _true(config: Properties, key: str) -> bool:
    return plain(config.get(key)) in (True, "true")


def _metadata(inputs: Properties) -> Properties:
    metadata = inputs.get("metadata")
    if isinstance(metadata, Secret):
        metadata = metadata.value
    return metadata if isinstance(metadata, dict) else {}


def _resource(kind: str, api_version: str) -> str:
    plural = _PLURALS.get(kind) or f"{kind.lower()}{'es' if kind.endswith('ss') else 's'}"
    group = api_version.rpartition("/")[0]
    return f"{plural}.{group}" if group else plural


class Kubernetes(Kept):
    """One configured provider: a cluster and a default namespace."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.version = shapes.installed_version("kubernetes")
        self._target: Target | None = None
        self._unknown = False
        self._namespace = "default"
        self._config: Properties = {}

    # -- configuration

    def configure(self, config: Properties) -> None:
        """The cluster from the kubeconfig; an unknown one (its cluster is still to be made) allows only a preview."""
        self._config = config
        given = plain(config.get("kubeconfig"))
        self._unknown = given is UNKNOWN
        namespace = plain(config.get("namespace"))
        self._namespace = namespace if isinstance(namespace, str) and namespace else "default"
        if isinstance(given, str) and given:
            self._target = target(given, self._text("context"), self._text("cluster"))

    def _text(self, key: str) -> str | None:
        value = plain(self._config.get(key))
        return value if isinstance(value, str) and value else None

    def config_difference(self, old: Properties, new: Properties) -> set[str]:
        """Another cluster replaces everything, unless `clusterIdentifier` says that it is still the same."""
        before, after = plain(old.get("clusterIdentifier")), plain(new.get("clusterIdentifier"))
        if before or after:
            return {"clusterIdentifier"} if before and after and before != after else set()
        try:
            servers = [
                target(str(plain(c.get("kubeconfig"))), plain(c.get("context")), plain(c.get("cluster"))).server
                for c in (old, new)
            ]
        except Refused:
            return set()
        return {"kubeconfig"} if servers[0] != servers[1] else set()

    def _cluster(self, doing: str) -> str:
        """The scope of this cluster, which has to exist."""
        if self._target is None:
            raise Refused(
                f"{doing}: configured Kubernetes cluster is unreachable: the provider has no kubeconfig"
                if not self._unknown
                else f"{doing}: configured Kubernetes cluster is unreachable: its kubeconfig is not known yet"
            )
        for part in self._target.server.split("."):
            refuse_lost(part, doing)
        if not self.cloud.exists(self._target.server):
            raise Refused(
                f"{doing}: configured Kubernetes cluster is unreachable: no cluster answers at {self._target.server} "
                f"({self._target.name})"
            )
        return self._target.server

    # -- check and diff

    def _kind(self, token: str, inputs: Properties) -> str:
        kind = plain(inputs.get("kind"))
        return kind if isinstance(kind, str) else token.rsplit(":", 1)[-1].removesuffix("Patch").removesuffix("List")

    def check(
        self, urn: str, token: str, old: Properties, new: Properties, name: Autoname
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """A name where none was given, marked as the real provider marks it."""
        self.recognise(urn, token, old)
        if token == _RELEASE:
            return self._check_release(urn, old, new, name)
        if not token.startswith("kubernetes:") or token.split(":")[1].startswith(("yaml", "kustomize", "helm.sh/v4")):
            return new, [
                ("", f"{token}: the sandbox rehearses objects and Helm releases, not {token.rsplit(':', 1)[-1]}")
            ]
        kind = self._kind(token, new)
        inputs = objects.with_secret_data(kind, new)
        given = new.get("metadata")
        if given is UNKNOWN or (isinstance(given, Secret) and given.value is UNKNOWN):
            return inputs, []
        metadata = dict(_metadata(new))
        if token.endswith("Patch"):
            failures = [] if metadata.get("name") else [("metadata.name", "a Patch needs the name of what it patches")]
            return inputs, failures
        if not metadata.get("name") and not metadata.get("generateName"):
            before = _metadata(old)
            annotations = before.get("annotations")
            if before.get("name") and isinstance(annotations, dict) and annotations.get(_AUTONAMED) == "true":
                made: Any = before["name"]
            else:
                made = self.autoname(urn, token, name, self._target.server if self._target else "", 253)
            if made is None:
                return inputs, [("metadata.name", "auto-naming is disabled: give the object a name")]
            own = metadata.get("annotations")
            metadata["name"] = made if not isinstance(made, str) else made.lower()
            if own is not UNKNOWN:
                metadata["annotations"] = {**(plain(own) or {}), _AUTONAMED: "true"}
            inputs["metadata"] = metadata
        if not objects.is_cluster_wide(kind) and "namespace" not in metadata:
            metadata["namespace"] = self._namespace
            inputs["metadata"] = metadata
        return inputs, []

    def _check_release(
        self, urn: str, old: Properties, new: Properties, name: Autoname
    ) -> tuple[Properties, list[tuple[str, str]]]:
        inputs = dict(new)
        if not inputs.get("name"):
            inputs["name"] = old.get("name") or self.autoname(
                urn, _RELEASE, name, self._target.server if self._target else "", 53
            )
        inputs.setdefault("namespace", self._namespace)
        return inputs, [] if inputs.get("chart") else [("chart", "a release needs a chart")]

    def diff(
        self, urn: str, token: str, identity: str, old: Properties, state: Properties, new: Properties
    ) -> Difference:
        """Changed inputs, and which of them the API server does not let one change."""
        record = self.locate(token, identity, state)
        if record:
            self.known_by_engine(record)
        changed = changes(old, new)
        if token == _RELEASE:
            replacing = {path for path in changed if path in ("name", "namespace")}
            return Difference(changed, replacing, delete_first=bool(replacing))
        kind = self._kind(token, new)
        setting = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}.get(kind, "")
        patterns = (
            objects.replaces(kind, _true(self._config, setting)) if not token.endswith("Patch") else ("metadata.name",)
        )
        replacing = {path for path in changed if any(matches(path, pattern) for pattern in patterns)}
        before, after = _metadata(old), _metadata(new)
        autonamed = (plain(after.get("annotations")) or {}).get(_AUTONAMED) == "true"
        same = before.get("name") == after.get("name") and before.get("namespace") == after.get("namespace")
        return Difference(changed, replacing, delete_first=bool(replacing) and same and not autonamed)

    def autoname(self, urn: str, token: str, name: Autoname, place: str, longest: int) -> str | None:
        """As everywhere; a replaced auto-named object must not take its predecessor's name."""
        if name.proposed or name.disabled:
            return super().autoname(urn, token, name, place, longest)
        used = {
            str(plain(_metadata(record.inputs).get("name", record.inputs.get("name"))))
            for record in self.cloud.of_urn(urn, token)
            if not self.half_made(record)
        }
        stem = name.logical[: longest - 9].lower()
        attempt = 0
        while (proposal := f"{stem}-{digest(place, urn, str(attempt))[:8]}") in used:
            attempt += 1
        return proposal

    # -- objects

    def draft(self, urn: str, token: str, inputs: Properties, seed: str, previous: Record | None) -> Draft:
        """Refuse what the API server would refuse, then decide what it would answer."""
        logical = urn.split("::", 3)[3]
        if token == _RELEASE:
            return self._draft_release(inputs, seed, logical)
        kind = self._kind(token, inputs)
        api_version = str(plain(inputs.get("apiVersion") or "v1"))
        metadata = plain(_metadata(inputs))
        name = metadata.get("name") or f"{metadata.get('generateName', '')}{digest(seed)[:5]}"
        namespace = None if objects.is_cluster_wide(kind) else metadata.get("namespace") or self._namespace
        identity = f"{namespace}/{name}" if namespace else str(name)
        doing = f'resource "{identity}" was not successfully {"updated" if previous else "created"} by the Kubernetes API server'
        scope = self._cluster(doing)
        references = []
        if namespace and namespace not in objects.GIVEN_NAMESPACES:
            wanted = self._label(scope, "Namespace", None, namespace)
            if not self.cloud.exists(wanted):
                raise Refused(f'{doing}: namespaces "{namespace}" not found')
            references.append(("metadata.namespace", wanted))
        label = self._label(scope, kind, namespace, str(name))
        taken: dict[str, str] = {}
        if token.endswith("Patch"):
            label = f"{label}|patch by {urn}"
        elif not _true(self._config, "upsertExistingObjects"):
            taken[label] = f'{doing}: {_resource(kind, api_version)} "{name}" already exists'
        return Draft(
            scope=scope,
            token=token,
            id=identity,
            outputs=self._outputs(kind, inputs, str(name), namespace, seed, previous),
            identifiers=[label],
            references=references,
            taken=taken,
        )

    def _label(self, scope: str, kind: str, namespace: str | None, name: str) -> str:
        return f"kubernetes|{scope}|{kind}|{namespace or ''}|{name}"

    def _outputs(
        self, kind: str, inputs: Properties, name: str, namespace: str | None, seed: str, previous: Record | None
    ) -> Properties:
        generation = int(plain(previous.outputs.get("metadata") or {}).get("generation", 0)) + 1 if previous else 1
        uid = digest(seed, "uid")
        metadata = {
            **_metadata(inputs),
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "uid": f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:32]}",
            "resourceVersion": str(int(uid[32:38], 16) + generation),
            "creationTimestamp": _MADE,
            "generation": generation,
        }
        outputs = {**inputs, "metadata": metadata}
        spec = plain(inputs.get("spec"))
        region = self._target.server.split(".")[2] if self._target and self._target.server.count(".") > 3 else ""
        state = objects.status(kind, spec, seed, region)
        if state is not None:
            outputs["status"] = state
        if (
            kind == "Service"
            and isinstance(spec, dict)
            and not spec.get("clusterIP")
            and spec.get("type") != "ExternalName"
        ):
            address = objects.address(seed)
            outputs["spec"] = {
                **spec,
                "clusterIP": address,
                "clusterIPs": [address],
                "type": spec.get("type", "ClusterIP"),
            }
        return objects.with_secret_data(kind, outputs)

    def _draft_release(self, inputs: Properties, seed: str, logical: str) -> Draft:
        given = plain(inputs)
        name, namespace = str(given["name"]), str(given.get("namespace") or self._namespace)
        doing = f'Helm release "{namespace}/{name}" was not created'
        scope = self._cluster(doing)
        wanted = self._label(scope, "Namespace", None, namespace)
        references, identifiers = [], []
        if given.get("createNamespace") is True:
            identifiers.append(wanted)
        elif namespace not in objects.GIVEN_NAMESPACES:
            if not self.cloud.exists(wanted):
                raise Refused(f'{doing}: create: failed to create: namespaces "{namespace}" not found')
            references.append(("namespace", wanted))
        label = self._label(scope, "Release", namespace, name)
        return Draft(
            scope=scope,
            token=_RELEASE,
            id=f"{namespace}/{name}",
            outputs={
                **inputs,
                "resourceNames": {},
                "status": {
                    "name": name,
                    "namespace": namespace,
                    "revision": 1,
                    "status": "deployed",
                    "chart": str(given.get("chart")),
                    "version": str(given.get("version") or ""),
                    "appVersion": str(given.get("version") or ""),
                },
            },
            identifiers=[label, *identifiers],
            references=references,
            taken={label: f"{doing}: cannot re-use a name that is still in use"},
        )

    def preview_outputs(self, urn: str, token: str, inputs: Properties, state: Properties | None) -> Properties:
        """What was sent, with the parts that only the server fills in unknown."""
        if state is not None:
            kept = {"status": state["status"]} if "status" in state else {}
            return (
                {**kept, **inputs, "metadata": {**_metadata(state), **_metadata(inputs)}}
                if "metadata" in inputs
                else {**kept, **inputs}
            )
        return {**inputs, "status": UNKNOWN}

    # -- lookup and removal

    def locate(self, token: str, identity: str, state: Properties) -> Record | None:
        """The object behind `namespace/name`."""
        return self.cloud.find(self._target.server, token, identity) if self._target else None

    def delete(self, urn: str, token: str, identity: str, state: Properties) -> None:
        """Unmake it; a cluster that is gone cannot be asked, unless the provider was told not to mind."""
        doing = f'resource "{identity}" was not successfully deleted by the Kubernetes API server'
        try:
            self._cluster(doing)
        except Refused:
            if _true(self._config, "deleteUnreachable"):
                return
            raise
        super().delete(urn, token, identity, state)

    def refuse_delete(self, record: Record) -> None:
        """The API server lets go of everything; finalizers are not rehearsed."""

    def after_delete(self, record: Record) -> dict[str, str]:
        """A namespace takes with it what is in it."""
        if record.token == "kubernetes:core/v1:Namespace":
            for thing in self.cloud.under(record.scope, "kubernetes:%"):
                if thing.seq != record.seq and thing.id.startswith(f"{record.id}/"):
                    self.cloud.remove(thing)
        return {}

    def doing(self, verb: str, token: str, subject: str) -> str:
        """`creating apps/v1:Deployment (name)`."""
        return f"{verb} {token.removeprefix('kubernetes:')} ({subject})"

    def invoke(self, token: str, args: Properties) -> Properties:
        """The provider's functions render manifests and charts, which needs the real one."""
        raise Refused(f"{token}: the sandbox renders no charts and manifests; use objects or a Helm release")
