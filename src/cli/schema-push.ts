import type { Command } from 'commander'
import { type CatalogSchema, checkCatalog, registerCatalog } from '../catalog/index.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { type RegistryOptions, readCatalog, registryHelp, withRegistry } from './schema-registry.ts'
import { isFault, report } from './schema-report.ts'
import { type Column, table } from './table.ts'
import { counted } from './text.ts'

interface PushOptions extends RegistryOptions {
  readonly dryRun?: true
  readonly json?: true
}

export function addSchemaPush(schema: Command, context: Context): void {
  const { io, output } = context
  schema
    .command('push')
    .description(
      'Register every version of the catalog that the registry does not have; none where one may not be.',
    )
    .option('--registry <url>', registryHelp)
    .option('--dry-run', 'only show how the versions stand')
    .option('--json', 'one JSON object a line, for each version')
    .addHelpText('after', examples)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<PushOptions>()
      const { catalog, registry: url } = await readCatalog(options, io)
      await withRegistry(
        { ...(url === undefined ? {} : { registry: url }), ...options },
        io,
        options.dryRun ? 'look' : 'write',
        async (registry) => {
          const findings = await checkCatalog(catalog, registry)
          const refused = findings.some(isFault)
          if (refused || options.dryRun) {
            await report(findings, options.json ? 'json' : 'text', output)
            if (refused) context.exitCode = exitCodes.checkFailed
            return
          }
          const schemas = await registerCatalog(catalog, registry)
          if (options.json) await output.lines(schemas.map((each) => JSON.stringify(schemaJson(each))))
          else await output.lines(table(columns, schemas))
          output.words(`${counted(schemas.filter(({ isNew }) => isNew).length, 'version')} registered.`)
        },
      )
    })
}

const examples = `
Examples:
  tidings schema push --registry http://localhost:8081
  tidings schema push --dry-run`

const columns: readonly Column<CatalogSchema>[] = [
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'VERSION', align: 'right', text: ({ version }) => String(version) },
  { title: 'ID', align: 'right', text: ({ registered }) => String(registered.id) },
  { title: 'STATE', text: ({ isNew }) => (isNew ? 'registered' : 'published') },
]

function schemaJson({ type, version, registered, isNew }: CatalogSchema): object {
  const { id, guid, version: schemaVersion } = registered
  return { type, version, schemaVersion, id, guid, registered: isNew }
}
