import type { EC2Client, Filter, IpPermission } from '@aws-sdk/client-ec2'
import { failureKind } from '../failure.ts'
import { clientSettings, type LabContext } from '../settings.ts'
import { additionalKinds } from './ec2-additions.ts'
import { kindOf, mapPages, once, type Sdk } from './ec2-kind.ts'
import type { ResourceKind, Stage } from './resource-kind.ts'

/** Stages that share a connection. */
export interface OpenStages {
  readonly stages: readonly Stage[]
  close(): void
}

/** Compute and network of an experiment, in the order in which AWS lets them go. */
export async function ec2Stages({ aws }: LabContext): Promise<OpenStages> {
  const sdk = await import('@aws-sdk/client-ec2')
  const client = new sdk.EC2Client(clientSettings(aws))
  const more = additionalKinds(sdk, client)
  const stages = [
    // A fleet would start other instances in place of those that are ended.
    [more.fleets],
    [spotRequests(sdk, client), instances(sdk, client)],
    // They hold addresses and interfaces until they have ended.
    [more.natGateways, more.vpcEndpoints, more.flowLogs],
    [volumes(sdk, client), addresses(sdk, client), interfaces(sdk, client), launchTemplates(sdk, client)],
    [more.images, keyPairs(sdk, client), placementGroups(sdk, client), securityGroupRules(sdk, client)],
    [more.snapshots, securityGroups(sdk, client)],
    [subnets(sdk, client)],
    [routeTables(sdk, client), gateways(sdk, client), more.egressGateways, more.networkAcls, more.peerings],
    [vpcs(sdk, client)],
    [more.dhcpOptions, more.prefixLists],
  ]
  return { stages, close: () => client.destroy() }
}

const ENDED = new Set(['terminated'])

function instances(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'instance',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeInstances({ client }, { Filters }), (page) =>
        page.Reservations?.flatMap((each) => each.Instances ?? []),
      ),
    id: (item) => item.InstanceId,
    detail: (item) => `${item.InstanceType}, ${item.State?.Name}`,
    counts: (item) => !ENDED.has(item.State?.Name ?? ''),
    remove: (id) => client.send(new sdk.TerminateInstancesCommand({ InstanceIds: [id] })),
    endsLate: true,
  })
}

function spotRequests(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'spot request',
    pages: (Filters) =>
      mapPages(
        sdk.paginateDescribeSpotInstanceRequests({ client }, { Filters }),
        (page) => page.SpotInstanceRequests,
      ),
    id: (item) => item.SpotInstanceRequestId,
    counts: (item) => item.State === 'open' || item.State === 'active',
    remove: (id) => client.send(new sdk.CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [id] })),
  })
}

function volumes(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'volume',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeVolumes({ client }, { Filters }), (page) => page.Volumes),
    id: (item) => item.VolumeId,
    detail: (item) => `${item.Size} GB`,
    counts: (item) => item.State !== 'deleting' && item.State !== 'deleted',
    remove: (VolumeId) => client.send(new sdk.DeleteVolumeCommand({ VolumeId })),
  })
}

function addresses(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'elastic address',
    pages: (Filters) =>
      once(async () => (await client.send(new sdk.DescribeAddressesCommand({ Filters }))).Addresses),
    id: (item) => item.AllocationId,
    detail: (item) => item.PublicIp,
    remove: (AllocationId) => client.send(new sdk.ReleaseAddressCommand({ AllocationId })),
  })
}

function interfaces(sdk: Sdk, client: EC2Client): ResourceKind {
  const pages = (Filters: Filter[]) =>
    mapPages(sdk.paginateDescribeNetworkInterfaces({ client }, { Filters }), (page) =>
      page.NetworkInterfaces?.map((item) => ({ ...item, Tags: item.TagSet })),
    )
  return kindOf({
    kind: 'network interface',
    pages,
    id: (item) => item.NetworkInterfaceId,
    detail: (item) => item.Status,
    remove: (NetworkInterfaceId) =>
      client.send(new sdk.DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
  })
}

function launchTemplates(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'launch template',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeLaunchTemplates({ client }, { Filters }), (page) => page.LaunchTemplates),
    id: (item) => item.LaunchTemplateId,
    detail: (item) => item.LaunchTemplateName,
    remove: (LaunchTemplateId) => client.send(new sdk.DeleteLaunchTemplateCommand({ LaunchTemplateId })),
  })
}

