import type { Command } from 'commander'
import { isTidingsError } from '../index.ts'
import type { Capabilities, DurabilityFinding, Probe } from '../log/index.ts'
import { probePostgres } from '../postgres/index.ts'
import { type CapabilityRow, capabilityRows } from './capability-rows.ts'
import type { Context } from './context.ts'
import { type EngineOptions, namedEngine, withEngine } from './engine.ts'
import type { Output } from './output.ts'
import { type Column, table } from './table.ts'
import { namesText } from './text.ts'

export function addEngines(program: Command, { io, output }: Context): void {
  program
    .command('engines')
    .argument('[url]', 'the engine; by default that of --url or the configuration')
    .description(
      'Ask an engine what it can do, and which of its settings decide what an acknowledged event survives.',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', examples)
    .action(async (url: string | undefined, { json }: { json?: true }, command: Command) => {
      const options = command.optsWithGlobals<EngineOptions>()
      const named = url === undefined ? options : { ...options, url }
      const show = json ? printJson : showEngine
      try {
        await withEngine(named, io, async (engine) => {
          const topics = await engine.admin.topics()
          await show(await engine.probe(topics.map(({ name }) => name)), engine.capabilities, output)
        })
      } catch (error) {
        if (!isTidingsError(error, 'tables_missing')) throw error
        // The server is there, and can be asked; what is still to be done is in the sentence.
        const probe = await probePostgres((await namedEngine(named, io.cwd)).url)
        await show(probe, probe.capabilities, output)
        output.words(error.sentence)
      }
    })
}

const examples = `
Examples:
  tidings engines
  tidings engines kafka://localhost:9092
  tidings engines postgres://tidings@localhost/shop --json`

async function printJson(
  { version, durability }: Probe,
  { name, ...capabilities }: Capabilities,
  output: Output,
): Promise<void> {
  await output.line(JSON.stringify({ engine: name, version, capabilities, durability }))
}

async function showEngine(probe: Probe, capabilities: Capabilities, output: Output): Promise<void> {
  output.words(`${capabilities.name}, ${probe.version}`)
  await output.lines(table(capabilityColumns, capabilityRows(capabilities)))
  await output.line('')
  await output.lines(table(findingColumns, probe.durability))
  await output.flush()
  for (const { setting, value, verdict, advice } of probe.durability)
    if (verdict !== 'safe') output.words(`${setting} is ${value}. ${advice}`)
}

const capabilityColumns: readonly Column<CapabilityRow>[] = [
  { title: 'CAPABILITY', text: ({ capability }) => capability },
  { title: 'VALUE', text: ({ value }) => value },
  { title: 'ABOUT', text: ({ about }) => about.replaceAll('`', '') },
]

const findingColumns: readonly Column<DurabilityFinding>[] = [
  { title: 'SETTING', text: ({ setting }) => setting },
  { title: 'VALUE', text: ({ value }) => value },
  { title: 'VERDICT', text: ({ verdict }) => verdict },
  { title: 'TOPICS', text: ({ topics }) => namesText(topics) },
]
