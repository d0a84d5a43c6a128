import {
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type Filter,
  type Instance,
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
    (await liveInstances(ec2, 'vpc-id', id)).length
  return inUse === 0 ? null : violation(`The vpc '${id}' has dependencies and cannot be deleted.`)
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
