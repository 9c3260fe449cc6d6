"""The programs of the control plane, and of what is proved beside it, each from the `go.mod` in its folder under `tools/`."""

from __future__ import annotations

from pathlib import Path

from sandbox.go_build import GoBuild

TOOLS = Path(__file__).resolve().parent.parent / "tools"
_VERSION = "v1.36.3"
_COMPONENT = "k8s.io/component-base/version"
_OTHERWISE = "use a machine that has its cached build"

KUBERNETES = GoBuild(
    name="kubernetes",
    folder=TOOLS / "kubernetes",
    packages={
        program: f"k8s.io/kubernetes/cmd/{program}"
        for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    },
    minutes="seven minutes",
    otherwise=_OTHERWISE,
    link=f"-X {_COMPONENT}.gitVersion={_VERSION} -X {_COMPONENT}.gitMajor=1 -X {_COMPONENT}.gitMinor=36",
)
ETCD = GoBuild(
    name="etcd",
    folder=TOOLS / "etcd",
    packages={"etcd": "go.etcd.io/etcd/server/v3"},
    minutes="a minute",
    otherwise=_OTHERWISE,
)
KWOK = GoBuild(
    name="kwok",
    folder=TOOLS / "kwok",
    packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    files={
        name: ("sigs.k8s.io/kwok", f"kustomize/stage/{path}")
        for name, path in {
            "node-initialize.yaml": "node/fast/node-initialize.yaml",
            "node-heartbeat-with-lease.yaml": "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
            "pod-ready.yaml": "pod/fast/pod-ready.yaml",
            "pod-complete.yaml": "pod/fast/pod-complete.yaml",
            "pod-delete.yaml": "pod/fast/pod-delete.yaml",
        }.items()
    },
    minutes="a minute",
    otherwise=_OTHERWISE,
)
DEFINITIONS = GoBuild(
    name="definitions",
    folder=TOOLS / "definitions",
    packages={},
    files={
        "traefik.yaml": (
            "github.com/traefik/traefik/v3",
            "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
        ),
        "external-secrets.yaml": ("github.com/external-secrets/external-secrets", "deploy/crds/bundle.yaml"),
        "cert-manager": ("github.com/cert-manager/cert-manager", "deploy/crds"),
        "monitoring": ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd"),
        "argo-cd": ("github.com/argoproj/argo-cd/v3", "manifests/crds"),
        "flux": ("github.com/fluxcd/kustomize-controller", "config/crd/bases"),
        "keda": ("github.com/kedacore/keda/v2", "config/crd/bases"),
    },
    minutes="a minute",
    otherwise=_OTHERWISE,
)
CONTROL_PLANE = (ETCD, KUBERNETES, KWOK, DEFINITIONS)
# The chart's version. Replaced as in Traefik's own go.mod, but for an earlier go-http-auth (basic authentication, which nothing here uses), because
# the module proxy has not its latest commit; `extensions` stands for a module that exists only inside Traefik's repository.
TRAEFIK = GoBuild(
    name="traefik",
    folder=TOOLS / "traefik",
    packages={"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
    minutes="six minutes",
    otherwise=_OTHERWISE,
)
PROMTOOL = GoBuild(
    name="promtool",
    folder=TOOLS / "promtool",
    packages={"promtool": "github.com/prometheus/prometheus/cmd/promtool"},
    minutes="three minutes",
    otherwise=_OTHERWISE,
)
FOR_TESTS = (*CONTROL_PLANE, TRAEFIK, PROMTOOL)
