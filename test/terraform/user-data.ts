import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { USER_DATA } from './bash-box.ts'

export interface UserDataParts {
  readonly role: string
  /** Variables `BENCH_NAME` of the boot script, by NAME. */
  readonly settings: Readonly<Record<string, string>>
  readonly units: readonly string[]
  readonly programs: readonly string[]
}

/** What `terraform/modules/boot` makes of the same, for tests that have no Terraform; another test compares the two. */
export function composeUserData({ role, settings, units, programs }: UserDataParts): string {
  const text = (path: string) => readFileSync(join(USER_DATA, path), 'utf8')
  const exports = Object.keys(settings)
    .toSorted()
    .map((name) => `export BENCH_${name}='${settings[name]!.replaceAll("'", "'\\''")}'`)
  return [
    '#!/bin/bash',
    '# Made by Terraform from terraform/user-data; runs once, as root, at the first boot.',
    exports.join('\n'),
    text('lib.sh'),
    'bench_begin',
    units
      .map(
        (unit) => `bench_install_unit ${unit} <<'END_OF_UNIT'\n${text(`systemd/${unit}.service`)}END_OF_UNIT`,
      )
      .join('\n'),
    programs
      .map((name) => `bench_install_program ${name} <<'END_OF_PROGRAM'\n${text(name)}END_OF_PROGRAM`)
      .join('\n'),
    text(`${role}.sh`),
    '',
  ].join('\n')
}

/** Settings of a Kafka node as `terraform/modules/kafka` gives them, of a cluster with these addresses. */
export function kafkaSettings(addresses: readonly string[], index: number): Record<string, string> {
  const replicas = Math.min(3, addresses.length)
  return {
    ROLE: 'kafka',
    REGION: 'us-west-2',
    SPOT: 'false',
    INDEX: String(index + 1),
    ADDRESS: addresses[index]!,
    NODES: addresses.join(','),
    // Sixteen bytes in base64.
    CLUSTER_ID: 'MDEyMzQ1Njc4OWFiY2RlZg',
    REPLICAS: String(replicas),
    MIN_IN_SYNC: String(Math.min(2, replicas)),
    HEAP_SIZE: '256M',
    SETTINGS: '',
  }
}
