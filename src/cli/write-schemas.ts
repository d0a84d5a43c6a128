/** `npm run schemas`: writes every schema into schemas/. */
import { mkdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { PRODUCT_FOLDER } from '../workload/product-folder.ts'
import { schemaNames, schemaTextOf } from './schema.ts'

const folder = resolve(PRODUCT_FOLDER, 'schemas')
await mkdir(folder, { recursive: true })
for (const name of schemaNames()) {
  await writeFile(resolve(folder, `${name}.schema.json`), schemaTextOf(name)!)
}
