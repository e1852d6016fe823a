import { constants } from 'node:os'
import { type Catalog, dataschemaOf, defaultSchemaBase, type Topic } from '../catalog/index.ts'
import { eventIssues } from '../event/index.ts'
import {
  type Clock,
  checkOptionNames,
  isThenable,
  type Random,
  shown,
  TidingsError,
} from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'
import type { SchemaRegistry } from '../schema/index.ts'
import type { Durability } from './durability.ts'
import type { Engine } from './engine.ts'
import type { Report } from './report.ts'

export interface BusOptions<C extends Capabilities, Topics extends readonly Topic[]> {
  /** The engine; the bus closes it. */
  readonly transport: Engine<C>
  /** The CloudEvents `source` of what is published: a URI-reference that names this service. */
  readonly source: string
  readonly catalog: Catalog<Topics>
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
  /** The schema registry that every version of the catalog must be in. The bus asks it while it opens, and does not close it. */
  readonly registry?: SchemaRegistry | undefined
  /**
   * What the bus does with versions that the registry does not have: `'lookup'`, the default, refuses to open; `'register'`
   * registers them, for development.
   */
  readonly schemas?: 'register' | 'lookup' | undefined
  /** A prefix on every name the engine sees, so that two environments share one engine. */
  readonly namespace?: string | undefined
  /**
   * What becomes of an engine whose settings let a crash undo what was acknowledged, as `tidings engines` shows them.
   * `'required'`: it is refused. Default: one warning when the bus opens.
   */
  readonly durability?: Durability<C> | undefined
  /** Signals on which groups drain, leave and end; a second one ends the process. Default SIGTERM and SIGINT; false for none. */
  readonly drainOn?: readonly NodeJS.Signals[] | false | undefined
  /** Told what became of every delivery. Default: a line on stderr for each that failed. */
  readonly report?: Report | undefined
  /**
   * Where members report what became of each delivery, and where they stand: `true` for a topic `tidings.journal` of the
   * engine itself, where that can replay, or another engine, which the bus closes. Default: no journal.
   */
  readonly journal?: Engine | boolean | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const optionNames = {
  transport: true,
  source: true,
  catalog: true,
  schemaBase: true,
  registry: true,
  schemas: true,
  namespace: true,
  durability: true,
  drainOn: true,
  report: true,
  journal: true,
  clock: true,
  random: true,
} as const satisfies Record<keyof BusOptions<Capabilities, readonly Topic[]>, true>

/** What the types say, for whoever has none. @throws `option_invalid` */
export function checkBusOptions(options: BusOptions<Capabilities, readonly Topic[]>): void {
  checkOptionNames('openBus', options, optionNames)
  const { transport, catalog, report, drainOn, registry, schemas, durability, journal } = options
  if (!hasMembers(transport, ['publish', 'subscribe', 'admin', 'deadLetters', 'probe']))
    throw wrong('transport', transport, "an engine: transport: await sqlite('shop.db')")
  if (!hasMembers(catalog, ['topics', 'definitionOf']))
    throw wrong('catalog', catalog, 'what defineCatalog makes: catalog: defineCatalog([orders])')
  if (report !== undefined && typeof report !== 'function')
    throw wrong('report', report, 'a function that takes what became of a delivery')
  if (drainOn !== undefined && drainOn !== false && !isSignals(drainOn))
    throw wrong('drainOn', drainOn, "names of signals, as in drainOn: ['SIGTERM'], or false for none")
  if (registry !== undefined && !hasMembers(registry, ['lookUp', 'register', 'versions']))
    throw wrong(
      'registry',
      registry,
      "a schema registry: registry: confluentRegistry('http://localhost:8081')",
    )
  if (durability !== undefined && durability !== 'required')
    throw wrong('durability', durability, "'required', or leave it out")
  if (schemas !== undefined && schemas !== 'register' && schemas !== 'lookup')
    throw wrong('schemas', schemas, "'register' or 'lookup'")
  if (journal !== undefined && typeof journal !== 'boolean' && !hasMembers(journal, ['publish', 'admin']))
    throw wrong('journal', journal, "true, or an engine: journal: await sqlite('journal.db')")
  if (schemas !== undefined && registry === undefined) {
    throw new TidingsError(
      'option_invalid',
      `openBus got schemas: ${shown(schemas)} without a registry. Give one, or leave schemas out.`,
    )
  }
  checkAddresses(options)
}

function wrong(name: string, value: unknown, wanted: string): TidingsError {
  const advice = isThenable(value) ? 'Await it, and give' : 'Give'
  return new TidingsError('option_invalid', `openBus got ${shown(value)} as ${name}. ${advice} ${wanted}.`)
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value)
}

function isSignals(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => Object.hasOwn(constants.signals, String(name)))
}

/** An event with this source and schema base would be valid; better here than at the first publish. */
function checkAddresses({
  source,
  schemaBase = defaultSchemaBase,
}: {
  source: string
  schemaBase?: string | undefined
}): void {
  const event = {
    specversion: '1.0',
    id: '1',
    type: 'type',
    source,
    dataschema: dataschemaOf(schemaBase, 'type', 1),
  }
  for (const { path, message } of eventIssues(event)) {
    const advice =
      path === '/source'
        ? `source ${message}. Name this service, as in source: '/orders-service'`
        : `schemaBase is not the beginning of a URI: with it dataschema ${message}. Leave it out, or give one such as https://schemas.example.com`
    throw new TidingsError('option_invalid', `The ${advice}.`)
  }
}
