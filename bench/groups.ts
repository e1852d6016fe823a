import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backlog } from './groups/backlog.ts'
import type { Share } from './groups/share.ts'
import type { Takeover } from './groups/takeover.ts'
import type { TwoProcessesLatency } from './groups/two-processes.ts'
import { inChild, median, rounded, say } from './harness.ts'
import type { Rate } from './sqlite/publish.ts'

export interface GroupsBenchOptions {
  readonly rounds: number
  /** Unread records in the large log of the question whether they need memory. */
  readonly records: number
}

const groupCounts = [1, 4, 16]
const processCounts = [1, 2, 4]
const events = 25_600
const fewRecords = 10_240
const backlogMs = 5_000
const windowMs = 3_000
/** For processes to load, and to have compiled what they run. */
const loadMs = 1_500
const warmUpMs = 1_000

/** What several groups and several processes on one file cost each other, and how soon a dead member is replaced. */
const targets = {
  fourWriters: { ofOne: 0.8, leastShare: 0.5 },
  twoProcesses: { p50Ms: 1.5, p99Ms: 6 },
  takeoverMs: 11_000,
  rssGrowth: 1.1,
}

export async function benchGroups(options: GroupsBenchOptions): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  try {
    const bench = new GroupsBench(folder)
    for (let round = 1; round <= options.rounds; round++) {
      say(`round ${round} of ${options.rounds}`)
      await bench.round()
      await bench.twoProcesses()
    }
    await bench.takeovers(options.rounds)
    await bench.backlogs(options.records)
    return {
      bench: 'groups',
      ...options,
      cpus: cpus().length,
      node: process.versions.node,
      ...bench.report(),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What every round found. */
class GroupsBench {
  readonly #folder: string
  readonly #groups = new Map<number, number[]>()
  readonly #writers = new Map<number, number[]>()
  readonly #leastShares: number[] = []
  readonly #both = new Map<number, { published: number[]; handled: number[] }>()
  readonly #latencies: TwoProcessesLatency[] = []
  readonly #takeoverMs: number[] = []
  readonly #backlogs: { unread: number; started: number; rssMegabytes: number }[] = []
  #files = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  async round(): Promise<void> {
    const log = this.#file()
    await this.#fill(log, events)
    for (const groups of groupCounts) {
      const { figures } = await this.#measure<Rate>('groups/many-groups.ts', 'manyGroups', {
        file: log,
        groups,
      })
      say(`  ${groups} groups: ${Math.round(figures.perSecond)} deliveries/s`)
      add(this.#groups, groups, figures.perSecond)
    }
    for (const processes of processCounts) {
      const shares = await this.#share(processes, false)
      const published = shares.map((each) => each.published)
      add(this.#writers, processes, perSecond(sum(published)))
      say(
        `  ${processes} writing: ${Math.round(perSecond(sum(published)))} events/s (${published.join(', ')})`,
      )
      if (processes === 4) this.#leastShares.push(Math.min(...published) / (sum(published) / processes))
    }
    for (const processes of processCounts) {
      const shares = await this.#share(processes, true)
      const known = this.#both.get(processes) ?? { published: [], handled: [] }
      known.published.push(perSecond(sum(shares.map((each) => each.published))))
      known.handled.push(perSecond(sum(shares.map((each) => each.handled))))
      this.#both.set(processes, known)
      say(
        `  ${processes} writing and reading: ${known.published.at(-1)} published/s, ${known.handled.at(-1)} handled/s`,
      )
    }
  }

  /** From `publish` in one process to the handler in another. */
  async twoProcesses(): Promise<void> {
    const options = { file: this.#file(), perSecond: 1_000, warmUpMs: 1_000, elapsedMs: 5_000 }
    const { figures } = await this.#measure<TwoProcessesLatency>(
      'groups/two-processes.ts',
      'twoProcesses',
      options,
    )
    say(`  two processes: p50 ${rounded(figures.p50Ms)} ms, p99 ${rounded(figures.p99Ms)} ms`)
    this.#latencies.push(figures)
  }

  async takeovers(rounds: number): Promise<void> {
    for (let round = 1; round <= rounds; round++) {
      const options = { file: this.#file() }
      const { figures } = await this.#measure<Takeover>('groups/takeover.ts', 'takeover', options)
      say(`  takeover: ${Math.round(figures.takeoverMs)} ms`)
      this.#takeoverMs.push(figures.takeoverMs)
    }
  }

  async backlogs(records: number): Promise<void> {
    for (const count of [fewRecords, records]) {
      const file = this.#file()
      await this.#fill(file, count)
      const measured = await this.#measure<Backlog>('groups/backlog.ts', 'backlog', {
        file,
        elapsedMs: backlogMs,
      })
      const rssMegabytes = Math.round(measured.rssMegabytes)
      this.#backlogs.push({ ...measured.figures, rssMegabytes })
      say(`  ${measured.figures.unread} unread: ${rssMegabytes} MB`)
    }
  }

  report(): object {
    const writers = median(this.#writers.get(4) ?? []) / median(this.#writers.get(1) ?? [])
    const leastShare = median(this.#leastShares)
    const takeoverMs = Math.round(median(this.#takeoverMs))
    const p50Ms = median(this.#latencies.map((each) => each.p50Ms))
    const p99Ms = median(this.#latencies.map((each) => each.p99Ms))
    const [few, many] = this.#backlogs
    const rssGrowth = rounded((many?.rssMegabytes ?? 0) / (few?.rssMegabytes ?? 0))
    const { ofOne, leastShare: fairest } = targets.fourWriters
    return {
      deliveriesPerSecond: byCount(this.#groups),
      publishedPerSecond: byCount(this.#writers),
      fourWriters: {
        ofOne: rounded(writers),
        leastShare: rounded(leastShare),
        target: targets.fourWriters,
        reached: writers >= ofOne && leastShare >= fairest,
      },
      publishedAndHandledPerSecond: Object.fromEntries(
        [...this.#both].map(([processes, { published, handled }]) => [
          processes,
          { published: Math.round(median(published)), handled: Math.round(median(handled)) },
        ]),
      ),
      twoProcesses: {
        p50Ms: rounded(p50Ms),
        p99Ms: rounded(p99Ms),
        target: targets.twoProcesses,
        reached: p50Ms <= targets.twoProcesses.p50Ms && p99Ms <= targets.twoProcesses.p99Ms,
      },
      takeover: {
        ms: takeoverMs,
        all: this.#takeoverMs.map(Math.round),
        target: targets.takeoverMs,
        reached: takeoverMs <= targets.takeoverMs,
      },
      unread: {
        measured: this.#backlogs,
        rssGrowth,
        target: targets.rssGrowth,
        reached: rssGrowth <= targets.rssGrowth,
      },
    }
  }

  async #share(processes: number, consumes: boolean): Promise<readonly Share[]> {
    const file = this.#file()
    await this.#fill(file, 256)
    const startMs = Date.now() + loadMs
    const options = { file, startMs, warmUpMs, windowMs, consumes }
    const all = Array.from({ length: processes }, () =>
      this.#measure<Share>('groups/share.ts', 'share', options),
    )
    return (await Promise.all(all)).map(({ figures }) => figures)
  }

  async #fill(file: string, count: number): Promise<void> {
    await this.#measure('sqlite/publish.ts', 'publishBatches', { file, warmUp: 0, events: count })
  }

  #measure<Figures>(
    module: string,
    measurement: string,
    options: object,
  ): ReturnType<typeof inChild<Figures>> {
    return inChild<Figures>(join(this.#folder, 'compiled'), module, measurement, options)
  }

  #file(): string {
    return join(this.#folder, `${this.#files++}.db`)
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const perSecond = (count: number): number => Math.round((count / windowMs) * 1_000)

function add(all: Map<number, number[]>, name: number, value: number): void {
  all.set(name, [...(all.get(name) ?? []), value])
}

function byCount(all: ReadonlyMap<number, readonly number[]>): object {
  return Object.fromEntries([...all].map(([count, values]) => [count, Math.round(median(values))]))
}
