import {
  DescribeDhcpOptionsCommand,
  DescribeEgressOnlyInternetGatewaysCommand,
  DescribeFleetsCommand,
  DescribeFlowLogsCommand,
  DescribeManagedPrefixListsCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcPeeringConnectionsCommand,
} from '@aws-sdk/client-ec2'
import type { Clients } from './clients.ts'
import { type Thing, thing } from './scan.ts'

const ENDED = new Set(['deleted', 'expired', 'failed', 'rejected', 'deleted_terminating', 'deleted_running'])

/** What somebody may add to a network by hand; what has ended, and what AWS has by itself, does not stand. */
export async function scanAdditions({ ec2 }: Clients): Promise<Thing[]> {
  const [nats, endpoints, logs, acls, egress, peerings, options, lists, fleets] = await Promise.all([
    ec2.send(new DescribeNatGatewaysCommand({})),
    ec2.send(new DescribeVpcEndpointsCommand({})),
    ec2.send(new DescribeFlowLogsCommand({})),
    ec2.send(new DescribeNetworkAclsCommand({})),
    ec2.send(new DescribeEgressOnlyInternetGatewaysCommand({})),
    ec2.send(new DescribeVpcPeeringConnectionsCommand({})),
    ec2.send(new DescribeDhcpOptionsCommand({})),
    ec2.send(new DescribeManagedPrefixListsCommand({})),
    ec2.send(new DescribeFleetsCommand({})),
  ])
  const ours = (lists.PrefixLists ?? []).filter((each) => each.OwnerId !== 'aws')
  const stands = (state: string | undefined) => !ENDED.has(state ?? '')
  return [
    ...(nats.NatGateways ?? [])
      .filter((each) => stands(each.State))
      .map((each) => thing('ec2/nat-gateway', each.NatGatewayId, each.Tags)),
    ...(endpoints.VpcEndpoints ?? [])
      .filter((each) => stands(each.State))
      .map((each) => thing('ec2/vpc-endpoint', each.VpcEndpointId, each.Tags)),
    ...(logs.FlowLogs ?? []).map((each) => thing('ec2/flow-log', each.FlowLogId, each.Tags)),
    ...(acls.NetworkAcls ?? [])
      .filter((each) => each.IsDefault !== true)
      .map((each) => thing('ec2/network-acl', each.NetworkAclId, each.Tags)),
    ...(egress.EgressOnlyInternetGateways ?? []).map((each) =>
      thing('ec2/egress-only-internet-gateway', each.EgressOnlyInternetGatewayId, each.Tags),
    ),
    ...(peerings.VpcPeeringConnections ?? [])
      .filter((each) => stands(each.Status?.Code))
      .map((each) => thing('ec2/vpc-peering-connection', each.VpcPeeringConnectionId, each.Tags)),
    ...(options.DhcpOptions ?? []).map((each) => thing('ec2/dhcp-options', each.DhcpOptionsId, each.Tags)),
    ...ours.map((each) => thing('ec2/prefix-list', each.PrefixListId, each.Tags)),
    ...(fleets.Fleets ?? [])
      .filter((each) => stands(each.FleetState))
      .map((each) => thing('ec2/fleet', each.FleetId, each.Tags)),
  ]
}
