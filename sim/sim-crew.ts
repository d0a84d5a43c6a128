import { fakeCapabilities } from '../src/driver/fake/options.ts'
import type { WorkerRole } from '../src/engine/types.ts'
import type { Crew, CrewMember, startCrew } from '../src/run/crew.ts'
import type { RequestName, Requests } from '../src/worker/protocol.ts'
import type { JumpClock } from './jump-clock.ts'
import type { ModelBroker } from './model-broker.ts'
import { SimLoad } from './sim-load.ts'

type SimRole = 'producer' | 'consumer'
type SimMember = CrewMember & { readonly role: SimRole }
type Answers = { readonly [Name in RequestName]: (ask: Requests[Name]['ask']) => Requests[Name]['answer'] }

/** Workers that answer as the real ones do, with a model in the place of processes, drivers and brokers. */
export function simCrew(clock: JumpClock, broker: ModelBroker): typeof startCrew {
  return (assignments, hooks): Crew => {
    const spec = assignments.find(({ role }) => role === 'producer')!.spec
    const consumers = assignments.flatMap(({ spec: { consumers } }) => consumers)
    const load = new SimLoad(broker, spec, consumers)
    let epochUs = 0
    let boundariesUs: readonly number[] = []
    let told = 0
    const members = assignments.map((assignment): SimMember => {
      const role = simRole(assignment.role)
      const answers = answersOf(role, load, clock, (start) => {
        epochUs = start.epochUs
        boundariesUs = start.boundariesUs
      })
      return {
        ...assignment,
        role,
        intervals: [],
        handle: {
          role,
          index: assignment.index,
          pid: 0,
          niceness: 0,
          sharesClock: true,
          death: null,
          ask: async (request, ask) => answers[request](ask),
          end: async () => {},
          kill: () => {},
        },
      }
    })
    // Interval by interval, so that each tells what was true at its end.
    clock.follow((nowUs) => {
      for (; told < boundariesUs.length && epochUs + boundariesUs[told]! <= nowUs; told++) {
        load.advanceTo(epochUs + boundariesUs[told]!)
        for (const member of members) {
          member.intervals.push(load.interval(member.role, boundariesUs[told - 1] ?? 0, boundariesUs[told]!))
          hooks.onInterval(member)
        }
      }
      load.advanceTo(nowUs)
    })
    return {
      members,
      death: new AbortController().signal,
      askAll: (request, ask, { role, signal }) =>
        Promise.all(
          members
            .filter((member) => role === undefined || member.role === role)
            .map((member) => member.handle.ask(request, ask(member), signal)),
        ),
      end: async () => {},
    }
  }
}

function answersOf(
  role: 'producer' | 'consumer',
  load: SimLoad,
  clock: JumpClock,
  onStart: (start: Requests['start']['ask']) => void,
): Answers {
  const nothing = () => null
  const opened: Requests['open']['answer'] = {
    server: { version: 'model', settings: {}, client: 'model', notes: [] },
    capabilities: fakeCapabilities('log'),
  }
  return {
    open: () => opened,
    createTopics: nothing,
    topicTerms: nothing,
    deleteTopics: nothing,
    prepareConsumers: nothing,
    prepareProducers: nothing,
    clock: () => ({ nowUs: clock.nowUs() }),
    followClock: nothing,
    start: (ask) => {
      onStart(ask)
      load.start(ask.epochUs)
      return null
    },
    stopSending: nothing,
    retime: nothing,
    pauseConsumers: nothing,
    resumeConsumers: nothing,
    progress: () => load.progress(role),
    finish: ({ endUs }) => load.report(role, endUs),
    topicFigures: nothing,
    close: nothing,
  }
}

/** There is one clock here: a worker that does both, so as to measure on one, is not simulated. */
function simRole(role: WorkerRole): SimRole {
  if (role === 'both') throw new Error("expected a producer's or a consumer's worker, got one that is both")
  return role
}
