import { type Command, Option } from 'commander'
import type { Engine } from '../bus/index.ts'
import { connect, TidingsError } from '../index.ts'
import { type DeliveryEntry, JournalReader, type JournalView, traceTree } from '../journal/index.ts'
import { memoryJournalView } from '../memory/index.ts'
import { resolvedUrl } from './configuration.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { lengthOfTime } from './length-of-time.ts'
import { sequenceDiagram } from './sequence-diagram.ts'
import { waterfall } from './waterfall.ts'

interface TraceOptions extends EngineOptions {
  readonly journal?: string
  readonly since: number
  readonly view: 'waterfall' | 'sequence'
  readonly json?: true
}

export function addTrace(program: Command, { io, output }: Context): void {
  program
    .command('trace')
    .argument('<id>', 'a trace id, the id of an event, a subject, or a correlation id')
    .description('Show what followed from an event: every delivery of its trace, in all groups and services.')
    .option('--journal <url>', 'the engine of the journal, where it is not that of the events')
    .option('--since <time>', 'how far back the journal is read', lengthOfTime, defaultSinceMs)
    .addOption(
      new Option('--view <view>', 'as a waterfall, or as a sequence diagram of Mermaid')
        .choices(['waterfall', 'sequence'])
        .default('waterfall'),
    )
    .option('--json', 'one JSON object a line, for each delivery')
    .addHelpText('after', examples)
    .action(async (id: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<TraceOptions>()
      await withJournal(options, io, async (view) => {
        const traces = await tracesOf(view, id)
        if (traces.size === 0) throw nothing(id)
        for (const [traceId, deliveries] of traces) {
          if (options.json) await output.lines(deliveries.map((each) => JSON.stringify(each)))
          else if (options.view === 'sequence') await output.lines(sequenceDiagram(traceTree(deliveries)))
          else await output.lines(waterfall(traceId, traceTree(deliveries), output.columns))
        }
      })
    })
}

const examples = `
Examples:
  tidings trace orders/42
  tidings trace 0af7651916cd43dd8448eb211c80319c --view sequence > order.mmd
  tidings trace orders/42 --journal sqlite:journal.db --since 7d`

const defaultSinceMs = 86_400_000
/** Traces of one subject that are shown, the newest. */
const tracesShown = 10

async function withJournal(
  { journal, since, ...options }: TraceOptions,
  io: Context['io'],
  use: (view: JournalView) => Promise<void>,
): Promise<void> {
  const read = async ({ admin }: Engine): Promise<void> => {
    const view = memoryJournalView()
    await new JournalReader(admin, view, { from: { time: new Date(Date.now() - since) } }).catchUp(io.signal)
    await use(view)
  }
  if (journal === undefined) return withEngine(options, io, read)
  const engine = await connect(resolvedUrl(journal, io.cwd), { create: false })
  try {
    await read(engine)
  } finally {
    await engine.close()
  }
}

/** By trace, the newest last. */
async function tracesOf(
  view: JournalView,
  id: string,
): Promise<ReadonlyMap<string, readonly DeliveryEntry[]>> {
  const named = await view.ofTrace(id)
  if (named.length > 0) return new Map([[id, named]])
  const ofEvent = await view.ofEvent(id)
  const bySubject = ofEvent.length > 0 ? ofEvent : await view.ofSubject(id)
  const found = bySubject.length > 0 ? bySubject : await view.ofCorrelation(id)
  const ids = [...new Set(found.flatMap(({ event }) => event?.traceId ?? []))].slice(-tracesShown)
  const traces = await Promise.all(ids.map(async (each) => [each, await view.ofTrace(each)] as const))
  return new Map(traces)
}

function nothing(id: string): TidingsError {
  return new TidingsError(
    'trace_missing',
    `The journal tells of no trace, event, subject or correlation ${JSON.stringify(id)}. Look further back with --since 7d; and a bus reports only with journal: true, a second after it has delivered.`,
  )
}
