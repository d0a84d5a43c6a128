import type { EC2Client, UnsuccessfulItem } from '@aws-sdk/client-ec2'
import { kindOf, mapPages, once, type Sdk } from './ec2-kind.ts'
import type { ResourceKind } from './resource-kind.ts'

/** Kinds that no experiment of ours has by itself, but a hand that adds to one, or an image made for it. */
export interface AdditionalKinds {
  readonly fleets: ResourceKind
  readonly natGateways: ResourceKind
  readonly vpcEndpoints: ResourceKind
  readonly flowLogs: ResourceKind
  /** Those with the experiment's tag alone: images for everybody have none, and are kept. */
  readonly images: ResourceKind
  readonly snapshots: ResourceKind
  readonly networkAcls: ResourceKind
  readonly egressGateways: ResourceKind
  readonly peerings: ResourceKind
  readonly dhcpOptions: ResourceKind
  readonly prefixLists: ResourceKind
}

/** All of them over one client. */
export function additionalKinds(sdk: Sdk, client: EC2Client): AdditionalKinds {
  return {
    fleets: fleets(sdk, client),
    natGateways: natGateways(sdk, client),
    vpcEndpoints: vpcEndpoints(sdk, client),
    flowLogs: flowLogs(sdk, client),
    images: images(sdk, client),
    snapshots: snapshots(sdk, client),
    networkAcls: networkAcls(sdk, client),
    egressGateways: egressGateways(sdk, client),
    peerings: peerings(sdk, client),
    dhcpOptions: dhcpOptions(sdk, client),
    prefixLists: prefixLists(sdk, client),
  }
}

function fleets(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'fleet',
    // AWS has no filter by tag here.
    pages: () => mapPages(sdk.paginateDescribeFleets({ client }, {}), (page) => page.Fleets),
    id: (item) => item.FleetId,
    detail: (item) => item.FleetState,
    counts: (item) => !item.FleetState?.startsWith('deleted'),
    remove: async (id) => {
      const request = new sdk.DeleteFleetsCommand({ FleetIds: [id], TerminateInstances: true })
      const { UnsuccessfulFleetDeletions: [failed] = [] } = await client.send(request)
      throwIfFailed(failed)
    },
  })
}

function natGateways(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'NAT gateway',
    pages: (Filter) =>
      mapPages(sdk.paginateDescribeNatGateways({ client }, { Filter }), (page) => page.NatGateways),
    id: (item) => item.NatGatewayId,
    detail: (item) => item.State,
    counts: (item) => item.State !== 'deleted',
    remove: (NatGatewayId) => client.send(new sdk.DeleteNatGatewayCommand({ NatGatewayId })),
    endsLate: true,
  })
}

function vpcEndpoints(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'VPC endpoint',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeVpcEndpoints({ client }, { Filters }), (page) => page.VpcEndpoints),
    id: (item) => item.VpcEndpointId,
    detail: (item) => item.ServiceName,
    counts: (item) => item.State?.toLowerCase() !== 'deleted',
    remove: async (id) => {
      const request = new sdk.DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })
      const { Unsuccessful: [failed] = [] } = await client.send(request)
      throwIfFailed(failed)
    },
    endsLate: true,
  })
}

function flowLogs(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'flow log',
    pages: (Filter) =>
      mapPages(sdk.paginateDescribeFlowLogs({ client }, { Filter }), (page) => page.FlowLogs),
    id: (item) => item.FlowLogId,
    detail: (item) => item.ResourceId,
    remove: async (id) => {
      const { Unsuccessful: [failed] = [] } = await client.send(
        new sdk.DeleteFlowLogsCommand({ FlowLogIds: [id] }),
      )
      throwIfFailed(failed)
    },
  })
}

/** Some calls succeed and say in their answer that they did not. */
function throwIfFailed(failed: Pick<UnsuccessfulItem, 'Error'> | undefined): void {
  if (failed === undefined) return
  const { Code = 'Error', Message = '' } = failed.Error ?? {}
  throw Object.assign(new Error(Message), { name: Code })
}

function images(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'image',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeImages({ client }, { Owners: ['self'], Filters }), (page) => page.Images),
    id: (item) => item.ImageId,
    detail: (item) => item.Name,
    counts: (item) => item.State !== 'deregistered',
    remove: (ImageId) => client.send(new sdk.DeregisterImageCommand({ ImageId })),
  })
}

function snapshots(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'snapshot',
    pages: (Filters) =>
      mapPages(
        sdk.paginateDescribeSnapshots({ client }, { OwnerIds: ['self'], Filters }),
        (page) => page.Snapshots,
      ),
    id: (item) => item.SnapshotId,
    detail: (item) => `${item.VolumeSize} GB`,
    remove: (SnapshotId) => client.send(new sdk.DeleteSnapshotCommand({ SnapshotId })),
  })
}

function networkAcls(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'network ACL',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeNetworkAcls({ client }, { Filters }), (page) => page.NetworkAcls),
    id: (item) => item.NetworkAclId,
    // The default one ends with its VPC, and not before.
    counts: (item) => item.IsDefault !== true,
    remove: (NetworkAclId) => client.send(new sdk.DeleteNetworkAclCommand({ NetworkAclId })),
  })
}

function egressGateways(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'egress-only internet gateway',
    pages: (Filters) =>
      mapPages(
        sdk.paginateDescribeEgressOnlyInternetGateways({ client }, { Filters }),
        (page) => page.EgressOnlyInternetGateways,
      ),
    id: (item) => item.EgressOnlyInternetGatewayId,
    remove: (EgressOnlyInternetGatewayId) =>
      client.send(new sdk.DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId })),
  })
}

const ENDED_PEERINGS = new Set(['deleted', 'deleting', 'expired', 'failed', 'rejected'])

function peerings(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'VPC peering connection',
    pages: (Filters) =>
      mapPages(
        sdk.paginateDescribeVpcPeeringConnections({ client }, { Filters }),
        (page) => page.VpcPeeringConnections,
      ),
    id: (item) => item.VpcPeeringConnectionId,
    detail: (item) => item.Status?.Code,
    counts: (item) => !ENDED_PEERINGS.has(item.Status?.Code ?? ''),
    remove: (VpcPeeringConnectionId) =>
      client.send(new sdk.DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId })),
  })
}

function dhcpOptions(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'DHCP options',
    pages: (Filters) =>
      once(async () => (await client.send(new sdk.DescribeDhcpOptionsCommand({ Filters }))).DhcpOptions),
    id: (item) => item.DhcpOptionsId,
    remove: (DhcpOptionsId) => client.send(new sdk.DeleteDhcpOptionsCommand({ DhcpOptionsId })),
  })
}

function prefixLists(sdk: Sdk, client: EC2Client): ResourceKind {
  return kindOf({
    kind: 'prefix list',
    pages: (Filters) =>
      mapPages(sdk.paginateDescribeManagedPrefixLists({ client }, { Filters }), (page) => page.PrefixLists),
    id: (item) => item.PrefixListId,
    detail: (item) => item.PrefixListName,
    remove: (PrefixListId) => client.send(new sdk.DeleteManagedPrefixListCommand({ PrefixListId })),
  })
}
