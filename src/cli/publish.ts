import { addAbortSignal } from 'node:stream'
import { type Command, Option } from 'commander'
import { type JsonBounds, parseJson } from '../event/index.ts'
import { limits, TidingsError } from '../index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withBus } from './engine.ts'
import type { Io } from './io.ts'
import { publishFile } from './publish-file.ts'

interface PublishOptions extends EngineOptions {
  readonly data?: string
  readonly subject?: string
  readonly source?: string
  readonly time?: string
  readonly notBefore?: string
  readonly file?: string
  readonly json?: true
}

export function addPublish(program: Command, context: Context): void {
  const file = new Option(
    '--file <file>',
    'a file of CloudEvents as JSON, one a line; - for stdin',
  ).conflicts(['data', 'subject', 'source', 'time', 'notBefore'])
  program
    .command('publish')
    .argument('[type]', 'the type of the event, as the catalog has it')
    .description(
      'Publish one event, or a file of events. They are checked against the catalog of the configuration.',
    )
    .option('--data <json>', 'the data of the event in its newest version; - reads it from stdin')
    .option('--subject <subject>', 'what it is about; by default what its definition says')
    .option('--source <uri>', 'where it happened; by default what the configuration says')
    .option('--time <time>', 'when it happened; by default now')
    .option('--not-before <time>', 'append it then, not before')
    .addOption(file)
    .option('--json', 'one JSON object, with the counts')
    .addHelpText('after', examples)
    .action(async (type: string | undefined, _options: object, command: Command) => {
      await publish(type, command.optsWithGlobals<PublishOptions>(), context)
    })
}

const examples = `
Examples:
  tidings publish com.example.orders.created --data '{"orderId":"42","totalCents":1999}'
  tidings publish com.example.orders.created --data - < order.json
  tidings publish --file events.ndjson
  tidings tail orders --from start --json | tidings publish --file - --url sqlite:copy.db`

async function publish(type: string | undefined, options: PublishOptions, context: Context): Promise<void> {
  const { file } = options
  if (file !== undefined && type === undefined) {
    await withBus(options, context.io, (bus) => publishFile(bus, file, options.json === true, context))
  } else if (file === undefined && type !== undefined) {
    await publishOne(type, options, context)
  } else {
    throw new TidingsError(
      'option_invalid',
      'Name either the type of one event, as in `tidings publish TYPE --data JSON`, or a file of events, as in `tidings publish --file FILE`.',
    )
  }
}

async function publishOne(type: string, options: PublishOptions, { io, output }: Context): Promise<void> {
  const { subject, time, notBefore } = options
  await withBus(options, io, async (bus, catalog) => {
    const definition = catalog.definitionOf(type)
    await bus.publish(definition, await readData(options.data, io), { subject, time, notBefore })
  })
  if (options.json) await output.line(JSON.stringify({ published: 1, refused: 0, refusals: [] }))
  output.words('1 event published.')
}

/** Data stands one level deep in its event. */
const dataBounds: JsonBounds = { bytes: limits.eventBytes, levels: limits.jsonDepth - 1 }

async function readData(option: string | undefined, { stdin, signal }: Io): Promise<unknown> {
  if (option === undefined) {
    throw new TidingsError(
      'option_invalid',
      'The event has no data. Give --data JSON, or --data - to read it from stdin.',
    )
  }
  return parseJson(option === '-' ? await readAll(addAbortSignal(signal, stdin)) : option, dataBounds)
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    read.push(chunk)
    bytes += chunk.length
    // The rest need not be read to be refused.
    if (bytes > limits.eventBytes) break
  }
  return Buffer.concat(read).toString()
}
