import {
  DeleteNetworkInterfaceCommand,
  DescribeKeyPairsCommand,
  DescribeNatGatewaysCommand,
  DescribeVpcEndpointsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import { type ApiCall, listOf } from './api-call.ts'

/** A DeleteKeyPair by id as one by name: moto knows names alone, and says nothing of the id. Any other call as it is. */
export async function withKeyName(call: ApiCall, ec2: EC2Client): Promise<ApiCall> {
  const id = call.parameters.get('KeyPairId')
  if (call.action !== 'DeleteKeyPair' || id === null) return call
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({}))
  const name = KeyPairs.find((each) => each.KeyPairId === id)?.KeyName
  if (name === undefined) return call
  const parameters = new URLSearchParams(call.parameters)
  parameters.delete('KeyPairId')
  parameters.set('KeyName', name)
  return { ...call, parameters, body: new TextEncoder().encode(parameters.toString()) }
}

/** Network interfaces that end with what the call deletes; moto leaves them, and their subnet in use. */
export async function interfacesThatEnd({ action, parameters }: ApiCall, ec2: EC2Client): Promise<string[]> {
  if (action === 'DeleteNatGateway') {
    const NatGatewayIds = [parameters.get('NatGatewayId') ?? '']
    const { NatGateways = [] } = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds }))
    const addresses = NatGateways.flatMap((each) => each.NatGatewayAddresses ?? [])
    return addresses.flatMap((each) => each.NetworkInterfaceId ?? [])
  }
  if (action !== 'DeleteVpcEndpoints') return []
  const VpcEndpointIds = listOf(parameters, 'VpcEndpointId')
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds }))
  return VpcEndpoints.flatMap((each) => each.NetworkInterfaceIds ?? [])
}

/** Removes them; those that are gone do not matter. */
export async function endInterfaces(ids: readonly string[], ec2: EC2Client): Promise<void> {
  for (const NetworkInterfaceId of ids)
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })).catch(() => {})
}
