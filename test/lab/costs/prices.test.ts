// Goal: every shipped figure has a source with a date, the default experiment has a price, and a table of your own goes
// over the shipped one figure by figure. Method: the shipped file against its schema; files written by the test.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { readLabConfig } from '../../../src/lab/config/lab-config.ts'
import { estimatePlan } from '../../../src/lab/costs/estimate.ts'
import { priceTableSchema } from '../../../src/lab/costs/price-schema.ts'
import { readPrices, SHIPPED_PRICES } from '../../../src/lab/costs/price-table.ts'
import { pricesOf } from '../../../src/lab/costs/unit-price.ts'
import { PRODUCT_FOLDER } from '../../../src/workload/product-folder.ts'
import { testFolder } from '../../workload/files.ts'

const folder = testFolder()
afterAll(() => folder.remove())

const OWN = `
schemaVersion: 1
currency: USD
sources:
  contract: { what: our contract, url: "https://example.com/contract", date: 2026-10-01, read: 2026-10-02 }
regions:
  us-west-2:
    onDemand: [{ source: contract, usdPerHour: { t3.small: 0.01, x9.huge: 9 } }]
  eu-west-3:
    publicIpv4: { source: contract, usdPerHour: 0.004 }
`

test('the shipped table is as its schema says, and no source of it is idle', () => {
  expect(priceTableSchema.parse(SHIPPED_PRICES)).toEqual(SHIPPED_PRICES)
  const used = JSON.stringify(SHIPPED_PRICES.regions)
  for (const name of Object.keys(SHIPPED_PRICES.sources)) expect(used).toContain(`"source":"${name}"`)
})

test('spot never costs more than on demand in the shipped table', () => {
  for (const [region, { spot = [] }] of Object.entries(SHIPPED_PRICES.regions)) {
    const prices = pricesOf(SHIPPED_PRICES, region)
    for (const type of spot.flatMap(({ usdPerHour }) => Object.keys(usdPerHour))) {
      const onDemand = prices.instance(type, false, null)!.usd
      expect([type, prices.instance(type, true, null)!.usd < onDemand]).toEqual([type, true])
    }
  }
})

test('the experiment that is set up by default has a whole price', async () => {
  const config = await readLabConfig(join(PRODUCT_FOLDER, 'config/infrastructure.yaml'))
  const { perHour } = estimatePlan(config, 1, SHIPPED_PRICES)
  expect(perHour.unknown).toEqual([])
  expect(perHour.totalUsd).toBeGreaterThan(0)
})

test('prices of your own go over the shipped ones, by --prices or beside the configuration', async () => {
  const file = folder.write('own/prices.yaml', OWN)
  const byOption = await readPrices({ file, configFile: null })
  const configFile = folder.write('own/infrastructure.yaml', '')
  expect(await readPrices({ file: null, configFile })).toEqual(byOption)
  const oregon = pricesOf(byOption, 'us-west-2')
  expect(oregon.instance('t3.small', false, null)).toEqual({ usd: 0.01, source: 'contract', isBound: false })
  expect(oregon.instance('x9.huge', false, null)?.usd).toBe(9)
  const shipped = pricesOf(SHIPPED_PRICES, 'us-west-2')
  expect(oregon.instance('t3.micro', false, null)).toEqual(shipped.instance('t3.micro', false, null))
  expect(oregon.diskGb('gp3')).toEqual(shipped.diskGb('gp3'))
  expect(pricesOf(byOption, 'eu-west-3').publicIpv4()?.usd).toBe(0.004)
  expect(await readPrices({ file: null, configFile: folder.write('none/infrastructure.yaml', '') })).toBe(
    SHIPPED_PRICES,
  )
})

test('a source of your own under a shipped name does not stand for shipped figures', async () => {
  const [shippedName] = Object.keys(SHIPPED_PRICES.sources) as [string]
  const file = folder.write(
    'twin.yaml',
    OWN.replaceAll('contract:', `${shippedName}:`).replaceAll('source: contract', `source: ${shippedName}`),
  )
  const table = await readPrices({ file, configFile: null })
  expect(table.sources[shippedName]).toEqual(SHIPPED_PRICES.sources[shippedName]!)
  const own = pricesOf(table, 'us-west-2').instance('t3.small', false, null)!
  expect(table.sources[own.source]!.what).toBe('our contract')
})

test('a table that is wrong is refused with the places', async () => {
  const file = folder.write(
    'bad.yaml',
    OWN.replace('source: contract, usdPerHour: 0.004', 'source: hearsay, usdPerHour: -1'),
  )
  const failure = await readPrices({ file, configFile: null }).catch((error: Error) => error)
  expect(String(failure)).toContain('bad.yaml:10:')
  expect(String(failure)).toMatch(/usdPerHour|number/)
})
