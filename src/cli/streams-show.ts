import { type Command, InvalidArgumentError } from 'commander'
import { TidingsError } from '../index.ts'
import {
  differencesOf,
  type Folded,
  type PointInTime,
  type RecordedEvent,
  type Streams,
} from '../streams/index.ts'
import { type ConfiguredStream, configuredStreams, streamNamed, withStreams } from './configured-streams.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import type { Output } from './output.ts'
import { type Column, table } from './table.ts'
import { countText, cut, printable } from './text.ts'

interface ShowOptions extends EngineOptions {
  readonly at?: PointInTime
  readonly state?: true
  readonly diff?: readonly [PointInTime, PointInTime]
  readonly json?: true
}

export function addStreamsShow(streams: Command, context: Context): void {
  streams
    .command('show')
    .argument('<stream>', 'name and id, as `tidings streams ls` lists it: order-7')
    .description(
      'Show the events of a stream, its state at a version or a time, or what changed between two.',
    )
    .option(
      '--at <point>',
      'up to a stream version, or a time like 2018-03-01 or 2018-03-01T12:00:00Z',
      pointOf,
    )
    .option('--state', 'the state instead of the events')
    .option('--diff <a..b>', 'where the state differs between two versions or times', pointsOf)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', examples)
    .action(async (text: string, _options: object, command: Command) => {
      await show(text, command.optsWithGlobals<ShowOptions>(), context)
    })
}

const examples = `
Examples:
  tidings streams show order-7
  tidings streams show order-7 --at 2018-03-01 --state
  tidings streams show order-7 --diff 2..5`

function pointOf(text: string): PointInTime {
  if (/^\d{1,15}$/.test(text)) return { version: Number(text) }
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return { asOf: text }
  throw new InvalidArgumentError('It is a stream version, or a time like 2018-03-01T12:00:00Z.')
}

function pointsOf(text: string): readonly [PointInTime, PointInTime] {
  const [from, to, ...others] = text.split('..')
  if (from === undefined || to === undefined || others.length > 0)
    throw new InvalidArgumentError('It is two versions or times with two dots between them, as 2..5.')
  return [pointOf(from), pointOf(to)]
}

async function show(text: string, options: ShowOptions, { io, output }: Context): Promise<void> {
  const { stream, id } = streamNamed(await configuredStreams(options, io), text)
  await withStreams(stream, async (store, streams) => {
    const [last] = await store.read({ name: stream.definition.name, id }, { direction: 'backward', limit: 1 })
    if (last === undefined) {
      throw new TidingsError(
        'stream_missing',
        `There is no stream ${JSON.stringify(text)}. \`tidings streams ls\` lists those that are there.`,
      )
    }
    if (options.diff !== undefined) await showDifference(stream, streams, id, options, output)
    else if (options.state) await showState(stream, streams, id, options, output)
    else await showEvents(stream, streams, id, options, output)
  })
}

async function showEvents(
  { definition }: ConfiguredStream,
  streams: Streams,
  id: string,
  { at = {}, json }: ShowOptions,
  output: Output,
): Promise<void> {
  const events: RecordedEvent[] = []
  for await (const recorded of streams.read(definition, id, at)) {
    if (json) await output.line(JSON.stringify({ version: recorded.streamVersion, event: recorded.event }))
    else events.push(recorded)
  }
  if (json) return
  if (events.length > 0) await output.lines(table(columns, events))
  else output.words('It had no events then.')
}

async function showState(
  stream: ConfiguredStream,
  streams: Streams,
  id: string,
  { at = {}, json }: ShowOptions,
  output: Output,
): Promise<void> {
  const { version, state } = await stateAt(stream, streams, id, at)
  if (json) return output.line(JSON.stringify({ version, state }))
  output.words(`At version ${countText(version)}:`)
  await output.line(JSON.stringify(state, undefined, 2))
}

async function showDifference(
  stream: ConfiguredStream,
  streams: Streams,
  id: string,
  { diff, json }: ShowOptions,
  output: Output,
): Promise<void> {
  const [from, to] = diff ?? [{}, {}]
  const before = await stateAt(stream, streams, id, from)
  const after = await stateAt(stream, streams, id, to)
  const changes = differencesOf(before.state, after.state)
  if (json) return output.line(JSON.stringify({ from: before, to: after, changes }))
  output.words(`From version ${countText(before.version)} to ${countText(after.version)}:`)
  if (changes.length === 0) output.words('The states are equal.')
  else await output.lines(table(changeColumns, changes))
}

/** @throws `config_invalid` where nothing makes state of the stream. */
function stateAt(
  { definition: { name }, stateAt: load }: ConfiguredStream,
  streams: Streams,
  id: string,
  point: PointInTime,
): Promise<Folded<unknown>> {
  if (load !== undefined) return load(streams, id, point)
  throw new TidingsError(
    'config_invalid',
    `The configuration names the stream ${name} alone, and nothing that makes state of it. Name its decider, or { stream, aggregate }.`,
  )
}

const columns: readonly Column<RecordedEvent>[] = [
  { title: 'VERSION', align: 'right', text: ({ streamVersion }) => countText(streamVersion) },
  { title: 'TIME', text: ({ event }) => event.time ?? '-' },
  { title: 'TYPE', text: ({ event, version }) => `${event.type} v${version}` },
  { title: 'DATA', text: ({ event }) => cut(JSON.stringify(event.data), 120) },
]

const valueText = (value: unknown): string =>
  value === undefined ? '-' : cut(printable(JSON.stringify(value)), 60)

const changeColumns: readonly Column<ReturnType<typeof differencesOf>[number]>[] = [
  { title: 'PATH', text: ({ path }) => path },
  { title: 'FROM', text: ({ from }) => valueText(from) },
  { title: 'TO', text: ({ to }) => valueText(to) },
]
