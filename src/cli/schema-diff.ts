import { type Command, Option } from 'commander'
import { type PublishedVersion, publishedBy, publishedIn } from '../catalog/index.ts'
import { TidingsError } from '../index.ts'
import { compareSchemas, type Difference } from '../schema/index.ts'
import type { Context } from './context.ts'
import type { Io } from './io.ts'
import { wholeNumber } from './number.ts'
import { type RegistryOptions, readCatalog, withRegistry } from './schema-registry.ts'
import { counted, namesText, printable } from './text.ts'

interface DiffOptions extends RegistryOptions {
  readonly from?: number
  readonly to?: number
  readonly policy: 'strict' | 'lenient'
  readonly json?: true
}

export function addSchemaDiff(schema: Command, { io, output }: Context): void {
  schema
    .command('diff')
    .argument('<type>', 'the type of the event')
    .description(
      'Print what differs between two versions of an event, and whether data of the first is valid in the second.',
    )
    .option('--from <version>', 'by default the one before', wholeNumber(1))
    .option('--to <version>', 'by default the newest', wholeNumber(1))
    .option('--registry <url>', 'compare the versions of this registry instead of the catalog')
    .addOption(new Option('--policy <policy>', 'the rules').choices(['lenient', 'strict']).default('lenient'))
    .option('--json', 'one JSON object a line, for each difference')
    .addHelpText('after', examples)
    .action(async (type: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<DiffOptions>()
      const { from, to } = pairOf(type, await versionsOf(type, options, io), options)
      const { policy } = options
      const differences = compareSchemas({ schema: from.schema }, { schema: to.schema }, { policy })
      if (options.json) await output.lines(differences.map((difference) => JSON.stringify(difference)))
      else await output.lines(differences.flatMap(linesOf))
      output.words(summary(differences, from.version, to.version))
    })
}

const examples = `
Examples:
  tidings schema diff com.example.orders.created
  tidings schema diff com.example.orders.created --from 1 --to 3 --registry http://localhost:8081`

async function versionsOf(type: string, options: DiffOptions, io: Io): Promise<readonly PublishedVersion[]> {
  if (options.registry !== undefined)
    return withRegistry(options, io, 'look', (registry) => publishedIn(registry, type))
  const { catalog } = await readCatalog(options, io)
  return publishedBy(catalog, catalog.definitionOf(type).type)
}

function pairOf(
  type: string,
  versions: readonly PublishedVersion[],
  options: DiffOptions,
): { readonly from: PublishedVersion; readonly to: PublishedVersion } {
  const to = versions.find(({ version }) => version === options.to) ?? latest(versions, options.to)
  const wanted = options.from ?? (to === undefined ? undefined : to.version - 1)
  const from = versions.find(({ version }) => version === wanted)
  if (from !== undefined && to !== undefined) return { from, to }
  const known = versions.map(({ version }) => String(version))
  const there = known.length === 0 ? 'none' : namesText(known)
  throw new TidingsError(
    'schema_missing',
    `There are no two such versions of ${type} to compare. It has ${there}.`,
  )
}

function latest(
  versions: readonly PublishedVersion[],
  named: number | undefined,
): PublishedVersion | undefined {
  return named === undefined ? versions.at(-1) : undefined
}

function linesOf({ path, message, breaks, fix }: Difference): string[] {
  const line = `${breaks ? 'breaks' : 'fits  '}  ${printable(path || '/')}  ${printable(message)}`
  return fix === undefined ? [line] : [line, `        ${printable(fix)}`]
}

function summary(differences: readonly Difference[], from: number, to: number): string {
  const breaking = differences.filter(({ breaks }) => breaks).length
  const found = counted(differences.length, 'difference')
  if (breaking === 0) return `${found}: data of version ${from} is valid in version ${to}.`
  return `${found}, ${breaking} of which ${breaking === 1 ? 'breaks' : 'break'} data of version ${from}. An upcaster brings it to version ${to}.`
}