function keyPairs(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'key pair',
    pages: (Filters) =>
      once(async () => (await client.send(new sdk.DescribeKeyPairsCommand({ Filters }))).KeyPairs),
    id: (item) => item.KeyPairId,
    detail: (item) => item.KeyName,
    remove: (KeyPairId) => client.send(new sdk.DeleteKeyPairCommand({ KeyPairId })),
  })
}

function placementGroups(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'placement group',
    pages: (Filters) =>
      once(
        async () => (await client.send(new sdk.DescribePlacementGroupsCommand({ Filters }))).PlacementGroups,
      ),
    id: (item) => item.GroupName,
    counts: (item) => item.State !== 'deleted' && item.State !== 'deleting',
    remove: (GroupName) => client.send(new sdk.DeletePlacementGroupCommand({ GroupName })),
  })
}

function securityGroups(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'security group',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeSecurityGroups({ client }, { Filters }), (page) => page.SecurityGroups),
    id: (item) => item.GroupId,
    detail: (item) => item.GroupName,
    remove: (GroupId) => client.send(new sdk.DeleteSecurityGroupCommand({ GroupId })),
  })
}

/** Groups that name each other cannot go one after the other: such rules go first, those of all groups. */
function securityGroupRules(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'rules between security groups',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeSecurityGroups({ client }, { Filters }), (page) => page.SecurityGroups),
    id: (item) => item.GroupId,
    detail: (item) => item.GroupName,
    counts: (item) => naming(item.IpPermissions).length + naming(item.IpPermissionsEgress).length > 0,
    remove: (GroupId) => revokeRules(sdk, client, GroupId),
  })
}

async function revokeRules(sdk: Sdk, client: EC2Client, GroupId: string): Promise<void> {
  const described = new sdk.DescribeSecurityGroupsCommand({ GroupIds: [GroupId] })
  const [group] = (await client.send(described)).SecurityGroups ?? []
  const ingress = naming(group?.IpPermissions)
  const egress = naming(group?.IpPermissionsEgress)
  if (ingress.length > 0)
    await client.send(new sdk.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: ingress }))
  if (egress.length > 0)
    await client.send(new sdk.RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: egress }))
}

function naming(rules: readonly IpPermission[] = []): IpPermission[] {
  return rules.filter((rule) => (rule.UserIdGroupPairs?.length ?? 0) > 0)
}

function subnets(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'subnet',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeSubnets({ client }, { Filters }), (page) => page.Subnets),
    id: (item) => item.SubnetId,
    detail: (item) => item.CidrBlock,
    remove: (SubnetId) => client.send(new sdk.DeleteSubnetCommand({ SubnetId })),
  })
}

function routeTables(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'route table',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeRouteTables({ client }, { Filters }), (page) => page.RouteTables),
    id: (item) => item.RouteTableId,
    // The main one ends with its VPC, and not before.
    counts: (item) => !item.Associations?.some((each) => each.Main),
    remove: async (RouteTableId) => {
      const { RouteTables = [] } = await client.send(
        new sdk.DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }),
      )
      for (const { RouteTableAssociationId: AssociationId } of RouteTables[0]?.Associations ?? [])
        if (AssociationId !== undefined)
          await client.send(new sdk.DisassociateRouteTableCommand({ AssociationId }))
      await client.send(new sdk.DeleteRouteTableCommand({ RouteTableId }))
    },
  })
}

function gateways(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'internet gateway',
    pages: (Filters) =>
      mapPages(
        sdk.paginateDescribeInternetGateways({ client }, { Filters }),
        (page) => page.InternetGateways,
      ),
    id: (item) => item.InternetGatewayId,
    remove: async (InternetGatewayId) => {
      const { InternetGateways = [] } = await client.send(
        new sdk.DescribeInternetGatewaysCommand({ InternetGatewayIds: [InternetGatewayId] }),
      )
      for (const { VpcId } of InternetGateways[0]?.Attachments ?? []) {
        try {
          await client.send(new sdk.DetachInternetGatewayCommand({ InternetGatewayId, VpcId }))
        } catch (error) {
          // Gateway.NotAttached: an attempt before this one got so far.
          if (failureKind(error) !== 'refused' || (error as Error).name !== 'Gateway.NotAttached') throw error
        }
      }
      await client.send(new sdk.DeleteInternetGatewayCommand({ InternetGatewayId }))
    },
  })
}

function vpcs(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'VPC',
    pages: (Filters) => mapPages(sdk.paginateDescribeVpcs({ client }, { Filters }), (page) => page.Vpcs),
    id: (item) => item.VpcId,
    detail: (item) => item.CidrBlock,
    remove: (VpcId) => client.send(new sdk.DeleteVpcCommand({ VpcId })),
  })
}
