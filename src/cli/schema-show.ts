import type { Command } from 'commander'
import { TidingsError } from '../index.ts'
import type { RegisteredSchema, SchemaRegistry } from '../schema/index.ts'
import type { Context } from './context.ts'
import { wholeNumber } from './number.ts'
import { type RegistryOptions, registryHelp, withRegistry } from './schema-registry.ts'
import { namesText, printableLines } from './text.ts'

export function addSchemaShow(schema: Command, { io, output }: Context): void {
  schema
    .command('show')
    .argument('<subject>', 'the schema subject, as `tidings schema ls` lists it: the type of an event')
    .argument('[version]', 'by default the newest', wholeNumber(1))
    .description('Print a schema of a registry.')
    .option('--registry <url>', registryHelp)
    .option('--json', 'one JSON object, with its id, version and metadata')
    .addHelpText(
      'after',
      '\nExamples:\n  tidings schema show com.example.orders.created\n  tidings schema show com.example.orders.created 2 --json',
    )
    .action(async (subject: string, version: number | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<RegistryOptions & { readonly json?: true }>()
      await withRegistry(options, io, 'look', async (registry) => {
        const registered = await registeredOf(registry, subject, version ?? 'latest')
        if (options.json) await output.line(JSON.stringify(registered))
        else await output.lines(printableLines(laidOut(registered.schema)))
      })
    })
}

/** @throws `schema_missing`, naming what is there. */
async function registeredOf(
  registry: SchemaRegistry,
  subject: string,
  version: number | 'latest',
): Promise<RegisteredSchema> {
  const registered = await registry.version(subject, version)
  if (registered !== undefined) return registered
  const versions = await registry.versions(subject)
  const name = JSON.stringify(subject)
  if (versions.length > 0) {
    const there = namesText(versions.map(String))
    throw new TidingsError(
      'schema_missing',
      `Schema subject ${name} has no version ${version}. It has ${there}.`,
    )
  }
  const subjects = await registry.schemaSubjects()
  const others = subjects.length === 0 ? 'It has none yet' : `It has ${namesText(subjects)}`
  throw new TidingsError('schema_missing', `The registry has no schema subject ${name}. ${others}.`)
}

/** Indented; what is not JSON stays as it is. */
function laidOut(schema: string): string {
  try {
    return JSON.stringify(JSON.parse(schema), null, 2)
  } catch {
    return schema
  }
}
