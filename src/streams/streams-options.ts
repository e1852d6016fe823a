import { dataschemaOf, defaultSchemaBase } from '../catalog/index.ts'
import { eventIssues } from '../event/index.ts'
import {
  type CallerTransaction,
  type Clock,
  checkOptionNames,
  isThenable,
  type Random,
  shown,
  TidingsError,
} from '../kernel/index.ts'
import type { StreamOutbox } from './append.ts'
import type { Mapping } from './mapping.ts'
import type { StreamStore } from './stream-store.ts'

export interface StreamsOptions<T extends CallerTransaction, Types extends string = string> {
  /** Where the events are; the streams close it. */
  readonly store: StreamStore<T>
  /** The CloudEvents `source` of domain events: a URI-reference that names this service. */
  readonly source: string
  /**
   * Where integration events go, in the transaction of the append that they come from: `bus.outbox(store)` in the same
   * database. Needed with mappings.
   */
  readonly outbox?: StreamOutbox<T, Types> | undefined
  /** What domain events tell other services. Those that no mapping selects stay private. */
  readonly mappings?: readonly Mapping<NoInfer<Types>>[] | undefined
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const optionNames = {
  store: true,
  source: true,
  outbox: true,
  mappings: true,
  schemaBase: true,
  clock: true,
  random: true,
} as const satisfies Record<keyof StreamsOptions<CallerTransaction>, true>

/** What the types say, for whoever has none. @throws `option_invalid` */
export function checkStreamsOptions<T extends CallerTransaction, Types extends string>(
  options: StreamsOptions<T, Types>,
): void {
  checkOptionNames('openStreams', options, optionNames)
  const { store, outbox, mappings = [] } = options
  if (!hasMembers(store, ['append', 'read', 'readAll'])) {
    const advice = isThenable(store) ? 'Await it, and give' : 'Give'
    throw new TidingsError(
      'option_invalid',
      `openStreams got ${shown(store)} as store. ${advice} a stream store: store: sqliteStreams('orders.db').`,
    )
  }
  if (outbox !== undefined && !hasMembers(outbox, ['add'])) {
    throw new TidingsError(
      'option_invalid',
      `openStreams got ${shown(outbox)} as outbox. Give one of the bus: outbox: bus.outbox(sqliteOutbox(database)).`,
    )
  }
  if (mappings.length > 0 && outbox === undefined) {
    throw new TidingsError(
      'option_invalid',
      'openStreams got mappings without an outbox to write their events to. Give outbox: bus.outbox(store), with a store in the database of the streams.',
    )
  }
  checkOrigin('openStreams', options)
}

/** An event with this source and schema base would be valid; better here than at the first append. @throws `option_invalid` */
export function checkOrigin(
  call: string,
  {
    source,
    schemaBase = defaultSchemaBase,
  }: { readonly source: string; readonly schemaBase?: string | undefined },
): void {
  const dataschema = dataschemaOf(schemaBase, 't', 1)
  const [issue] = eventIssues({ specversion: '1.0', id: '1', type: 't', source, dataschema })
  if (issue === undefined) return
  const name = issue.path === '/source' ? 'source' : 'schemaBase'
  throw new TidingsError(
    'option_invalid',
    `${call} got a ${name} that ${issue.message}. Name this service, as in source: '/orders-service', and leave schemaBase out unless a registry server has one.`,
  )
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value)
}
