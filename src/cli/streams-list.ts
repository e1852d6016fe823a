import type { Command } from 'commander'
import { limits, TidingsError } from '../index.ts'
import { type StreamSummary, streamText } from '../streams/index.ts'
import { configuredStreams, namesOf, withStreams } from './configured-streams.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import { wholeNumber } from './number.ts'
import { type Column, table } from './table.ts'
import { countText, namesText, timeText } from './text.ts'

interface ListOptions extends EngineOptions {
  readonly after?: string
  readonly limit: number
  readonly json?: true
}

export function addStreamsList(streams: Command, context: Context): void {
  streams
    .command('ls')
    .argument('[name]', 'only streams of this name, such as order')
    .description('List the streams of the configuration, by name and id, with how many events each has.')
    .option('--after <id>', 'begin after this id, of streams of one name')
    .option('--limit <number>', 'list so many of each name', wholeNumber(1), limits.cliListed)
    .option('--json', 'one JSON object a line, for each stream')
    .addHelpText('after', examples)
    .action(async (name: string | undefined, _options: object, command: Command) => {
      await list(name, command.optsWithGlobals<ListOptions>(), context)
    })
}

const examples = `
Examples:
  tidings streams ls
  tidings streams ls order --after 7 --limit 1000`

async function list(name: string | undefined, options: ListOptions, { io, output }: Context): Promise<void> {
  const all = await configuredStreams(options, io)
  const names = namesOf(all)
  if (name !== undefined && !names.includes(name)) {
    const sentence = `The configuration has no streams called ${JSON.stringify(name)}. It has ${namesText(names)}.`
    throw new TidingsError('stream_missing', sentence)
  }
  const listed: StreamSummary[] = []
  for (const each of names.filter((known) => name === undefined || known === name)) {
    const stream = all.find(({ definition }) => definition.name === each)
    if (stream === undefined) continue
    const { after, limit } = options
    listed.push(...(await withStreams(stream, (store) => store.list(each, { after, limit }))))
  }
  if (options.json) await output.lines(listed.map((each) => JSON.stringify(summaryJson(each))))
  else if (listed.length > 0) await output.lines(table(columns, listed))
  else output.words('There are no streams yet.')
}

function summaryJson({ stream, version, appendedAt }: StreamSummary): object {
  return { stream: streamText(stream), ...stream, version, appendedAt: timeText(appendedAt) }
}

const columns: readonly Column<StreamSummary>[] = [
  { title: 'STREAM', text: ({ stream }) => streamText(stream) },
  { title: 'VERSION', align: 'right', text: ({ version }) => countText(version) },
  { title: 'LAST APPENDED', text: ({ appendedAt }) => timeText(appendedAt) },
]
