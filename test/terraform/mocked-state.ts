import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TerraformCopy } from './terraform.ts'

/** One resource of a state, as `terraform test -json -verbose` shows it. */
export interface StateResource {
  readonly address: string
  readonly type: string
  readonly values: Readonly<Record<string, unknown>>
}

export interface MockedState {
  readonly resources: readonly StateResource[]
  /** State and outputs as Terraform printed them, for searching. */
  readonly text: string
}

interface StateModule {
  readonly resources?: readonly StateResource[]
  readonly child_modules?: readonly StateModule[]
}

interface TestMessage {
  readonly type?: string
  readonly '@message'?: string
  // Beside the values it holds the whole schema of the provider, 20 MB.
  readonly test_state?: { readonly root_module?: StateModule; readonly outputs?: unknown }
  readonly diagnostic?: { readonly summary: string; readonly detail: string }
}

/**
 * Applies `aws/` with these variables (HCL) against a mocked provider and returns the state: what an apply on AWS would
 * ask for, without AWS. The copy must be initialised. Throws with Terraform's own words when the apply fails.
 */
export async function mockedState(copy: TerraformCopy, variables: string): Promise<MockedState> {
  const name = 'tests/state.tftest.hcl'
  await writeFile(join(copy.folder, 'aws', name), testFile(variables))
  const file = join(copy.folder, 'state.jsonl')
  const { stderr } = await copy.runToFile('aws', ['test', '-json', '-verbose', `-filter=${name}`], file)
  const lines = (await Bun.file(file).text()).split('\n').filter((line) => line.startsWith('{'))
  const messages = lines.map((line) => JSON.parse(line) as TestMessage)
  const state = messages.find((message) => message.type === 'test_state')?.test_state
  if (state === undefined) {
    const said = messages.flatMap(({ diagnostic }) =>
      diagnostic ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
    )
    throw new Error(`expected a state, terraform said: ${said.join('\n') || stderr}`)
  }
  const { root_module, outputs } = state
  return { resources: resourcesOf(root_module), text: JSON.stringify({ root_module, outputs }) }
}

function resourcesOf(module: StateModule | undefined): StateResource[] {
  return [...(module?.resources ?? []), ...(module?.child_modules ?? []).flatMap(resourcesOf)]
}

/** User data of the instances, by their names (`broker-1`). */
export function userDataOf(state: MockedState): Map<string, string> {
  const texts = new Map<string, string>()
  for (const { type, values } of state.resources) {
    if (type !== 'aws_instance') continue
    const tags = values.tags as Record<string, string>
    const number = tags.Name?.split('-').at(-1)
    texts.set(`${tags.Role}-${number}`, values.user_data as string)
  }
  return texts
}

function testFile(variables: string): string {
  return `mock_provider "aws" {
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a"] }
  }
  mock_data "aws_ami" {
    defaults = { id = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_ssm_parameter" {
    defaults = { arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/some" }
  }
}
run "apply" {
  variables {
${variables}
  }
}
`
}
