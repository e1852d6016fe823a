import { ok } from 'node:assert/strict'
import {
  type Assignment,
  type Batch,
  partitionName,
  type StoredRecord,
  type SubscribeRequest,
  type Subscription,
} from '../log/index.ts'
import { eventually, idOf, request, type TransportContext } from './transport-context.ts'

export interface MemberOptions extends Partial<SubscribeRequest> {
  /** False: it reads and commits nothing. */
  readonly commits?: boolean
  /** False: a partition that another member shall have is kept until the case releases it. */
  readonly releases?: boolean
}

/** A member as a case sees it: it reads all it gets, commits it, and lets go of what others shall have. */
export class ContractMember {
  readonly subscription: Subscription
  readonly records: StoredRecord[] = []
  readonly batches: Batch[] = []
  /** Every assignment it was told of, in that order. */
  readonly announced: Assignment[] = []
  /** How the iteration ended; undefined while it goes on. */
  ended: 'closed' | Error | undefined
  readonly #commits: boolean
  readonly #releases: boolean

  constructor(subscription: Subscription, { commits = true, releases = true }: MemberOptions) {
    this.subscription = subscription
    this.#commits = commits
    this.#releases = releases
    this.#read().then(
      () => (this.ended = 'closed'),
      (error: Error) => (this.ended = error),
    )
  }

  /** Ids of events, in the order they came. */
  get seen(): string[] {
    return this.records.map(idOf)
  }

  /** Names of the partitions it has now. */
  get owned(): string[] {
    return this.subscription.assigned.map((each) => partitionName(each.topic, each.partition)).toSorted()
  }

  assignment(partition: number): Assignment {
    const found = this.subscription.assigned.find((each) => each.partition === partition)
    ok(found, `The member does not own partition ${partition}.`)
    return found
  }

  commit(partition: number, offset: number, state = ''): Promise<readonly Assignment[]> {
    return this.subscription.commit([{ assignment: this.assignment(partition), offset, state }])
  }

  async #read(): Promise<void> {
    for await (const batch of this.subscription) {
      const { assignment, records } = batch
      this.batches.push(batch)
      if (!this.announced.includes(assignment)) this.#welcome(assignment)
      this.records.push(...records)
      const last = records.at(-1)
      if (this.#commits && last !== undefined) {
        await this.subscription.commit([{ assignment, offset: last.offset + 1, state: '' }])
      }
    }
  }

  #welcome(assignment: Assignment): void {
    this.announced.push(assignment)
    if (!this.#releases) return
    const release = (): void => void this.subscription.release(assignment)
    if (assignment.leaving.aborted) release()
    else assignment.leaving.addEventListener('abort', release, { once: true })
  }
}

/** Joins a group; fulfils when every partition of the topic that it has was announced to it. */
export async function join(
  context: TransportContext,
  member: string,
  options: MemberOptions = {},
): Promise<ContractMember> {
  const { commits: _commits, releases: _releases, ...others } = options
  const subscription = await context.transport.subscribe({ ...request, member, ...others })
  const joined = new ContractMember(subscription, options)
  await context.clock.advance(0)
  return joined
}

/** Waits until a member has seen so many records. */
export function hasSeen(context: TransportContext, member: ContractMember, count: number): Promise<void> {
  return eventually(context, `a member has ${count} records`, () => member.records.length >= count)
}

/** Waits until members own so many partitions each. */
export function haveOwned(
  context: TransportContext,
  members: readonly ContractMember[],
  counts: readonly number[],
): Promise<void> {
  return eventually(context, `members own ${counts.join(' and ')} partitions`, () =>
    members.every(({ owned }, index) => owned.length === counts[index]),
  )
}
