import { type Command, Option } from 'commander'
import {
  type Catalog,
  checkCatalog,
  findingsOf,
  type PublishedVersion,
  publishedBy,
  type VersionFinding,
} from '../catalog/index.ts'
import { isTidingsError, TidingsError } from '../index.ts'
import { catalogAt } from './catalog-at.ts'
import { resolvedUrl } from './configuration.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { openRegistry, type RegistryOptions, readCatalog, registryHelp, using } from './schema-registry.ts'
import { type Format, formats, isFault, report } from './schema-report.ts'

interface CheckOptions extends RegistryOptions {
  readonly against?: string
  readonly format: Format
}

export function addSchemaCheck(schema: Command, context: Context): void {
  schema
    .command('check')
    .description(
      'Check that every version of the catalog may be published: it fits the version before or has an upcaster, and what others know is unchanged. Ends with exit code 3 where one may not.',
    )
    .option('--registry <url>', registryHelp)
    .option('--against <ref>', 'compare with the catalog at this git ref, as main, instead of a registry')
    .addOption(new Option('--format <format>', 'how it is printed').choices(formats).default('text'))
    .addHelpText('after', examples)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<CheckOptions>()
      const findings = await check(options, context)
      await report(findings, options.format, context.output)
      if (findings.some(isFault)) context.exitCode = exitCodes.checkFailed
    })
}

const examples = `
Examples:
  tidings schema check
  tidings schema check --against origin/main
  tidings schema check --registry http://localhost:8081 --format github`

async function check(options: CheckOptions, context: Context): Promise<readonly VersionFinding[]> {
  const { io, output } = context
  const { catalog, registry } = await readCatalog(options, io)
  for (const { events } of catalog.topics) for (const definition of events) compileAll(definition)
  if (options.against !== undefined) {
    if (options.registry !== undefined) {
      throw new TidingsError(
        'option_invalid',
        'Give either --against or --registry. Each is a check of its own.',
      )
    }
    const before = await catalogAt(options.against, options.config, io)
    if (before === undefined) output.words(`${options.against} has no catalog: every version is new.`)
    const published = (type: string): readonly PublishedVersion[] =>
      before === undefined ? [] : publishedBy(before, type)
    return allFindings(catalog, published)
  }
  const url = options.registry === undefined ? registry : resolvedUrl(options.registry, io.cwd)
  if (url !== undefined)
    return using(await openRegistry(url, io, 'look'), (opened) => checkCatalog(catalog, opened))
  output.words('No registry and no git ref is named: only the versions of the catalog are compared.')
  return allFindings(catalog, () => [])
}

/** Broken schemas first: comparing them would blame the wrong thing. Whether they fit each other is what is reported. */
function compileAll(definition: Catalog['topics'][number]['events'][number]): void {
  try {
    definition.compile()
  } catch (error) {
    if (!isTidingsError(error, 'schema_incompatible')) throw error
  }
}

function allFindings(
  { topics }: Catalog,
  published: (type: string) => readonly PublishedVersion[],
): readonly VersionFinding[] {
  return topics.flatMap(({ events }) =>
    events.flatMap((definition) => findingsOf(definition, published(definition.type))),
  )
}
