import { limits } from '../kernel/index.ts'
import type { Appended } from '../streams/index.ts'
import type { Database } from './database.ts'
import { isOfData, sqlState, stateOf } from './errors.ts'
import type { PostgresQuery } from './query.ts'
import { sharedTransaction } from './shared-transaction.ts'
import { type AppendOutcome, keyOf, type StreamAppend } from './stream-appends.ts'
import type { streamStatements } from './stream-statements.ts'
import { StreamWrites } from './stream-writes.ts'
import { Together } from './together.ts'

/** An append, and what else is to be written in its transaction. */
export interface AppendRequest extends StreamAppend {
  readonly within?: ((tx: PostgresQuery) => Promise<void>) | undefined
}

interface Waiting {
  readonly append: AppendRequest
  readonly fulfil: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Another transaction appends to the stream right now. */
const busy = Symbol('busy')

/** How often an append that met another of the same event ids looks what has become of that. */
const attempts = 3

/**
 * Appends to streams. Those of one turn of the event loop, and those that come while others are under way, share a
 * transaction. Where one of them spoils it for the others, each gets one of its own.
 */
export class StreamAppender {
  readonly #writes: StreamWrites
  readonly #written: () => void
  readonly #alone = new Set<Promise<unknown>>()
  /** Apart from each other: what goes with an append may take long, and plain ones are not to wait for it. */
  readonly #plain: Together<Waiting>
  readonly #withMore: Together<Waiting>

  /** @param written is called when events have committed. */
  constructor(database: Database, sql: ReturnType<typeof streamStatements>, written: () => void) {
    this.#writes = new StreamWrites(database, sql)
    this.#written = written
    const clock = database.timers
    const run = (group: readonly Waiting[]): Promise<void> => this.#appendTogether(group)
    this.#plain = new Together({ clock, groups: 1, take: takePlain, run })
    this.#withMore = new Together({ clock, groups: limits.postgresAppending, take: takeWithMore, run })
  }

  append(append: AppendRequest): Promise<Appended> {
    return new Promise((fulfil, reject) => {
      const together = append.within === undefined ? this.#plain : this.#withMore
      together.add({ append, fulfil, reject })
    })
  }

  /** Fulfils when nothing waits. */
  async settled(): Promise<void> {
    await Promise.all([this.#plain.settled(), this.#withMore.settled()])
    await Promise.all(this.#alone)
  }

  async #appendTogether(group: readonly Waiting[]): Promise<void> {
    const share = { spoiled: false }
    try {
      const outcomes = await this.#writes.transaction((tx) => this.#tryWrite(tx, group, share))
      for (const [index, waiting] of group.entries()) {
        const outcome = outcomes[index]
        if (outcome === busy) this.#appendAlone(waiting)
        else this.#settle(waiting, outcome)
      }
    } catch (error) {
      // Of events that another process has appended meanwhile each append is to know by itself, too; and of text that
      // PostgreSQL does not take only the one that has it.
      const ofOne = share.spoiled || isOfData(error)
      const again = ofOne ? group.length > 1 : stateOf(error) === sqlState.uniqueViolation
      for (const each of group)
        if (again) this.#appendAlone(each)
        else each.reject(error)
    }
  }

  async #tryWrite(
    tx: PostgresQuery,
    group: readonly Waiting[],
    share: { spoiled: boolean },
  ): Promise<readonly (AppendOutcome | typeof busy)[]> {
    const all = group.map(({ append }) => append)
    const locked = await this.#writes.tryLock(
      tx,
      all.map(({ stream }) => stream),
    )
    const appends = all.filter(({ stream }) => locked.has(keyOf(stream)))
    const outcomes = await this.#writes.write(tx, appends)
    await withMore(tx, appends, outcomes, share)
    const each = outcomes.values()
    return all.map(({ stream }) => (locked.has(keyOf(stream)) ? (each.next().value ?? busy) : busy))
  }

  /** Not to let the others wait for whoever has the stream locked. */
  #appendAlone({ append, fulfil, reject }: Waiting): void {
    const done: Promise<void> = this.#tryAlone(append)
      .then(fulfil, reject)
      .finally(() => this.#alone.delete(done))
    this.#alone.add(done)
  }

  async #tryAlone(append: AppendRequest): Promise<Appended> {
    for (let attempt = 1; ; attempt++) {
      const share = { spoiled: false }
      try {
        const [outcome] = await this.#writes.transaction(async (tx) => {
          await this.#writes.lock(tx, append.stream)
          const outcomes = await this.#writes.write(tx, [append])
          await withMore(tx, [append], outcomes, share)
          return outcomes
        })
        return this.#told(outcome, append)
      } catch (error) {
        // Another stream got an event of the same id meanwhile: now it can be seen.
        const again = !share.spoiled && stateOf(error) === sqlState.uniqueViolation
        if (!again || attempt === attempts) throw error
      }
    }
  }

  #settle({ append, fulfil, reject }: Waiting, outcome: AppendOutcome | undefined): void {
    try {
      fulfil(this.#told(outcome, append))
    } catch (error) {
      reject(error)
    }
  }

  #told(outcome: AppendOutcome | undefined, { events }: StreamAppend): Appended {
    if (outcome === undefined) throw new RangeError('An append has no outcome.')
    if ('error' in outcome) throw outcome.error
    if (outcome.appended.written && events.length > 0) this.#written()
    return outcome.appended
  }
}

/** Runs what is to be written with those appends that were written, side by side. Rejects when all have ended. */
async function withMore(
  tx: PostgresQuery,
  appends: readonly AppendRequest[],
  outcomes: readonly AppendOutcome[],
  share: { spoiled: boolean },
): Promise<void> {
  const shared = appends.length > 1 ? sharedTransaction(tx) : tx
  const running = appends.map(async ({ within }, index) => {
    const outcome = outcomes[index]
    if (outcome !== undefined && 'appended' in outcome && outcome.appended.written) await within?.(shared)
  })
  const failed = (await Promise.allSettled(running)).find((each) => each.status === 'rejected')
  if (failed === undefined) return
  share.spoiled = true
  throw failed.reason
}

/** As many as one transaction is to hold. */
function takePlain(waiting: readonly Waiting[]): number {
  let bytes = 0
  let count = 0
  for (const { append } of waiting.slice(0, limits.postgresAppends)) {
    for (const { body } of append.events) bytes += body.length
    if (count > 0 && bytes > limits.groupCommitBytes) break
    count += 1
  }
  return count
}

/** The same of different streams: what goes with two appends to one is written in their order. */
function takeWithMore(waiting: readonly Waiting[]): number {
  const most = takePlain(waiting)
  const streams = new Set<string>()
  for (const { append } of waiting.slice(0, most)) {
    const key = keyOf(append.stream)
    if (streams.has(key)) break
    streams.add(key)
  }
  return streams.size
}
