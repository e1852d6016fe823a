import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterList,
  DeadLetterPage,
  DeadLetterPlace,
  DeadLetterState,
  DeadLetterStore,
  OwnDeadLetterStore,
} from '../dead-letter/index.ts'
import { deadLetterId } from '../dead-letter/index.ts'
import { limits, type TidingsError } from '../kernel/index.ts'
import { capabilityMissing, type Fence } from '../log/index.ts'
import type { HeldMessage } from './held-messages.ts'

export interface RedrivenLettersOptions {
  readonly store: OwnDeadLetterStore
  readonly now: () => number
  /** What is in hand at an offset of a member. */
  readonly heldAt: (fence: Fence, offset: number) => HeldMessage | undefined
  /** Sends an event to the queue of the group that failed. */
  readonly send: (letter: DeadLetter) => Promise<void>
}

/**
 * Dead letters in a store that was named, of members that share their partitions: an entry has the offset that the message's
 * id gives it, so that it is one whoever writes it, and a redrive is a message to the queue of the group.
 */
export class RedrivenLetters implements DeadLetterStore {
  readonly #options: RedrivenLettersOptions

  constructor(options: RedrivenLettersOptions) {
    this.#options = options
  }

  /** @throws `capability_missing` for what is not dead: it waits in the queue. */
  async put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    if (entries.some(({ state }) => state === 'set-aside' || state === 'parked')) throw waits()
    const held = entries.map(({ offset }) => this.#options.heldAt(owner, offset))
    await this.#options.store.put(
      owner,
      entries.map((entry, index) => placed(entry, held[index])),
    )
    // It is a dead letter again, which may be asked for before its message is gone.
    for (const message of held) if (message !== undefined) message.redriven = false
  }

  resolve(owner: Fence, id: string): Promise<void> {
    return this.#options.store.resolve(owner, id)
  }

  /** The event of an entry that was sent again is handled. */
  handled(group: string, topic: string, { partition, letterOffset: offset }: HeldMessage): Promise<void> {
    const fence = { group, topic, partition, generation: 1 }
    return this.resolve(fence, deadLetterId(group, { topic, partition, offset }))
  }

  /** Members are given nothing from here. What was asked for and not sent, because a process died between, is sent. */
  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    if (!states.includes('requested')) return []
    const places = await this.#options.store.open(group, topic, partition, ['requested'])
    await this.#send(places.filter((place) => !isSent(place, this.#options.now())).map(({ id }) => id))
    return []
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const requested = await this.#options.store.request(ids)
    await this.#send(requested)
    return requested
  }

  discard(id: string, reason: string): Promise<boolean> {
    return this.#options.store.discard(id, reason)
  }

  get(id: string): Promise<DeadLetter | undefined> {
    return this.#options.store.get(id)
  }

  list(filter?: DeadLetterFilter, page?: DeadLetterPage): Promise<DeadLetterList> {
    return this.#options.store.list(filter, page)
  }

  count(filter?: DeadLetterFilter): Promise<number> {
    return this.#options.store.count(filter)
  }

  watch(changed: () => void): () => void {
    return this.#options.store.watch(changed)
  }

  close(): Promise<void> {
    return this.#options.store.close()
  }

  /** Marked before it is sent, `nextAttemptAt` says when: whoever handles it may be sooner than a mark after it. */
  async #send(ids: readonly string[]): Promise<void> {
    const { store, send, now } = this.#options
    for (const id of ids) {
      const letter = await store.get(id)
      if (letter?.state !== 'requested' || isSent(letter, now())) continue
      const { group, topic, partition } = letter
      const fence = { group, topic, partition, generation: 1 }
      await store.put(fence, [{ ...letter, nextAttemptAt: now() }])
      try {
        await send(letter)
      } catch (error) {
        await store.put(fence, [{ ...letter, nextAttemptAt: undefined }])
        throw error
      }
    }
  }
}

/** Under the offset of its message. */
function placed(entry: DeadLetter, held: HeldMessage | undefined): DeadLetter {
  if (held === undefined) return entry
  const offset = held.letterOffset
  return { ...entry, offset, id: deadLetterId(entry.group, { ...entry, offset }) }
}

/** A process that died may have marked it and not sent it: after a while it is sent once more. */
function isSent({ nextAttemptAt }: Pick<DeadLetter, 'nextAttemptAt'>, nowMs: number): boolean {
  return nextAttemptAt !== undefined && nowMs - nextAttemptAt < limits.sqsHandleMs
}

function waits(): TidingsError {
  return capabilityMissing(
    'eventbridge',
    'hold',
    'it sets no event aside: each stays in the hands of its member until it is handled or a dead letter.',
  )
}
