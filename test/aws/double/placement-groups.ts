import { ec2Answer, errorAnswer, escapeXml } from './answers.ts'
import { type ApiCall, filtersOf, listOf } from './api-call.ts'

interface PlacementGroup {
  readonly id: string
  readonly strategy: string
  readonly tags: Readonly<Record<string, string>>
}

/** Placement groups, which moto lacks. Null for every other call. */
export interface PlacementGroups {
  answer(call: ApiCall): Response | null
  names(): string[]
}

/** None yet. */
export function makePlacementGroups(): PlacementGroups {
  const groups = new Map<string, PlacementGroup>()
  const answer = ({ service, action, parameters }: ApiCall): Response | null => {
    if (service !== 'ec2') return null
    const name = parameters.get('GroupName') ?? ''
    if (action === 'CreatePlacementGroup') {
      const id = `pg-${String(groups.size + 1).padStart(8, '0')}`
      const group = { id, strategy: parameters.get('Strategy') ?? 'cluster', tags: tagsOf(parameters) }
      groups.set(name, group)
      return ec2Answer(action, `<placementGroup>${elementsOf(name, group)}</placementGroup>`)
    }
    if (action === 'DescribePlacementGroups') {
      const names = listOf(parameters, 'GroupName')
      const filters = [...filtersOf(parameters)].filter(([key]) => key.startsWith('tag:'))
      const found = [...groups]
        .filter(([each]) => names.length === 0 || names.includes(each))
        .filter(([, { tags }]) => filters.every(([key, values]) => values.includes(tags[key.slice(4)] ?? '')))
      const items = found.map(([each, group]) => `<item>${elementsOf(each, group)}</item>`)
      return ec2Answer(action, `<placementGroupSet>${items.join('')}</placementGroupSet>`)
    }
    if (action !== 'DeletePlacementGroup') return null
    if (groups.delete(name)) return ec2Answer(action, '<return>true</return>')
    const message = `The Placement Group '${name}' is unknown.`
    return errorAnswer('ec2', { code: 'InvalidPlacementGroup.Unknown', message })
  }
  return { answer, names: () => [...groups.keys()] }
}

function tagsOf(parameters: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {}
  for (let i = 1; parameters.has(`TagSpecification.1.Tag.${i}.Key`); i++)
    tags[parameters.get(`TagSpecification.1.Tag.${i}.Key`)!] =
      parameters.get(`TagSpecification.1.Tag.${i}.Value`) ?? ''
  return tags
}

function elementsOf(name: string, { id, strategy, tags }: PlacementGroup): string {
  const tagSet = Object.entries(tags)
    .map(([key, value]) => `<item><key>${escapeXml(key)}</key><value>${escapeXml(value)}</value></item>`)
    .join('')
  return `<groupName>${escapeXml(name)}</groupName><groupId>${id}</groupId><strategy>${strategy}</strategy><state>available</state><tagSet>${tagSet}</tagSet>`
}
