import type { Command } from 'commander'
import { connectProjections, connectStreams, type ProjectionsConfig, TidingsError } from '../index.ts'
import {
  openProjections,
  type ProjectionProgress,
  type Projections,
  type ProjectionStatus,
} from '../streams/index.ts'
import { configurationMissing, readConfiguration } from './configuration.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import type { Io } from './io.ts'
import { type Column, table } from './table.ts'
import { counted, countText, namesText } from './text.ts'

interface ProjectionOptions extends EngineOptions {
  readonly json?: true
}

interface ProjectionRebuildOptions extends ProjectionOptions {
  readonly anew?: true
}

export function addProjections(program: Command, context: Context): void {
  const projections = program
    .command('projections')
    .description('Look at read models, and make them anew beside the ones that are read.')
  projections
    .command('ls')
    .description(
      'List the builds of the projections of the configuration, and how many events each is behind.',
    )
    .option('--json', 'one JSON object a line, for each build')
    .action(async (_options: object, command: Command) => {
      await list(command.optsWithGlobals<ProjectionOptions>(), context)
    })
  projections
    .command('rebuild')
    .argument('<name>', 'the projection')
    .description('Make a read model anew of all events, beside the live one, and put it in its place.')
    .option('--anew', 'begin an interrupted rebuild from the beginning: its code has changed since')
    .option('--json', 'one JSON object, with the counts')
    .addHelpText('after', '\nExamples:\n  tidings projections rebuild open-orders')
    .action(async (name: string, _options: object, command: Command) => {
      await rebuild(name, command.optsWithGlobals<ProjectionRebuildOptions>(), context)
    })
}

async function list(options: ProjectionOptions, { io, output }: Context): Promise<void> {
  const builds: ProjectionStatus[] = []
  for (const service of await configured(options, io)) {
    builds.push(...(await withProjections(service, (projections) => projections.status())))
  }
  if (options.json) await output.lines(builds.map((build) => JSON.stringify(build)))
  else if (builds.length > 0) await output.lines(table(columns, builds))
  else output.words('No projection has a build yet: a service that follows it begins one.')
}

async function rebuild(
  name: string,
  options: ProjectionRebuildOptions,
  { io, output }: Context,
): Promise<void> {
  const services = await configured(options, io)
  const service = services.find(({ of }) => of.some((projection) => projection.name === name))
  if (service === undefined) {
    const names = namesText(services.flatMap(({ of }) => of.map((projection) => projection.name)))
    throw new TidingsError(
      'projection_missing',
      `There is no projection ${JSON.stringify(name)}. The configuration has ${names}.`,
    )
  }
  const done = await withProjections(service, async (projections) => {
    let last = { build: 0, applied: 0 }
    const progress = ({ build, applied, total }: ProjectionProgress): void => {
      io.signal.throwIfAborted()
      last = { build, applied }
      output.progress(`${bar(applied, total)} ${countText(applied)} of ${counted(total, 'event')}`)
    }
    await projections.rebuild(name, progress, { anew: options.anew })
    return last
  })
  if (options.json)
    await output.line(JSON.stringify({ projection: name, build: done.build, applied: done.applied }))
  output.words(`${name}: build ${done.build} of ${counted(done.applied, 'event')} is live.`)
}

const barLength = 30

/** A part of a whole, drawn. Nothing of nothing is all of it. */
function bar(part: number, whole: number): string {
  const filled = whole === 0 ? barLength : Math.min(barLength, Math.floor((part * barLength) / whole))
  return `[${'#'.repeat(filled)}${'.'.repeat(barLength - filled)}]`
}

async function configured(options: EngineOptions, { cwd }: Io): Promise<readonly ProjectionsConfig[]> {
  const { projections = [] } = (await readConfiguration(options.config, cwd)) ?? {}
  if (projections.length > 0) return projections
  throw configurationMissing(
    "The configuration names no projections: projections: [{ url: 'sqlite:views.db', streams: 'sqlite:orders.db', of: [openOrders] }].",
  )
}

async function withProjections<Result>(
  { url, streams: streamsUrl, of }: ProjectionsConfig,
  use: (projections: Projections) => Promise<Result>,
): Promise<Result> {
  const streams = await connectStreams(streamsUrl, { create: false })
  try {
    const store = await connectProjections(url, { create: false })
    try {
      return await use(openProjections({ streams, store, projections: of }))
    } finally {
      await store.close()
    }
  } finally {
    await streams.close()
  }
}

const columns: readonly Column<ProjectionStatus>[] = [
  { title: 'PROJECTION', text: ({ projection }) => projection },
  { title: 'BUILD', align: 'right', text: ({ build }) => String(build) },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'TABLE', text: ({ table: name }) => name },
  { title: 'BEHIND', align: 'right', text: ({ behind }) => countText(behind) },
]
