import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

const permissionSchema = z.strictObject({
  vhost: z.string().default('/'),
  /** Regular expressions of resource names, as `rabbitmqctl set_permissions` takes them. */
  configure: z.string().default('.*'),
  write: z.string().default('.*'),
  read: z.string().default('.*'),
})

/** `LocalBrokerOptions.extra` of RabbitMQ. */
export const rabbitmqExtraSchema = z
  .strictObject({
    /** Users besides `guest`. */
    users: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          password: z.string().min(1),
          permissions: z.array(permissionSchema).default([permissionSchema.parse({})]),
        }),
      )
      .default([]),
    /** Virtual hosts besides `/`; `guest` may do everything in them. */
    vhosts: z.array(z.string().min(1)).default([]),
    /** Adds a TLS listener (its address is told in `settings['tls listener']`); paths of PEM files. */
    tls: z.strictObject({ ca: z.string(), certificate: z.string(), key: z.string() }).optional(),
    /** Further lines of rabbitmq.conf. */
    configuration: z.array(z.string()).default([]),
    /** AMQP port of the first node instead of a free one, for tests of a port that is taken. */
    port: z.number().int().positive().optional(),
  })
  .prefault({})

export type RabbitmqExtra = z.infer<typeof rabbitmqExtraSchema>

/** The definitions file that the nodes load at their first start: users, virtual hosts and permissions. */
export function definitionsOf(extra: RabbitmqExtra): string {
  const vhosts = ['/', ...extra.vhosts]
  const guest = vhosts.map((vhost) => permission('guest', permissionSchema.parse({ vhost })))
  return JSON.stringify({
    users: [user('guest', 'guest', 'administrator'), ...extra.users.map((u) => user(u.name, u.password, ''))],
    vhosts: vhosts.map((name) => ({ name })),
    permissions: [
      ...guest,
      ...extra.users.flatMap(({ name, permissions }) => permissions.map((each) => permission(name, each))),
    ],
    parameters: [],
    policies: [],
    queues: [],
    exchanges: [],
    bindings: [],
  })
}

function permission(name: string, grant: z.infer<typeof permissionSchema>) {
  return { user: name, ...grant }
}

function user(name: string, password: string, tags: string) {
  return {
    name,
    password_hash: passwordHash(password),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
  }
}

/** RabbitMQ's salted hash: base64 of 4 random bytes and SHA-256 over them and the password. */
export function passwordHash(password: string, salt: Buffer = randomBytes(4)): string {
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}
