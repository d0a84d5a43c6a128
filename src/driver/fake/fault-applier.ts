import type { Clock, Timer } from '../../clock/clock.ts'
import { planFaults } from './faults.ts'
import type { FakeFaults } from './options.ts'
import type { Emission } from './subscription.ts'

/** Turns accepted messages into the deliveries that the faults leave of them. */
export interface FaultApplier {
  /** False once nothing is left to do: `apply` need not be called any more. */
  readonly active: boolean
  /** Appends what will be delivered to `list`; true when the sender must not learn the outcome. */
  apply(stream: string, emission: Emission, list: Emission[]): boolean
  clear(): void
}

/** How long the first message of a swap waits for the second of its stream before it goes out unharmed. */
const HOLD_LIMIT_MS = 10_000

const NO_FAULTS: FaultApplier = {
  active: false,
  apply(_stream, emission, list) {
    list.push(emission)
    return false
  },
  clear() {},
}

/** `release` gets a message whose swap found no partner in time. */
export function createFaultApplier(
  clock: Clock,
  faults: FakeFaults | null,
  release: (emission: Emission) => void,
): FaultApplier {
  if (faults === null) return NO_FAULTS
  const planner = planFaults(faults)
  const held = new Map<string, { readonly emission: Emission; readonly timer: Timer }>()

  function hold(stream: string, emission: Emission): void {
    const timer = clock.schedule(HOLD_LIMIT_MS, () => {
      held.delete(stream)
      planner.retrySwap()
      release(emission)
    })
    held.set(stream, { emission, timer })
  }

  return {
    get active() {
      return planner.open > 0 || held.size > 0
    },
    apply(stream, emission, list) {
      const kind = planner.next(stream)
      const earlier = held.get(stream)
      if (earlier !== undefined) {
        earlier.timer.cancel()
        held.delete(stream)
        list.push(emission, { ...earlier.emission, receiver: 'same' })
      } else if (kind === null) list.push(emission)
      else if (kind === 'duplicate') list.push(emission, { ...emission, receiver: 'another' })
      else if (kind === 'corrupt') list.push({ ...emission, value: flipped(emission.value) })
      else if (kind === 'swap') hold(stream, emission)
      return kind === 'lose'
    },
    clear() {
      for (const { timer } of held.values()) timer.cancel()
      held.clear()
    },
  }
}

/** Every byte differs, so that no header survives. */
function flipped(value: Uint8Array): Uint8Array {
  return value.map((byte) => byte ^ 0xff)
}
