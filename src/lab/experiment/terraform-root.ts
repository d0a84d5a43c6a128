import { cp, mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { storageError, writeFileAtomic } from '../../result/atomic-file.ts'
import { PRODUCT_FOLDER } from '../../workload/product-folder.ts'
import type { LabFolder } from './folder.ts'

/** Names a folder like `terraform/` of the product, to be taken in its place. */
export const TERRAFORM_VARIABLE = 'BENCH_TERRAFORM'

/** The Terraform files that experiments are made from: folders `aws` (the root), `modules` and `user-data`. */
export function terraformSource(environment: Readonly<Record<string, string | undefined>>): string {
  return resolve(environment[TERRAFORM_VARIABLE] || join(PRODUCT_FOLDER, 'terraform'))
}

/**
 * Puts a copy of the Terraform files and the variables into the experiment's folder: what made an experiment can end it
 * too, whatever becomes of this checkout. State and providers that are there already stay.
 */
export async function writeTerraformRoot(folder: LabFolder, source: string, tfvars: string): Promise<void> {
  const { terraformDirectory } = folder
  const base = dirname(terraformDirectory)
  try {
    await mkdir(base, { recursive: true })
    for (const part of ['modules', 'user-data']) {
      await rm(join(base, part), { recursive: true, force: true })
      await cp(join(source, part), join(base, part), { recursive: true }).catch((error) => {
        // A root of somebody's own may need neither.
        if (error.code !== 'ENOENT') throw error
      })
    }
    await cp(join(source, 'aws'), terraformDirectory, { recursive: true, filter: isOurs })
  } catch (error) {
    throw await storageError(`copy ${source} into ${base}`, base, error)
  }
  await writeFileAtomic(join(terraformDirectory, 'terraform.tfvars.json'), tfvars)
}

/** Neither the state nor the variables of somebody who works with plain Terraform in the checkout. */
function isOurs(path: string): boolean {
  return !/(^|\/)(\.terraform[^/]*|.*\.tfstate[^/]*|.*\.tfvars(\.json)?|tests)$/.test(path)
}
