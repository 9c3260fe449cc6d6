// The Terraform AWS provider behind Pulumi's bridge: what the official pulumi-resource-aws is made of, for the types in types.json.
//
//	schema --out FOLDER   writes schema.json and bridge-metadata.json, once per build
//	ADDRESS               serves; takes those two from the folder that ODOO_ESTATE_AWS_SCHEMA names
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	pfgen "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Terraform's names of types and the SDK's tokens for them. Everything else the provider can do is left out.
//
//go:embed types.json
var types []byte

type fields = map[string]*tfbridge.SchemaInfo

// Where the SDK names a property, or makes up a name, otherwise than the bridge would.
var overlays = map[string]fields{
	"aws_backup_restore_testing_plan": {"name": tfbridge.AutoName("name", 255, "_")},
	"aws_cloudwatch_event_rule":       {"name": tfbridge.AutoName("name", 64, "-")},
	"aws_cloudwatch_event_target":     {"target_id": tfbridge.AutoName("targetId", 255, "-")},
	"aws_cloudwatch_metric_alarm":     {"alarm_name": tfbridge.AutoName("name", 255, "-")},
	"aws_dynamodb_table": {
		"global_secondary_index": {Name: "globalSecondaryIndexes"},
		"local_secondary_index":  {Name: "localSecondaryIndexes"},
	},
	"aws_elasticache_replication_group": {
		"replication_group_id":       tfbridge.AutoName("replicationGroupId", 40, "-"),
		"at_rest_encryption_enabled": {Type: "boolean"},
		"auto_minor_version_upgrade": {Type: "boolean"},
	},
	"aws_lambda_function": {"function_name": tfbridge.AutoName("name", 64, "-")},
	"aws_lb_target_group": {"deregistration_delay": {Type: "integer"}},
	"aws_route53_record": {
		"alias":                      {Name: "aliases", MaxItemsOne: tfbridge.False()},
		"failover_routing_policy":    {Name: "failoverRoutingPolicies", MaxItemsOne: tfbridge.False()},
		"geolocation_routing_policy": {Name: "geolocationRoutingPolicies", MaxItemsOne: tfbridge.False()},
		"latency_routing_policy":     {Name: "latencyRoutingPolicies", MaxItemsOne: tfbridge.False()},
		"weighted_routing_policy":    {Name: "weightedRoutingPolicies", MaxItemsOne: tfbridge.False()},
	},
	"aws_sns_topic_subscription": {"topic_arn": {Name: "topic", Type: "string"}},
}

// What a resource's id is made of, joined by the first, where Terraform's resource has none.
var ids = map[string][]string{
	"aws_backup_restore_testing_plan":           {"", "name"},
	"aws_backup_restore_testing_selection":      {":", "name", "restoreTestingPlanName"},
	"aws_ecr_account_setting":                   {"", "name"},
	"aws_iam_role_policies_exclusive":           {"", "roleName"},
	"aws_iam_role_policy_attachments_exclusive": {"", "roleName"},
	"aws_inspector2_filter":                     {"", "arn"},
	"aws_nat_gateway_eip_association":           {",", "natGatewayId", "allocationId"},
	"aws_rds_instance_state":                    {"", "identifier"},
	"aws_route53_records_exclusive":             {"", "zoneId"},
	"aws_vpc_endpoint_private_dns":              {"", "vpcEndpointId"},
	"aws_wafv2_web_acl_rule_group_association":  {",", "webAclArn", "ruleGroupArn", "ruleName"},
}

