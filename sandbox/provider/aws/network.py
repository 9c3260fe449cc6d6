"""EC2 networking, load balancing, compute templates. Forced replacements: Terraform AWS provider schemas, read 2026-11."""

from __future__ import annotations

from sandbox.provider.aws.kind import Kind, protected
from sandbox.provider.aws.place import Minted

_ENI_USERS = (
    "aws:ec2/instance:Instance",
    "aws:ec2/networkInterface:NetworkInterface",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:eks/cluster:Cluster",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:alb/loadBalancer:LoadBalancer",
    "aws:efs/mountTarget:MountTarget",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:rds/proxy:Proxy",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:elasticache/cluster:Cluster",
    "aws:lambda/function:Function",
)
_SUBNET_USERS = (
    *_ENI_USERS,
    "aws:ec2/natGateway:NatGateway",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:autoscaling/group:Group",
)


def _next_version(minted: Minted) -> int:
    return int(minted.get("version", 0)) + 1


def _address(minted: Minted) -> str:
    octets = [int(minted["hex8_address"][i : i + 2], 16) for i in (0, 2, 4)]
    return f"52.{octets[0]}.{octets[1]}.{max(octets[2], 1)}"


def _dns_entries(minted: Minted) -> list[dict[str, str]]:
    if minted.inputs.get("vpcEndpointType") != "Interface":
        return []
    service = str(minted.inputs.get("serviceName", "")).rsplit(".", 1)[-1]
    host = minted.fill("{id}-{base8_dns}." + service + ".{region}.vpce.{dns}")
    return [{"dnsName": host, "hostedZoneId": minted.fill("Z{upper20_zone}")}]


