"""What a node is told when it starts: how many pods it may hold. Merged by EKS into its own start data."""

import base64

from odoo_estate.plan import NodePoolPlan

_NODEADM = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: {max_pods}
--//--
"""

_BOTTLEROCKET = """\
[settings.kubernetes]
max-pods = {max_pods}
"""


def is_bottlerocket(plan: NodePoolPlan) -> bool:
    """Whether the pool's AMI type is one of Bottlerocket's."""
    return plan.ami_type.startswith("BOTTLEROCKET")


def user_data(plan: NodePoolPlan) -> str:
    """Base64 text for the launch template."""
    text = (_BOTTLEROCKET if is_bottlerocket(plan) else _NODEADM).format(max_pods=plan.max_pods)
    return base64.b64encode(text.encode()).decode()
