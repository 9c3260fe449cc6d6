"""Kubernetes components: what every workload of the estate stands in, whatever it runs."""