KINDS: dict[str, Kind] = {
    "aws:ec2/vpc:Vpc": Kind(
        "EC2:Vpc", "vpc-{hex17}", "vpc/{id}", name=None,
        replaces=("cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"),
        outputs={
            "ownerId": "{account}", "mainRouteTableId": "rtb-{hex17_main}", "defaultRouteTableId": "rtb-{hex17_main}",
            "defaultNetworkAclId": "acl-{hex17_default}", "defaultSecurityGroupId": "sg-{hex17_default}",
            "dhcpOptionsId": "dopt-{hex17_default}", "instanceTenancy": "default", "enableDnsSupport": True,
        },
        held_by=(
            "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/internetGateway:InternetGateway",
            "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment", "aws:ec2/routeTable:RouteTable",
            "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/natGateway:NatGateway",
            "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
            "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
        ),
        held="DependencyViolation: The vpc '{id}' has dependencies and cannot be deleted.",
    ),
    "aws:ec2/subnet:Subnet": Kind(
        "EC2:Subnet", "subnet-{hex17}", "subnet/{id}", name=None,
        replaces=("vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6Native", "outpostArn"),
        outputs={"ownerId": "{account}", "availabilityZoneId": "az{digits1_az}"},
        unique="{in[vpcId]}/{in[cidrBlock]}",
        taken="InvalidSubnet.Conflict: The CIDR '{in[cidrBlock]}' conflicts with another subnet",
        held_by=_SUBNET_USERS,
        held="DependencyViolation: The subnet '{id}' has dependencies and cannot be deleted.",
    ),
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        "EC2:SecurityGroup", "sg-{hex17}", "security-group/{id}", longest=255,
        replaces=("name", "namePrefix", "description", "vpcId"), outputs={"ownerId": "{account}"},
        unique="{in[vpcId]}/{name}",
        taken="InvalidGroup.Duplicate: The security group '{name}' already exists for VPC '{in[vpcId]}'",
        held_by=(
            *_ENI_USERS, "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/securityGroupRule:SecurityGroupRule",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        ),
        held="DependencyViolation: resource {id} has a dependent object",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Kind(
        "EC2:SecurityGroup", "sg-{hex17}", "security-group/{id}", name=None,
        replaces=("vpcId",), outputs={"ownerId": "{account}", "name": "default"},
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": Kind(
        "EC2:SecurityGroupRule", "sgrule-{digits10}", name=None,
        replaces=(
            "type", "fromPort", "toPort", "protocol", "securityGroupId", "cidrBlocks", "sourceSecurityGroupId",
            "ipv6CidrBlocks", "self", "prefixListIds",
        ),
        outputs={"securityGroupRuleId": "sgr-{hex17}"},
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Kind(
        "EC2:SecurityGroupIngressRule", "sgr-{hex17}", "security-group-rule/{id}", name=None,
        replaces=("securityGroupId",), outputs={"securityGroupRuleId": "{id}"},
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Kind(
        "EC2:SecurityGroupEgressRule", "sgr-{hex17}", "security-group-rule/{id}", name=None,
        replaces=("securityGroupId",), outputs={"securityGroupRuleId": "{id}"},
    ),
    "aws:ec2/internetGateway:InternetGateway": Kind(
        "EC2:InternetGateway", "igw-{hex17}", "internet-gateway/{id}", name=None, outputs={"ownerId": "{account}"},
    ),
    "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment": Kind(
        "EC2:InternetGateway", "{in[internetGatewayId]}:{in[vpcId]}", name=None, replaces=("internetGatewayId", "vpcId"),
    ),
    "aws:ec2/eip:Eip": Kind(
        "EC2:Address", "eipalloc-{hex17}", "elastic-ip/{id}", name=None, replaces=("domain", "publicIpv4Pool"),
        outputs={
            "allocationId": "{id}", "publicIp": _address, "domain": "vpc",
            "publicDns": lambda m: m.fill("ec2-" + _address(m).replace(".", "-") + ".{region}.compute.{dns}"),
        },
        held_by=("aws:ec2/natGateway:NatGateway",),
        held="AuthFailure: You do not have permission to access the specified resource: {id} is in use.",
    ),
    "aws:ec2/natGateway:NatGateway": Kind(
        "EC2:NatGateway", "nat-{hex17}", name=None,
        replaces=("subnetId", "allocationId", "connectivityType", "privateIp", "availabilityMode", "vpcId"),
        outputs={"publicIp": _address, "privateIp": "10.0.0.{digits2}", "networkInterfaceId": "eni-{hex17_eni}"},
        held_by=("aws:ec2/route:Route",),
        held="",
    ),
    "aws:ec2/routeTable:RouteTable": Kind(
        "EC2:RouteTable", "rtb-{hex17}", "route-table/{id}", name=None, replaces=("vpcId",),
        outputs={"ownerId": "{account}"},
        held_by=("aws:ec2/routeTableAssociation:RouteTableAssociation",),
        held="DependencyViolation: The routeTable '{id}' has dependencies and cannot be deleted.",
    ),
    "aws:ec2/route:Route": Kind(
        "EC2:Route", "r-{in[routeTableId]}{digits10}", name=None,
        replaces=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
        outputs={"origin": "CreateRoute", "state": "active"},
        unique="{in[routeTableId]}/{in[destinationCidrBlock]}{in[destinationIpv6CidrBlock]}{in[destinationPrefixListId]}",
        taken="RouteAlreadyExists: The route identified by {in[destinationCidrBlock]} already exists.",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Kind(
        "EC2:RouteTableAssociation", "rtbassoc-{hex17}", name=None, replaces=("subnetId", "gatewayId"),
        unique="{in[subnetId]}{in[gatewayId]}",
        taken="Resource.AlreadyAssociated: the specified association for subnet {in[subnetId]} conflicts with an existing one",
    ),
    "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation": Kind("EC2:RouteTable", "rtbassoc-{hex17}", name=None),
    "aws:ec2/networkAcl:NetworkAcl": Kind(
        "EC2:NetworkAcl", "acl-{hex17}", "network-acl/{id}", name=None, replaces=("vpcId",),
        outputs={"ownerId": "{account}"},
    ),
    "aws:ec2/networkAclRule:NetworkAclRule": Kind(
        "EC2:NetworkAclEntry", "nacl-{digits10}", name=None,
        replaces=(
            "networkAclId", "ruleNumber", "egress", "protocol", "ruleAction", "cidrBlock", "ipv6CidrBlock", "fromPort", "toPort",
            "icmpType", "icmpCode",
        ),
        unique="{in[networkAclId]}/{in[egress]}/{in[ruleNumber]}",
        taken="NetworkAclEntryAlreadyExists: The network acl entry identified by {in[ruleNumber]} already exists.",
    ),
    "aws:ec2/networkAclAssociation:NetworkAclAssociation": Kind(
        "EC2:NetworkAclAssociation", "aclassoc-{hex17}", name=None, replaces=("networkAclId", "subnetId"), unique="{in[subnetId]}",
        taken="Resource.AlreadyAssociated: subnet {in[subnetId]} has a network ACL already",
    ),
    "aws:ec2/subnetCidrReservation:SubnetCidrReservation": Kind(
        "EC2:SubnetCidrReservation", "scr-{hex17}", name=None, replaces=("cidrBlock", "description", "reservationType", "subnetId"),
        outputs={"ownerId": "{account}"}, unique="{in[subnetId]}/{in[cidrBlock]}",
        taken="InvalidSubnetCidrReservation.Overlap: The CIDR '{in[cidrBlock]}' overlaps with another reservation",
    ),
    "aws:ec2/tag:Tag": Kind("EC2:Tags", "{in[resourceId]},{in[key]}", name=None, replaces=("key", "resourceId")),
    "aws:ec2/customerGateway:CustomerGateway": Kind(
        "EC2:CustomerGateway", "cgw-{hex17}", "customer-gateway/{id}", name=None,
        replaces=("bgpAsn", "bgpAsnExtended", "certificateArn", "deviceName", "ipAddress", "type"),
        held_by=("aws:ec2/vpnConnection:VpnConnection",),
        held="IncorrectState: The customer gateway '{id}' is in use.",
    ),
    "aws:ec2/vpnGateway:VpnGateway": Kind(
        "EC2:VpnGateway", "vgw-{hex17}", "vpn-gateway/{id}", name=None, replaces=("amazonSideAsn", "availabilityZone"),
        unique="{in[vpcId]}", taken="VpnGatewayLimitExceeded: The VPC {in[vpcId]} has a VPN gateway already.",
        held_by=("aws:ec2/vpnConnection:VpnConnection",),
        held="IncorrectState: The vpnGateway ID '{id}' is in use.",
    ),
    "aws:ec2/vpnConnection:VpnConnection": Kind(
        "EC2:VpnConnection", "vpn-{hex17}", "vpn-connection/{id}", name=None,
        replaces=(
            "enableAcceleration", "presharedKeyStorage", "staticRoutesOnly", "tunnelBandwidth", "tunnelInsideIpVersion", "type",
            "vpnConcentratorId",
        ),
        outputs={"tunnel1Address": _address, "tunnel2Address": _address},
        held_by=("aws:ec2/vpnConnectionRoute:VpnConnectionRoute",),
        held="",
    ),
    "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": Kind(
        "EC2:VpnConnectionRoute", "{in[destinationCidrBlock]}:{in[vpnConnectionId]}", name=None,
        replaces=("destinationCidrBlock", "vpnConnectionId"),
    ),
    "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation": Kind(
        "EC2:VgwRoutePropagation", "{in[vpnGatewayId]}_{in[routeTableId]}", name=None, replaces=("routeTableId", "vpnGatewayId"),
    ),
    "aws:ec2/vpcEndpointService:VpcEndpointService": Kind(
        "EC2:VpcEndpointServiceConfiguration", "vpce-svc-{hex17}", "vpc-endpoint-service/{id}", name=None,
        outputs={
            "serviceName": "com.amazonaws.vpce.{region}.vpce-svc-{hex17}", "serviceType": "Interface", "state": "Available",
            "managesVpcEndpoints": False,
        },
    ),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": Kind(
        "EC2:VpcEndpointServicePermissions", "vpce-svc-perm-{hex17}", name=None,
        replaces=("principalArn", "vpcEndpointServiceId"),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Kind(
        "EC2:VpcEndpoint", "vpce-{hex17}", "vpc-endpoint/{id}", name=None,
        replaces=("vpcId", "serviceName", "vpcEndpointType", "serviceRegion"),
        outputs={
            "ownerId": "{account}", "state": "available", "prefixListId": "pl-{hex8}", "dnsEntries": _dns_entries,
            "requesterManaged": False, "networkInterfaceIds": [], "cidrBlocks": [],
        },
    ),
    "aws:ec2/flowLog:FlowLog": Kind(
        "EC2:FlowLogs", "fl-{hex17}", "vpc-flow-log/{id}", name=None,
        replaces=(
            "vpcId", "subnetId", "eniId", "trafficType", "logDestination", "logDestinationType", "logFormat",
            "iamRoleArn", "maxAggregationInterval", "destinationOptions", "deliverCrossAccountRole",
        ),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Kind(
        "EC2:LaunchTemplate", "lt-{hex17}", "launch-template/{id}", longest=128, replaces=("name", "namePrefix"),
        outputs={"latestVersion": _next_version, "defaultVersion": 1},
        unique="{name}",
        taken="InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use.",
    ),
    "aws:ec2/instance:Instance": Kind(
        "EC2:Instance", "i-{hex17}", "instance/{id}", name=None,
        replaces=("ami", "subnetId", "availabilityZone", "keyName", "privateIp", "userDataBase64"),
        outputs={"privateIp": "10.0.1.{digits2}", "instanceState": "running"},
        guard=protected("disableApiTermination", "OperationNotPermitted: The instance '{id}' may not be terminated."),
    ),
    "aws:ec2/keyPair:KeyPair": Kind(
        "EC2:KeyPair", "{name}", "key-pair/{name}", name="keyName", outputs={"keyPairId": "key-{hex17}"},
        unique="{name}", taken="InvalidKeyPair.Duplicate: The keypair already exists", replaces=("keyName", "publicKey"),
    ),
    "aws:ec2/placementGroup:PlacementGroup": Kind(
        "EC2:PlacementGroup", "{name}", "placement-group/{name}", unique="{name}",
        taken="InvalidPlacementGroup.Duplicate: Placement Group '{name}' already exists",
    ),
    "aws:ec2/managedPrefixList:ManagedPrefixList": Kind("EC2:ManagedPrefixList", "pl-{hex17}", "prefix-list/{id}"),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": Kind(
        "EC2:VpcPeeringConnection", "pcx-{hex17}", "vpc-peering-connection/{id}", name=None,
        replaces=("vpcId", "peerVpcId", "peerOwnerId", "peerRegion"),
    ),
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": Kind("EC2:DhcpOptions", "dopt-{hex17}", "dhcp-options/{id}", name=None),
    "aws:ec2/networkInterface:NetworkInterface": Kind("EC2:NetworkInterface", "eni-{hex17}", "network-interface/{id}", name=None),
    "aws:ebs/volume:Volume": Kind(
        "EC2:Volume", "vol-{hex17}", "volume/{id}", name=None,
        replaces=("availabilityZone", "encrypted", "kmsKeyId", "snapshotId"),
    ),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": Kind("EC2:EbsEncryptionByDefault", "{region}", name=None),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": Kind("EC2:EbsDefaultKmsKeyId", "{in[keyArn]}", name=None),
    "aws:autoscaling/group:Group": Kind(
        "Auto Scaling:AutoScalingGroup", "{name}", "autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
        replaces=("name", "namePrefix"), unique="{name}",
        taken="AlreadyExists: AutoScalingGroup by this name already exists - A group with the name {name} already exists",
    ),
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": Kind(
        "Route 53 Resolver:FirewallDomainList", "rslvr-fdl-{hex17}", "arn:{partition}:route53resolver:{region}:{account}:firewall-domain-list/{id}",
        longest=64, replaces=("name",),
        held_by=("aws:route53/resolverFirewallRule:ResolverFirewallRule",),
        held="ConflictException: [RSLVR-02108] The domain list '{id}' is in use by a rule group.",
    ),
    "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": Kind(
        "Route 53 Resolver:FirewallRuleGroup", "rslvr-frg-{hex17}", "arn:{partition}:route53resolver:{region}:{account}:firewall-rule-group/{id}",
        longest=64, replaces=("name",), outputs={"ownerId": "{account}", "shareStatus": "NOT_SHARED"},
        held_by=("aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",),
        held="ConflictException: [RSLVR-02110] The rule group '{id}' is associated with a VPC.",
    ),
    "aws:route53/resolverFirewallRule:ResolverFirewallRule": Kind(
        "Route 53 Resolver:FirewallRule", "{in[firewallRuleGroupId]}:{in[firewallDomainListId]}", name=None,
        replaces=("confidenceThreshold", "dnsThreatProtection", "firewallRuleGroupId", "firewallDomainListId", "qType"),
        unique="{in[firewallRuleGroupId]}/{in[priority]}",
        taken="ConflictException: [RSLVR-02072] A rule with priority {in[priority]} exists in the rule group.",
    ),
    "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": Kind(
        "Route 53 Resolver:FirewallRuleGroupAssociation", "rslvr-frgassoc-{hex17}",
        "arn:{partition}:route53resolver:{region}:{account}:firewall-rule-group-association/{id}", longest=64,
        replaces=("firewallRuleGroupId", "vpcId"), unique="{in[vpcId]}/{in[priority]}",
        taken="ConflictException: [RSLVR-02113] Another rule group of the VPC has priority {in[priority]}.",
    ),
    "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": Kind(
        "Route 53 Resolver:ResolverQueryLogConfig", "rqlc-{hex17}",
        "arn:{partition}:route53resolver:{region}:{account}:resolver-query-log-config/{id}", longest=64,
        replaces=("name", "destinationArn"), outputs={"ownerId": "{account}", "shareStatus": "NOT_SHARED"},
        held_by=("aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",),
        held="InvalidRequestException: [RSLVR-01302] The configuration '{id}' is associated with a VPC.",
    ),
    "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation": Kind(
        "Route 53 Resolver:ResolverQueryLogConfig", "rqlca-{hex17}", name=None, replaces=("resolverQueryLogConfigId", "resourceId"),
        unique="{in[resourceId]}/{in[resolverQueryLogConfigId]}",
        taken="ResourceExistsException: [RSLVR-01306] The VPC is associated with the configuration already.",
    ),
    "aws:lb/loadBalancer:LoadBalancer": Kind(
        "Elastic Load Balancing v2:LoadBalancer", "{arn}",
        "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{balancer}/{name}/{hex16}", longest=32,
        replaces=("name", "internal", "loadBalancerType"),
        outputs={
            "dnsName": "{name}-{hex16}.elb.{region}.{dns}", "zoneId": "Z{upper13_zone}",
            "arnSuffix": "{balancer}/{name}/{hex16}",
        },
        unique="{name}", taken="DuplicateLoadBalancerName: A load balancer with the name '{name}' already exists",
        guard=protected(
            "enableDeletionProtection",
            "OperationNotPermitted: Load balancer '{id}' cannot be deleted because deletion protection is enabled",
        ),
    ),
    "aws:lb/targetGroup:TargetGroup": Kind(
        "Elastic Load Balancing v2:TargetGroup", "{arn}",
        "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex16}", longest=32,
        replaces=("name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"),
        outputs={"arnSuffix": "targetgroup/{name}/{hex16}"},
        unique="{name}", taken="DuplicateTargetGroupName: A target group with the same name '{name}' exists",
        held_by=("aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"),
        held="ResourceInUse: Target group '{id}' is currently in use by a listener or a rule",
    ),
    "aws:lb/listener:Listener": Kind(
        "Elastic Load Balancing v2:Listener", "{arn}",
        "arn:{partition}:elasticloadbalancing:{region}:{account}:listener/{balancer}/{hex8}/{hex16}/{hex16_listener}",
        name=None, replaces=("loadBalancerArn",),
    ),
    "aws:lb/listenerRule:ListenerRule": Kind(
        "Elastic Load Balancing v2:Rule", "{arn}",
        "arn:{partition}:elasticloadbalancing:{region}:{account}:listener-rule/app/{hex8}/{hex16}/{hex16_listener}/{hex16_rule}",
        name=None, replaces=("listenerArn",),
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Kind(
        "Elastic Load Balancing v2:ListenerCertificates", "{in[listenerArn]}_{in[certificateArn]}", name=None,
        replaces=("listenerArn", "certificateArn"),
    ),
}  # fmt: skip
