import type { Command } from 'commander'
import type { Engine } from '../bus/index.ts'
import type { DurabilityFinding, Probe } from '../log/index.ts'
import { type CapabilityRow, capabilityRows } from './capability-rows.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
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
      await withEngine(url === undefined ? options : { ...options, url }, io, async (engine) => {
        const topics = await engine.admin.topics()
        const probe = await engine.probe(topics.map(({ name }) => name))
        if (json) await output.line(engineJson(engine, probe))
        else await showEngine(engine, probe, output)
      })
    })
}

const examples = `
Examples:
  tidings engines
  tidings engines kafka://localhost:9092
  tidings engines postgres://tidings@localhost/shop --json`

function engineJson({ capabilities }: Engine, { version, durability }: Probe): string {
  const { name, ...declared } = capabilities
  return JSON.stringify({ engine: name, version, capabilities: declared, durability })
}

async function showEngine({ capabilities }: Engine, probe: Probe, output: Output): Promise<void> {
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
