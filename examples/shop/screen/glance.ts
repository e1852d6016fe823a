import type { Failure } from '../failure.ts'
import type { Mail } from '../notifications/mailer.ts'
import type { Shop } from '../shop.ts'
import type { Tally } from '../tally.ts'

/** What the live page shows, read once a second. */
export interface Glance {
  readonly seconds: number
  readonly events: number
  readonly eventsPerSecond: number
  readonly orders: number
  readonly refused: number
  readonly revenueCents: number
  readonly itemsSold: number
  readonly groups: readonly GroupGlance[]
  readonly mailsSent: number
  readonly mails: readonly Mail[]
  readonly failures: readonly string[]
}

export interface GroupGlance {
  readonly name: string
  /** Undefined where the engine has no places in a log. */
  readonly committed: number | undefined
  readonly lag: number
  readonly retries: number
  readonly deadLetters: number
}

const shownMails = 3
const shownFailures = 3

/** Watches a shop. `failed` must be given to the shop, so that failures are seen. */
export class Watch {
  readonly #retries = new Map<string, number>()
  readonly #failures: string[] = []
  readonly #startedMs = performance.now()
  #events: number | undefined
  #atMs = this.#startedMs

  readonly failed = (failure: Failure): void => {
    const { group, isDead } = failure
    if (!isDead) this.#retries.set(group, (this.#retries.get(group) ?? 0) + 1)
    this.#failures.unshift(failureLine(failure))
    this.#failures.length = Math.min(this.#failures.length, shownFailures)
  }

  async look({ bus, mailer, figures, stock, readers }: Shop, { orders, refused }: Tally): Promise<Glance> {
    const events = await eventsOf(bus, figures)
    const groups = await Promise.all(readers.map(({ name }) => this.#group(bus, name)))
    return {
      ...this.#pace(events),
      orders,
      refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
      revenueCents: await figures.revenueCents(),
      itemsSold: await stock.totalSold(),
      groups,
      mailsSent: await mailer.sent(),
      mails: await mailer.latest(shownMails),
      failures: [...this.#failures],
    }
  }

  #pace(events: number): Pick<Glance, 'seconds' | 'events' | 'eventsPerSecond'> {
    const nowMs = performance.now()
    const since = (nowMs - this.#atMs) / 1_000
    const eventsPerSecond = this.#events === undefined ? 0 : Math.round((events - this.#events) / since)
    this.#events = events
    this.#atMs = nowMs
    return { seconds: Math.round((nowMs - this.#startedMs) / 1_000), events, eventsPerSecond }
  }

  async #group(bus: Shop['bus'], name: string): Promise<GroupGlance> {
    const lags = await bus.admin.lag(name)
    return {
      name,
      committed: bus.capabilities.replay.offset
        ? lags.reduce((sum, each) => sum + each.committed, 0)
        : undefined,
      lag: lags.reduce((sum, each) => sum + each.lag, 0),
      retries: this.#retries.get(name) ?? 0,
      deadLetters: await bus.deadLetters.count({ group: name, states: ['dead', 'requested'] }),
    }
  }
}

/** In the log; where it cannot be read, those that analytics has counted: all events concern it. */
async function eventsOf({ admin, capabilities }: Shop['bus'], figures: Shop['figures']): Promise<number> {
  const counts = capabilities.replay.start
    ? (await admin.topics()).flatMap(({ bounds }) => bounds.map(({ end }) => end))
    : Object.values(await figures.statuses())
  return counts.reduce((sum, count) => sum + count, 0)
}

function failureLine({ group, subject, attempt, reason, isDead }: Failure): string {
  return `${group}: ${subject}, attempt ${attempt}: ${reason} (${isDead ? 'now a dead letter' : 'will be tried again'})`
}