func main() {
	ctx := context.Background()
	framework, sdk, err := xpprovider.GetProvider(ctx)
	must(err)
	info := tfbridge.ProviderInfo{
		P:              pf.MuxShimWithPF(ctx, shimv2.NewProvider(sdk), framework),
		Name:           "aws",
		Version:        "7.0.0",
		ResourcePrefix: "aws",
		Resources:      resources(),
		MetadataInfo:   tfbridge.NewProviderMetadata(nil),
		// As in the official provider: the settings are validated by the other half.
		SkipValidateProviderConfigForPluginFramework: true,
		EnableZeroDefaultSchemaVersion:               true,
	}
	leaveOut(&info)
	info.SetAutonaming(255, "-")
	if len(os.Args) > 1 && os.Args[1] == "schema" {
		pfgen.MainWithMuxer("aws", info)
		return
	}
	info.MetadataInfo = tfbridge.NewProviderMetadata(made("bridge-metadata.json"))
	beforeCheck(info)
	pf.MainWithMuxer(ctx, "aws", info, made("schema.json"))
}

func resources() map[string]*tfbridge.ResourceInfo {
	known := map[string]string{}
	must(json.Unmarshal(types, &known))
	found := map[string]*tfbridge.ResourceInfo{}
	for name, token := range known {
		one := &tfbridge.ResourceInfo{Tok: tokens.Type(token), Fields: overlays[name]}
		if parts, ok := ids[name]; ok {
			one.ComputeID = joined(parts[0], parts[1:])
		}
		found[name] = one
	}
	return found
}

func joined(by string, keys []string) tfbridge.ComputeID {
	return func(_ context.Context, state resource.PropertyMap) (resource.ID, error) {
		values := []string{}
		for _, key := range keys {
			values = append(values, state[resource.PropertyKey(key)].StringValue())
		}
		return resource.ID(strings.Join(values, by)), nil
	}
}

// Data sources and functions, which no program of ours calls, and types that nothing maps.
func leaveOut(info *tfbridge.ProviderInfo) {
	ignore := func(name string, _ shim.Resource) bool {
		if _, wanted := info.Resources[name]; !wanted {
			info.IgnoreMappings = append(info.IgnoreMappings, name)
		}
		return true
	}
	info.P.ResourcesMap().Range(ignore)
	// By name alone: a resource of the same name is mapped all the same, because it is listed.
	info.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		info.IgnoreMappings = append(info.IgnoreMappings, name)
		return true
	})
	info.IgnoreMappings = append(info.IgnoreMappings, "arn_build", "arn_parse", "trim_iam_role_path", "user_agent")
}

// The official provider puts the provider's default tags and region into what is checked, so that policies see them.
func beforeCheck(info tfbridge.ProviderInfo) {
	for name, one := range info.Resources {
		schema := info.P.ResourcesMap().Get(name).Schema()
		tags, taggable := schema.GetOk("tags_all")
		into := resource.PropertyKey("tagsAll")
		if taggable && !tags.Optional() { // read-only in resources of the newer framework, where the official provider is patched
			into = "tags"
		}
		region, regional := schema.GetOk("region")
		regional = regional && region.Deprecated() == ""
		one.PreCheckCallback = func(_ context.Context, inputs, provider resource.PropertyMap) (resource.PropertyMap, error) {
			inputs = inputs.Copy()
			if taggable {
				inputs[into] = union(provider, inputs["tags"])
			}
			if _, given := inputs["region"]; regional && !given && provider.HasValue("region") {
				inputs["region"] = provider["region"]
			}
			return inputs, nil
		}
	}
}

func union(provider resource.PropertyMap, tags resource.PropertyValue) resource.PropertyValue {
	defaults := provider["defaultTags"]
	if defaults.ContainsUnknowns() || tags.ContainsUnknowns() {
		return resource.MakeComputed(resource.NewStringProperty(""))
	}
	found := resource.PropertyMap{}
	if defaults.IsObject() && defaults.ObjectValue()["tags"].IsObject() {
		for key, value := range defaults.ObjectValue()["tags"].ObjectValue() {
			found[key] = value
		}
	}
	if tags.IsObject() {
		for key, value := range tags.ObjectValue() {
			found[key] = value
		}
	}
	return resource.NewObjectProperty(found)
}

func made(name string) []byte {
	data, err := os.ReadFile(filepath.Join(os.Getenv("ODOO_ESTATE_AWS_SCHEMA"), name))
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
