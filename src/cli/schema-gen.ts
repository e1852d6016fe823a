import type { Command } from 'commander'
import { majorOf, publishedIn, type RegisteredVersion } from '../catalog/index.ts'
import { TidingsError } from '../index.ts'
import type { SchemaRegistry } from '../schema/index.ts'
import type { Context } from './context.ts'
import { writeOut } from './out-file.ts'
import { type RegistryOptions, registryHelp, withRegistry } from './schema-registry.ts'
import { counted, namesText } from './text.ts'
import { definitionName, literal } from './typescript.ts'

export function addSchemaGen(schema: Command, { io, output }: Context): void {
  schema
    .command('gen')
    .argument('[types...]', 'the types of events; by default every JSON Schema of the registry')
    .description(
      'Write event definitions in TypeScript from a registry. Versions before the last upcaster are left out: only whoever has it can read them.',
    )
    .option('--registry <url>', registryHelp)
    .option('--out <file>', 'write them to this file instead of to stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  tidings schema gen --out src/events.ts\n  tidings schema gen com.example.orders.created',
    )
    .action(async (types: readonly string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<RegistryOptions & { readonly out?: string }>()
      await withRegistry(options, io, 'look', async (registry) => {
        const events = await eventsOf(registry, types)
        const text = moduleOf(events)
        if (options.out === undefined) return output.line(text)
        writeOut(text, options.out, io.cwd)
        output.words(`${counted(events.length, 'event')} written to ${options.out}.`)
      })
    })
}

interface GeneratedEvent {
  readonly type: string
  readonly versions: readonly RegisteredVersion[]
}

async function eventsOf(
  registry: SchemaRegistry,
  types: readonly string[],
): Promise<readonly GeneratedEvent[]> {
  const events: GeneratedEvent[] = []
  for (const type of types.length > 0 ? types : await registry.schemaSubjects()) {
    const versions = newestGroup(await publishedIn(registry, type))
    if (versions.length > 0) events.push({ type, versions })
    else if (types.length > 0) {
      const known = await registry.schemaSubjects()
      throw new TidingsError(
        'schema_missing',
        `The registry has no JSON Schema of ${JSON.stringify(type)}. ${known.length === 0 ? 'It has none' : `It has ${namesText(known)}`}.`,
      )
    }
  }
  return events
}

/** The last versions that follow each other without an upcaster and without a gap, which a definition cannot have. */
function newestGroup(versions: readonly RegisteredVersion[]): readonly RegisteredVersion[] {
  const major = majorOf(versions)
  const last = versions.findLastIndex(
    ({ version }, at) =>
      majorOf(versions.slice(0, at + 1)) !== major ||
      (versions[at + 1]?.version ?? version + 1) !== version + 1,
  )
  return versions.slice(last + 1)
}

function moduleOf(events: readonly GeneratedEvent[]): string {
  const names = new Set<string>()
  const definitions = events.map((event) => definitionOf(event, definitionName(event.type, names)))
  return [
    "import { defineEvent } from 'tidings'",
    '',
    '// Written by `tidings schema gen`: change the schemas in the registry, not here.',
    '',
    definitions.join('\n\n'),
  ].join('\n')
}

/** Formatters break a chain of calls from the third on. */
function definitionOf({ type, versions }: GeneratedEvent, name: string): string {
  const [before, depth] = versions.length > 1 ? ['\n  ', 1] : ['', 0]
  const calls = versions.map(
    ({ version, schema }) => `${before}.version(${version}, ${literal(schema, depth)} as const)`,
  )
  return `export const ${name} = defineEvent(${literal(type, 0)})${calls.join('')}`
}
