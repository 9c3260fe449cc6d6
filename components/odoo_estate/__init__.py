"""Service contracts in YAML become placed, sized, priced and policy-checked Odoo estates on AWS and Kubernetes."""
