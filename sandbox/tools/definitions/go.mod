module odoo-estate.dev/sandbox/tools/definitions

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.1.0
	github.com/cert-manager/cert-manager v1.21.2
	github.com/external-secrets/external-secrets v1.3.2
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	github.com/traefik/traefik/v3 v3.7.11
)
