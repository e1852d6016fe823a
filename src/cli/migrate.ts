import type { Command } from 'commander'
import { capabilityMissing } from '../log/index.ts'
import { type Migrated, migrate } from '../postgres/index.ts'
import { configurationMissing, readConfiguration } from './configuration.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import type { Output } from './output.ts'

interface MigrateOptions extends EngineOptions {
  readonly schema?: string
  readonly dryRun?: true
  readonly json?: true
}

export function addMigrate(program: Command, context: Context): void {
  program
    .command('migrate')
    .description('Create the tables in PostgreSQL, or bring them to the format of this version.')
    .option('--schema <name>', "the schema they are in; by default the URL's, else tidings")
    .option('--dry-run', 'print the SQL that would be run, and run nothing')
    .option('--json', 'one JSON object a line, for each file that was run')
    .addHelpText('after', examples)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<MigrateOptions>()
      const { schema, dryRun } = options
      for (const url of await databases(options, context.io.cwd))
        await print(await migrate(url, { schema, dryRun }), options, context.output)
    })
}

const examples = `
Examples:
  tidings migrate --url postgres://owner@localhost/shop
  tidings migrate --dry-run | psql shop --single-transaction`

/** The one named, else those of the configuration: of the engine, the outboxes, the streams, the projections and the registry. @throws `capability_missing` for none. */
async function databases({ url, config }: MigrateOptions, cwd: string): Promise<readonly string[]> {
  const named = url === undefined ? await configuredUrls(config, cwd) : [url]
  const found = [...new Set(named)].filter((each) => /^postgres(ql)?:/.test(each))
  if (found.length > 0) return found
  const [scheme = ''] = named[0]?.split(':') ?? []
  throw capabilityMissing(
    scheme,
    'migrations',
    'only PostgreSQL is migrated: a file of SQLite gets its tables when it is opened, and other engines have none. Name a database with --url postgres://HOST/DATABASE.',
  )
}

async function configuredUrls(file: string | undefined, cwd: string): Promise<readonly string[]> {
  const configuration = await readConfiguration(file, cwd)
  if (configuration === undefined)
    throw configurationMissing(
      'No database is named: give --url postgres://HOST/DATABASE, or a configuration.',
    )
  const { url, outboxes = {}, streams = [], projections = [], registry = '' } = configuration
  const ofStores = [...streams, ...projections].map((each) => each.url)
  return [url, ...Object.values(outboxes), ...ofStores, registry]
}

async function print(
  { schema, migrations, sql }: Migrated,
  options: MigrateOptions,
  output: Output,
): Promise<void> {
  if (options.json) {
    for (const { number, file } of migrations)
      await output.line(JSON.stringify({ schema, number, file, run: options.dryRun !== true }))
  } else if (options.dryRun) {
    if (sql !== '') await output.line(sql.trimEnd())
  }
  if (migrations.length === 0) output.words(`The tables in schema ${schema} are of this version.`)
  else if (!options.dryRun)
    output.words(`Ran ${migrations.map(({ file }) => file).join(', ')} in schema ${schema}.`)
}
