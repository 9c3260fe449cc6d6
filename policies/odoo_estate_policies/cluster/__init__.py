"""Rules about the Kubernetes cluster."""
