import type { Command } from 'commander'
import type { Catalog } from '../catalog/index.ts'
import { limits, TidingsError } from '../index.ts'
import type { Start, StoredRecord, TransportAdmin } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { exitCodes } from './exit-code.ts'
import { wholeNumber } from './number.ts'
import { placeOf } from './place.ts'
import { lastRecordsOf, type Range, recordsOf } from './records.ts'
import { eventLine, placeText, readableLine, type TailedEvent, tailedEvent } from './tailed-event.ts'
import { oneLine } from './text.ts'
import { type TopicInfo, topicNamed } from './topics.ts'

interface TailOptions extends EngineOptions {
  readonly from?: Start
  readonly partition?: number
  readonly type?: string
  readonly subject?: string
  readonly count?: number
  readonly follow?: true
  readonly json?: true
}

export function addTail(program: Command, context: Context): void {
  program
    .command('tail')
    .argument('<topic>', 'the topic, as `tidings topics` lists it')
    .description('Print the events of a topic: the last ten, or all from a place on.')
    .option('--from <place>', 'start, end, a time (of appending) or an offset (in every partition)', placeOf)
    .option('--partition <number>', 'only this partition', wholeNumber(0))
    .option('--type <type>', 'only events of this type')
    .option('--subject <subject>', 'only events of this subject')
    .option('-n, --count <number>', 'the last so many; with --from, the first so many', wholeNumber(1))
    .option('-f, --follow', 'go on with what is published from now on')
    .option('--json', 'one JSON object a line, for each event: structured CloudEvents JSON')
    .addHelpText('after', examples)
    .action(async (topic: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<TailOptions>()
      await withEngine(options, context.io, async ({ admin }, catalog) => {
        checkType(topic, options.type, catalog)
        await new Tail(admin, topic, options, context).run()
      })
    })
}

const examples = `
Examples:
  tidings tail orders
  tidings tail orders --follow --type com.example.orders.created
  tidings tail orders --from start --json > orders.ndjson
  tidings tail orders --from 2026-01-31T00:00:00Z --subject orders/42`

/** How often the log is looked at where its engine does not tell of a change. */
const lookEveryMs = 1_000
const lastByDefault = 10

class Tail {
  readonly #admin: TransportAdmin
  readonly #topic: string
  readonly #options: TailOptions
  readonly #context: Context
  #positions = new Map<number, number>()
  #left: number

  constructor(admin: TransportAdmin, topic: string, options: TailOptions, context: Context) {
    this.#admin = admin
    this.#topic = topic
    this.#options = options
    this.#context = context
    this.#left =
      options.from === undefined ? Number.POSITIVE_INFINITY : (options.count ?? Number.POSITIVE_INFINITY)
  }

  async run(): Promise<void> {
    const { signal } = this.#context.io
    let changed = new AbortController()
    const unwatch = this.#admin.watch(() => changed.abort())
    try {
      await this.#printStored()
      while (this.#options.follow && this.#left > 0 && !signal.aborted) {
        await this.#context.output.flush()
        await this.#context.io.wait(lookEveryMs, AbortSignal.any([signal, changed.signal]))
        changed = new AbortController()
        await this.#printNew()
      }
    } finally {
      unwatch()
    }
  }

  async #printStored(): Promise<void> {
    const { from, count = lastByDefault } = this.#options
    const bounds = await this.#bounds()
    if (from === undefined) {
      await this.#printLast(bounds, count)
      for (const { partition, end } of bounds) this.#positions.set(partition, end)
    } else {
      for (const { partition } of bounds) {
        this.#positions.set(partition, await this.#admin.offsetOf(this.#topic, partition, from))
      }
      await this.#printNew()
    }
  }

  async #printLast(bounds: TopicInfo['bounds'], count: number): Promise<void> {
    const matches = (record: StoredRecord): boolean => this.#matches(tailedEvent(record))
    const found: StoredRecord[] = []
    for (const { partition, begin, end } of bounds) {
      const range = { partition, from: begin, to: end }
      found.push(...(await lastRecordsOf(this.#admin, this.#topic, range, atMost(count), matches)))
    }
    const ordered = found.toSorted((a, b) => a.appendedAt - b.appendedAt || a.partition - b.partition)
    for (const record of ordered.slice(-count)) await this.#print(tailedEvent(record))
  }

  async #printNew(): Promise<void> {
    const { signal } = this.#context.io
    const ranges: Range[] = []
    for (const { partition, begin, end } of await this.#bounds()) {
      ranges.push({ partition, from: Math.max(begin, this.#positions.get(partition) ?? begin), to: end })
      this.#positions.set(partition, end)
    }
    const unread = ranges.filter(({ from, to }) => from < to)
    for await (const record of recordsOf(this.#admin, this.#topic, unread)) {
      // To be interrupted is how following ends; otherwise something is missing from what was printed.
      if (!this.#options.follow) signal.throwIfAborted()
      if (this.#left === 0) return
      if (signal.aborted) return
      const tailed = tailedEvent(record)
      if (this.#matches(tailed)) await this.#print(tailed)
    }
  }

  async #print(tailed: TailedEvent): Promise<void> {
    const { output } = this.#context
    const line = this.#options.json ? eventLine(tailed) : readableLine(tailed, output)
    this.#left -= 1
    if (line !== undefined) await output.line(line)
    else if (tailed.event instanceof TidingsError) {
      output.words(`${this.#topic}/${placeText(tailed.record)}: ${oneLine(tailed.event.message)}`)
      this.#context.exitCode = exitCodes.failed
    }
  }

  #matches({ event }: TailedEvent): boolean {
    const { type, subject } = this.#options
    if (event instanceof TidingsError) return type === undefined && subject === undefined
    return (type ?? event.type) === event.type && (subject === undefined || subject === event.subject)
  }

  async #bounds(): Promise<TopicInfo['bounds']> {
    const { partition } = this.#options
    const { bounds } = await topicNamed(this.#admin, this.#topic)
    if (partition === undefined) return bounds
    const found = bounds.filter((each) => each.partition === partition)
    if (found.length > 0) return found
    throw new TidingsError(
      'partition_missing',
      `Topic "${this.#topic}" has partitions 0 to ${bounds.length - 1}, not ${partition}.`,
    )
  }
}

/** A type that the catalog does not have on its topic would find nothing, for ever with --follow. @throws `type_unknown` */
function checkType(topic: string, type: string | undefined, catalog: Catalog | undefined): void {
  const known = catalog?.topics.find(({ name }) => name === topic)
  if (type !== undefined && known !== undefined && !known.types.includes(type)) catalog?.definitionOf(type)
}

function atMost(count: number): number {
  if (count <= limits.cliLastEvents) return count
  throw new TidingsError(
    'option_invalid',
    `The last ${count} events are too many to look up; at most ${limits.cliLastEvents} are. Use --from to read from a place on.`,
  )
}
