import type { EngineInterval, WorkerRole } from '../engine/types.ts'
import { AppError } from '../errors/app-error.ts'
import { startWorker, type WorkerHandle } from '../worker/local-pool.ts'
import type { RequestName, Requests } from '../worker/protocol.ts'
import type { WorkerAssignment } from './assignment.ts'

/** A worker with what it has told so far. */
export interface CrewMember extends WorkerAssignment {
  readonly handle: WorkerHandle
  readonly intervals: EngineInterval[]
}

/** The worker processes of one trial. */
export interface Crew {
  readonly members: readonly CrewMember[]
  /** Aborts with the reason when a worker dies unasked. */
  readonly death: AbortSignal
  /** Asks all members (or those that have the role, alone or as one of both) at the same time; rejects with the first error. */
  askAll<Name extends RequestName>(
    request: Name,
    ask: (member: CrewMember) => Requests[Name]['ask'],
    options: { role?: 'producer' | 'consumer'; signal: AbortSignal },
  ): Promise<Requests[Name]['answer'][]>
  /** Ends all processes; bounded. */
  end(): Promise<void>
}

/** Starts one process for each assignment. */
export function startCrew(
  assignments: readonly WorkerAssignment[],
  hooks: { onInterval(member: CrewMember): void; onLog(line: string): void },
): Crew {
  const death = new AbortController()
  const members: CrewMember[] = []
  for (const assignment of assignments) {
    const intervals: EngineInterval[] = []
    const member: CrewMember = {
      ...assignment,
      intervals,
      handle: startWorker(assignment.role, assignment.index, {
        onInterval: (interval) => {
          intervals.push(interval)
          hooks.onInterval(member)
        },
        onLog: hooks.onLog,
        onDeath: (how) => death.abort(new AppError('WORKER', how)),
      }),
    }
    members.push(member)
  }
  return {
    members,
    death: death.signal,
    askAll: (request, ask, { role, signal }) =>
      Promise.all(
        members
          .filter((member) => role === undefined || hasRole(member, role))
          .map((member) => member.handle.ask(request, ask(member), signal)),
      ),
    end: async () => {
      await Promise.all(members.map((member) => member.handle.end()))
    },
  }
}

export function hasRole(member: { readonly role: WorkerRole }, role: 'producer' | 'consumer'): boolean {
  return member.role === role || member.role === 'both'
}
