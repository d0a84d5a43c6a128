/** A process that this proof started, pinned to processors where the system can. */
export interface Child {
  readonly pid: number
  /** First line of stdout. @throws Error with its last words when it ends or stays silent. */
  readonly firstLine: string
  /** Everything said on stdout, once it ended by itself. @throws Error when it failed or took longer than `limitMs`. */
  output(limitMs: number): Promise<string>
  /** Asks it to end, by force past the limit. */
  stop(): Promise<void>
}

const LIMITS = { startMs: 60_000, stopMs: 15_000 }

/** @param processors as `taskset -c` takes them; null: anywhere. */
export async function startChild(
  command: readonly string[],
  options: {
    readonly processors: string | null
    readonly env?: Readonly<Record<string, string>>
    readonly waits: boolean
  },
): Promise<Child> {
  const pinned = options.processors === null ? [] : ['taskset', '-c', options.processors]
  const child = Bun.spawn([...pinned, ...command], {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const errors = tail(child.stderr)
  const stdout = child.stdout.getReader()
  let text = ''
  const more = async (): Promise<boolean> => {
    const { done, value } = await stdout.read()
    if (!done) text += Buffer.from(value).toString()
    return !done
  }
  const firstLine = async (): Promise<string> => {
    while (!text.includes('\n')) {
      if (!(await more()))
        throw new Error(`${command.join(' ')} ended with ${await child.exited}:\n${await errors}`)
    }
    return text.slice(0, text.indexOf('\n'))
  }
  const first = options.waits
    ? await limited(firstLine(), LIMITS.startMs, `${command[0]} said nothing`).catch((error) => {
        child.kill('SIGKILL')
        throw error
      })
    : ''
  return {
    pid: child.pid,
    firstLine: first,
    async output(limitMs) {
      const all = async () => {
        while (await more());
        const code = await child.exited
        if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${await errors}`)
        return text
      }
      return limited(all(), limitMs, `${command[0]} did not end`).catch((error) => {
        child.kill('SIGKILL')
        throw error
      })
    },
    async stop() {
      child.stdin.end()
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), LIMITS.stopMs)
      await child.exited
      clearTimeout(timer)
    },
  }
}

async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + Buffer.from(chunk).toString()).slice(-4000)
  return text
}

async function limited<Value>(promise: Promise<Value>, limitMs: number, what: string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
