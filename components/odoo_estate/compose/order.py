"""What must be there before what, and is destroyed after it."""

import pulumi


def after(options: pulumi.ResourceOptions, *earlier: pulumi.Resource) -> pulumi.ResourceOptions:
    """``options`` for something that is made once ``earlier`` (with all of its children) is there, and destroyed before it."""
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(earlier)))
