import { hostname } from 'node:os'
import { type Clock, isTidingsError, limits, TidingsError, type Timer, toError } from '../kernel/index.ts'
import { type BeatResult, beat, type GroupState, type Held, type Rewind } from './group.ts'
import { type KeptLease, keptByLoop } from './lease.ts'
import type { LoadedGroup, LogStore } from './log-store.ts'
import { partitionName } from './partitioner.ts'

export interface MembershipOptions {
  readonly store: Pick<LogStore, 'loadGroup' | 'saveGroup' | 'topics' | 'keepLease'>
  readonly clock: Clock
  readonly group: string
  readonly member: string
  readonly topics: readonly string[]
  readonly rewind: Rewind
  readonly sessionTimeoutMs: number
  readonly heartbeatEveryMs: number
  readonly blockedMs: number
  /** What this member holds has changed: all that it holds now, and the names of what others want. */
  readonly changed: (held: readonly Held[], wanted: ReadonlySet<string>) => Promise<void>
  /** The lease could not be renewed in time: everything held is lost. */
  readonly lost: (error: Error) => void
}

let sessions = 0

/** How often a lost race between members is run again before it is an error. */
const saveAttempts = 100

/**
 * Keeps one member in its group: renews its lease, takes what it is granted, notices what others want. All its
 * steps run one after the other.
 */
