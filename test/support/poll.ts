const EVERY_MS = 20

/** Waits until the probe holds; fails with the sentence when the limit passes. */
export async function pollUntil(
  what: string,
  limitMs: number,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  const since = performance.now()
  while (!(await probe())) {
    if (performance.now() - since > limitMs) throw new Error(`expected ${what} within ${limitMs} ms`)
    await Bun.sleep(EVERY_MS)
  }
}
