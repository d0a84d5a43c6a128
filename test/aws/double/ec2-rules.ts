import {
  DescribeEgressOnlyInternetGatewaysCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcPeeringConnectionsCommand,
  type EC2Client,
  type Filter,
  type Instance,
  type NatGateway,
  type VpcPeeringConnection,
} from '@aws-sdk/client-ec2'
import type { ApiError } from './answers.ts'
import type { ApiCall } from './api-call.ts'

/**
 * What AWS refuses and moto lets pass: a clean-up in the wrong order must fail here too. The error of the call, or
 * null when nothing speaks against it.
 */
export async function ec2Refusal(call: ApiCall, ec2: EC2Client): Promise<ApiError | null> {
  const rule = RULES[call.action]
  return rule === undefined ? null : await rule(call.parameters, ec2)
}

type Rule = (parameters: URLSearchParams, ec2: EC2Client) => Promise<ApiError | null>

const RULES: Readonly<Record<string, Rule>> = {
  DeleteSubnet: async (parameters, ec2) => {
    const id = parameters.get('SubnetId') ?? ''
    const inUse =
      (await liveInstances(ec2, 'subnet-id', id)).length + (await interfacesOf(ec2, 'subnet-id', id))
    return inUse === 0 ? null : violation(`The subnet '${id}' has dependencies and cannot be deleted.`)
  },
  DeleteSecurityGroup: securityGroupRefusal,
  DeleteVpc: vpcRefusal,
  ReleaseAddress: async (parameters, ec2) => {
    const id = parameters.get('AllocationId') ?? ''
    const isHeld = (await liveNatGateways(ec2)).some((each) =>
      each.NatGatewayAddresses?.some(({ AllocationId }) => AllocationId === id),
    )
    return isHeld ? { code: 'InvalidIPAddress.InUse', message: `Address ${id} is in use.` } : null
  },
  DetachInternetGateway: async (parameters, ec2) => {
    const id = parameters.get('VpcId') ?? ''
    const mapped = (await liveInstances(ec2, 'vpc-id', id)).some((each) => each.PublicIpAddress)
    return mapped
      ? violation(
          `Network ${id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
        )
      : null
  },
}

async function securityGroupRefusal(parameters: URLSearchParams, ec2: EC2Client): Promise<ApiError | null> {
  const id = parameters.get('GroupId') ?? ''
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}))
  const own = SecurityGroups.find((group) => group.GroupId === id)
  if (own?.GroupName === 'default')
    return {
      code: 'CannotDelete',
      message: `the specified group: "${id}" name: "default" cannot be deleted by a user`,
    }
  const others = SecurityGroups.filter((group) => group.GroupId !== id)
  const isReferenced = others.some((group) =>
    [...(group.IpPermissions ?? []), ...(group.IpPermissionsEgress ?? [])].some((rule) =>
      rule.UserIdGroupPairs?.some((pair) => pair.GroupId === id),
    ),
  )
  const inUse =
    (await liveInstances(ec2, 'instance.group-id', id)).length + (await interfacesOf(ec2, 'group-id', id))
  return isReferenced || inUse > 0 ? violation(`resource ${id} has a dependent object`) : null
}

async function vpcRefusal(parameters: URLSearchParams, ec2: EC2Client): Promise<ApiError | null> {
  const id = parameters.get('VpcId') ?? ''
  const Filters = [{ Name: 'vpc-id', Values: [id] }]
  const [subnets, groups, tables, gateways] = await Promise.all([
    ec2.send(new DescribeSubnetsCommand({ Filters })),
    ec2.send(new DescribeSecurityGroupsCommand({ Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
    ec2.send(new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [id] }] })),
  ])
  const isMain = (table: { Associations?: { Main?: boolean | undefined }[] | undefined }) =>
    table.Associations?.some((each) => each.Main) ?? false
  const inUse =
    (subnets.Subnets ?? []).length +
    (groups.SecurityGroups ?? []).filter((group) => group.GroupName !== 'default').length +
    (tables.RouteTables ?? []).filter((table) => !isMain(table)).length +
    (gateways.InternetGateways ?? []).length +
    (await liveInstances(ec2, 'vpc-id', id)).length +
    (await additionsTo(id, ec2))
  return inUse === 0 ? null : violation(`The vpc '${id}' has dependencies and cannot be deleted.`)
}

/** What keeps a VPC besides what every one of ours has. */
async function additionsTo(vpcId: string, ec2: EC2Client): Promise<number> {
  const Filters = [filter('vpc-id', vpcId)]
  const [endpoints, acls, egress, peerings] = await Promise.all([
    ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
    ec2.send(new DescribeNetworkAclsCommand({ Filters })),
    ec2.send(new DescribeEgressOnlyInternetGatewaysCommand({})),
    ec2.send(new DescribeVpcPeeringConnectionsCommand({})),
  ])
  const nats = (await liveNatGateways(ec2)).filter((each) => each.VpcId === vpcId)
  const isPeer = (each: VpcPeeringConnection) =>
    [each.RequesterVpcInfo?.VpcId, each.AccepterVpcInfo?.VpcId].includes(vpcId) &&
    ['active', 'pending-acceptance'].includes(each.Status?.Code ?? '')
  return (
    nats.length +
    (endpoints.VpcEndpoints ?? []).filter((each) => (each.State as string) !== 'deleted').length +
    (acls.NetworkAcls ?? []).filter((acl) => acl.IsDefault !== true).length +
    (egress.EgressOnlyInternetGateways ?? []).filter((each) =>
      each.Attachments?.some((attachment) => attachment.VpcId === vpcId),
    ).length +
    (peerings.VpcPeeringConnections ?? []).filter(isPeer).length
  )
}

async function liveNatGateways(ec2: EC2Client): Promise<NatGateway[]> {
  const { NatGateways = [] } = await ec2.send(new DescribeNatGatewaysCommand({}))
  return NatGateways.filter((each) => each.State !== 'deleted')
}

function violation(message: string): ApiError {
  return { code: 'DependencyViolation', message }
}

async function liveInstances(ec2: EC2Client, name: string, id: string): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters: [filter(name, id)] }))
  return Reservations.flatMap((each) => each.Instances ?? []).filter(
    (instance) => instance.State?.Name !== 'terminated',
  )
}

/** Network interfaces that somebody made: those of instances end with them, and moto shows them too long. */
async function interfacesOf(ec2: EC2Client, name: string, id: string): Promise<number> {
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [filter(name, id)] }),
  )
  return NetworkInterfaces.filter((each) => each.Attachment?.InstanceId === undefined).length
}

function filter(name: string, value: string): Filter {
  return { Name: name, Values: [value] }
}
