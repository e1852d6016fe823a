import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { Engine } from '../bus/index.ts'
import { Relay } from '../outbox/index.ts'
import type { Context } from './context.ts'
import { withEngine } from './engine.ts'
import { exitCodes } from './exit-code.ts'
import { type NamedOutbox, type OutboxOptions, withOutboxes } from './outboxes.ts'
import { counted } from './text.ts'

interface FlushOptions extends OutboxOptions {
  readonly restore?: true
  readonly json?: true
}

interface Flushed {
  readonly outbox: string
  /** By this command; the relay of a service may have published others meanwhile. */
  readonly published: number
  readonly restored: number
  readonly refused: number
  readonly pending: number
}

export function addOutboxFlush(outbox: Command, context: Context): void {
  outbox
    .command('flush')
    .argument('[name]', 'only this outbox of the configuration')
    .description(
      'Publish what is pending, and end when nothing is. Where the relay of a service has the right to, it is waited for.',
    )
    .option(
      '--store <url>',
      'the database of the outbox, as sqlite:FILE; by default what the configuration says',
    )
    .option('--restore', 'first make the events pending again that the engine has refused')
    .option('--json', 'one JSON object a line, for each outbox')
    .addHelpText('after', examples)
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<FlushOptions>()
      await withOutboxes(name, options, context.io, (outboxes) =>
        withEngine(options, context.io, async (engine) => {
          for (const each of outboxes)
            await report(await flush(each, engine, options, context), options, context)
        }),
      )
    })
}

const examples = `
Examples:
  tidings outbox flush
  tidings outbox flush orders --restore
  tidings outbox flush --store sqlite:orders.db --url sqlite:shop.db`

async function flush(
  { name, store }: NamedOutbox,
  engine: Engine,
  { restore }: FlushOptions,
  { io, output }: Context,
): Promise<Flushed> {
  const restored = restore ? await store.restore() : 0
  let published = 0
  const relay = new Relay({
    store,
    publish: async (records) => {
      await engine.publish(records, { tx: undefined })
      published += records.length
      output.progress(`${name}: ${counted(published, 'event')} published`)
    },
    // Not the process id alone: in two containers it may be the same, and both would have the right.
    relay: `tidings outbox flush ${process.pid} ${randomUUID()}`,
    report: () => undefined,
  })
  await relay.flush(io.signal)
  io.signal.throwIfAborted()
  const { pending, refused } = await store.figures()
  return { outbox: name, published, restored, refused, pending }
}

async function report(flushed: Flushed, { json }: FlushOptions, context: Context): Promise<void> {
  const { outbox, published, restored, refused, pending } = flushed
  const { output } = context
  if (json) await output.line(JSON.stringify(flushed))
  else {
    const others = [
      ...(restored > 0 ? [`${restored} restored`] : []),
      ...(refused > 0 ? [`${refused} refused`] : []),
      ...(pending > 0 ? [`${pending} pending`] : []),
    ]
    output.words(`${outbox}: ${[`${counted(published, 'event')} published`, ...others].join(', ')}.`)
  }
  if (refused > 0 || pending > 0) context.exitCode = exitCodes.checkFailed
}