export class Membership {
  readonly #options: MembershipOptions
  /** Different for every start of a member. */
  readonly #session: string
  #steps: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #leaseFromMs: number
  #kept: KeptLease = keptByLoop
  /** When the first lease in the group ends unless it is renewed, by this process's own clock. */
  #firstLeaseMs = 0
  #revision = 0
  #closed = false

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#session = `${hostname()} ${process.pid} ${options.clock.monotonic()} ${sessions++}`
    this.#leaseFromMs = options.clock.monotonic()
  }

  async join(): Promise<void> {
    await this.#step(() => this.#renew([]))
    const { store, group, member, heartbeatEveryMs: everyMs, blockedMs } = this.#options
    this.#kept = store.keepLease({ group, member, session: this.#session, everyMs, blockedMs })
    this.#kept.renewed(this.#leaseFromMs)
    this.#arm()
  }

  /** Another member may have changed the group: look, and save only when that means something for this one. */
  look(): void {
    if (this.#closed) return
    this.#background(async () => {
      const loaded = await this.#options.store.loadGroup(this.#options.group)
      if (this.#closed || loaded.revision === this.#revision) return
      const result = await this.#beat(loaded, [], false)
      const mine = (held: Held): boolean => held.member === this.#options.member
      const known = Object.values(loaded.state.held).filter(mine)
      if (result.granted.length > 0 || !this.alive) await this.#renew([])
      else await this.#options.changed(known, new Set(result.wanted))
    })
  }

  /** Renews the lease as soon as what is under way is done, without waiting for the next heartbeat. */
  renew(): void {
    if (!this.#closed) this.#renewAndArm()
  }

  release(names: readonly string[]): Promise<void> {
    return this.#step(() => this.#renew(names))
  }

  /** Leaves the group; safe to call twice. */
  async leave(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.cancel()
    this.#kept.release()
    await this.#step(() => this.#save([], true).then(() => undefined))
  }

  /** False once the lease may have ended, by this process's own clock. */
  get alive(): boolean {
    const { clock, sessionTimeoutMs } = this.#options
    const nowMs = clock.monotonic()
    // While the event loop was blocked the lease may have been renewed beside it.
    return nowMs - this.#leaseFromMs < sessionTimeoutMs || nowMs - this.#kept.renewedFromMs < sessionTimeoutMs
  }

  /** The next beat comes early when another's lease ends before: its partitions are free from then on. */
  #arm(): void {
    const { clock, heartbeatEveryMs } = this.#options
    // A lease that was about to end when it was looked at may have ended since.
    const untilFreeMs = Math.max(limits.leastBeatMs, this.#firstLeaseMs - clock.monotonic())
    const delayMs = Math.min(heartbeatEveryMs, untilFreeMs)
    this.#timer?.cancel()
    this.#timer = clock.schedule(delayMs, () => {
      if (!this.#closed) this.#renewAndArm()
    })
  }

  #renewAndArm(): void {
    this.#background(async () => {
      try {
        await this.#renew([])
      } finally {
        if (!this.#closed) this.#arm()
      }
    })
  }

  #background(step: () => Promise<void>): void {
    this.#step(step).catch((error: unknown) => {
      const final = isFinal(error)
      if (!this.#closed && (final || !this.alive)) this.#options.lost(toError(error))
      if (!final) return
      this.#closed = true
      this.#timer?.cancel()
      this.#kept.release()
    })
  }

  #step(step: () => Promise<void>): Promise<void> {
    const next = this.#steps.then(step)
    this.#steps = next.catch(() => undefined)
    return next
  }

  async #renew(released: readonly string[]): Promise<void> {
    const fromMs = this.#options.clock.monotonic()
    const result = await this.#save(released, false)
    this.#leaseFromMs = fromMs
    this.#kept.renewed(fromMs)
    this.#firstLeaseMs = fromMs + this.#untilFirstLeaseMs(result.state)
    const held = Object.values(result.state.held).filter((each) => each.member === this.#options.member)
    await this.#options.changed(held, new Set(result.wanted))
  }

  /** Counted from now, which on the lease clock is one session before this member's own new lease ends. */
  #untilFirstLeaseMs({ members }: GroupState): number {
    const { member, sessionTimeoutMs } = this.#options
    const ends = Object.values(members).map((each) => each.leaseUntilMs)
    return Math.min(...ends) - ((members[member]?.leaseUntilMs ?? 0) - sessionTimeoutMs)
  }

  async #save(released: readonly string[], leaves: boolean): Promise<BeatResult> {
    const { store, group } = this.#options
    for (let attempt = 1; attempt <= saveAttempts; attempt++) {
      const loaded = await store.loadGroup(group)
      const result = await this.#beat(loaded, released, leaves)
      if (await store.saveGroup(group, result.state, loaded.revision, result.granted)) {
        this.#revision = loaded.revision + 1
        return result
      }
    }
    throw new TidingsError(
      'engine_busy',
      `The state of group "${group}" changed ${saveAttempts} times while this member tried to save it. Are there hundreds of members joining at once?`,
    )
  }

  async #beat(loaded: LoadedGroup, released: readonly string[], leaves: boolean): Promise<BeatResult> {
    const { store, clock, group, member, topics, rewind, sessionTimeoutMs } = this.#options
    const session = this.#session
    const known = loaded.state.members[member]
    if (this.#revision > 0 && known !== undefined && known.session !== session) {
      throw new TidingsError(
        'fenced',
        `Another process has joined group "${group}" as member "${member}" and taken its place. Give each member an id of its own.`,
      )
    }
    return beat(
      loaded.state,
      {
        member,
        session,
        topics,
        rewind,
        nowMs: loaded.leaseNowMs,
        leaseMs: sessionTimeoutMs,
        epochMs: clock.now(),
        released,
        leaves,
      },
      await store.topics(),
    )
  }
}

/** True for what no later heartbeat mends: another process has this member's place, or the file is not what it was. */
export function isFinal(error: unknown): boolean {
  return (
    isTidingsError(error, 'fenced') ||
    isTidingsError(error, 'file_corrupt') ||
    isTidingsError(error, 'file_replaced')
  )
}

/** A member's id: readable in lists, different for every start. */
export function checkMember(member: string): void {
  if (member.length > 0 && member.length <= limits.nameLength) return
  throw new TidingsError(
    'name_invalid',
    `A member's id has 1 to ${limits.nameLength} characters, not ${member.length}.`,
  )
}

export function heldName(held: Held): string {
  return partitionName(held.topic, held.partition)
}
