import type { CloudEvent, Flow } from '../event/index.ts'
import type { Timer } from '../kernel/index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { BatchCollector } from './batch-collector.ts'
import type { Place } from './line.ts'

export type KeptOrigin = 'set-aside' | 'requested' | 'parked' | 'dead'

/**
 * One event that a member has to finish. `read`: from the log, its offset unfinished · otherwise kept by the
 * dead-letter store in that state, the watermark has passed it; a `dead` one holds back its key.
 */
export interface Work {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly lane: Lane
  /** Among the unfinished events of its partition; absent for one that the store keeps. */
  place: Place<Work> | undefined
  origin: 'read' | KeptOrigin
  /** Absent while the store keeps it: memory then has only its place in the lane. */
  record: StoredRecord | undefined
  /** The record parsed; absent until then, and where it cannot be. */
  event: CloudEvent | undefined
  /** Where its last attempt stands in traces. */
  flow: Flow | undefined
  /** Attempts that have failed, or during which the process died. */
  failed: number
  /** The number of the attempt at work that was stored before it started; 0 without one. */
  counted: number
  /** Attempts that an outage has ended, one after the other: they count for nothing else. */
  outages: number
  /** An earlier owner may have died while it handled this: until it is attempted here and the process lives on. */
  suspect: boolean
  /** The batch that it was in has failed: it is delivered by itself. */
  alone: boolean
  /** Why the last attempt failed. */
  error: Error | undefined
  /** When it may be tried again, ms since the Unix epoch. */
  nextAttemptAt: number | undefined
}

/**
 * The unfinished events of one key, in order: the first is delivered, the others wait for it. `ready`: for a place
 * among the handlers at work · `collecting`: its first events wait for a batch to fill · `waiting`: for a later attempt of
 * the first · `blocked`: the first is a dead letter, and somebody has to redrive or discard it.
 */
export interface Lane {
  /** Events without a key are each in a lane of their own. */
  readonly key: string | undefined
  readonly works: Work[]
  state: 'idle' | 'ready' | 'collecting' | 'running' | 'waiting' | 'blocked'
  /** Events of it are on their way to the dead-letter store: until they are there, none of them is delivered. */
  storing: boolean
  timer: Timer | undefined
  /** How many of its first events are in a batch, and what collects that. */
  collected: number
  collector: BatchCollector | undefined
}

export function newLane(key: string | undefined): Lane {
  return {
    key,
    works: [],
    state: 'idle',
    storing: false,
    timer: undefined,
    collected: 0,
    collector: undefined,
  }
}

type Kept = 'lane' | 'topic' | 'partition' | 'offset' | 'origin'

/** Puts an event at the end of its lane. */
export function newWork(known: Pick<Work, Kept> & Partial<Work>): Work {
  const work: Work = {
    place: undefined,
    record: undefined,
    event: undefined,
    flow: undefined,
    failed: 0,
    counted: 0,
    outages: 0,
    suspect: false,
    alone: false,
    error: undefined,
    nextAttemptAt: undefined,
    ...known,
  }
  work.lane.works.push(work)
  return work
}
