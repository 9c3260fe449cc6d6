"""A real Kubernetes control plane on loopback: API server, controllers and scheduler are Kubernetes' own, only nodes and containers are played."""
