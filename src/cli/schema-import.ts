import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type CatalogSchema, importSchema } from '../catalog/index.ts'
import { isTidingsError, TidingsError } from '../index.ts'
import type { SchemaRegistry } from '../schema/index.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { type RegistryOptions, registryHelp, withRegistry } from './schema-registry.ts'
import { counted, oneLine } from './text.ts'

export function addSchemaImport(schema: Command, context: Context): void {
  schema
    .command('import')
    .argument(
      '<folder>',
      'a folder of JSON Schemas, as com.example.orders.created.json, or .2.json for version 2',
    )
    .description(
      'Register a folder of JSON Schemas. Each file stands for itself: a bad one is reported, the others are registered.',
    )
    .option('--registry <url>', registryHelp)
    .option('--json', 'one JSON object a line, for each file')
    .addHelpText('after', '\nExamples:\n  tidings schema import schemas --registry http://localhost:8081')
    .action(async (folder: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<RegistryOptions & { readonly json?: true }>()
      await withRegistry(options, context.io, 'write', (registry) =>
        importAll(registry, filesIn(resolve(context.io.cwd, folder)), options.json === true, context),
      )
    })
}

interface SchemaFile {
  readonly path: string
  readonly name: string
  readonly type: string
  readonly version: number
}

async function importAll(
  registry: SchemaRegistry,
  files: readonly SchemaFile[],
  json: boolean,
  context: Context,
): Promise<void> {
  const { output } = context
  let registered = 0
  for (const file of files) {
    const outcome = await importFile(registry, file)
    if ('error' in outcome) {
      output.words(`${file.name}: ${oneLine(outcome.error.message)}`)
      // A file that cannot be read weighs more than a version that is refused, in whatever order they come.
      if (outcome.error.code !== 'schema_incompatible') context.exitCode = exitCodes.failed
      else context.exitCode ||= exitCodes.checkFailed
    } else if (outcome.isNew) registered += 1
    if (json) await output.line(JSON.stringify(outcomeJson(file, outcome)))
  }
  output.words(`${counted(files.length, 'file')} read, ${counted(registered, 'version')} registered.`)
}

type Outcome = CatalogSchema | { readonly error: TidingsError }

/** What is wrong with one file is reported; that the registry is gone ends the import. */
async function importFile(registry: SchemaRegistry, { path, type, version }: SchemaFile): Promise<Outcome> {
  try {
    return await importSchema(registry, { type, version, text: readFileSync(path, 'utf8') })
  } catch (error) {
    if (isTidingsError(error) && error.kind !== 'unreachable' && error.code !== 'registry_denied')
      return { error }
    throw error
  }
}

function outcomeJson({ name, type, version }: SchemaFile, outcome: Outcome): object {
  if ('error' in outcome)
    return { file: name, type, version, code: outcome.error.code, reason: outcome.error.sentence }
  return { file: name, type, version, id: outcome.registered.id, registered: outcome.isNew }
}

/** By type and version, so that each is compared with the one before. @throws `file_missing` */
function filesIn(folder: string): readonly SchemaFile[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new TidingsError('file_missing', `There is no folder ${folder}. Name one with JSON Schemas in it.`)
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  if (names.length === 0)
    throw new TidingsError(
      'file_missing',
      `${folder} has no files that end in .json. Name each after the type of its event.`,
    )
  return names
    .map((name) => {
      const [, type = '', version = '1'] = /^(.*?)(?:\.([1-9]\d{0,8}))?\.json$/.exec(name) ?? []
      return { path: join(folder, name), name, type, version: Number(version) }
    })
    .toSorted((a, b) => (a.type === b.type ? a.version - b.version : a.type < b.type ? -1 : 1))
}
