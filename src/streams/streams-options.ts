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
import type { StreamStore } from './stream-store.ts'

export interface StreamsOptions<T extends CallerTransaction> {
  /** Where the events are; the streams close it. */
  readonly store: StreamStore<T>
  /** The CloudEvents `source` of domain events: a URI-reference that names this service. */
  readonly source: string
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const optionNames = {
  store: true,
  source: true,
  schemaBase: true,
  clock: true,
  random: true,
} as const satisfies Record<keyof StreamsOptions<CallerTransaction>, true>

/** What the types say, for whoever has none. @throws `option_invalid` */
export function checkStreamsOptions<T extends CallerTransaction>(options: StreamsOptions<T>): void {
  checkOptionNames('openStreams', options, optionNames)
  const { store, source, schemaBase = defaultSchemaBase } = options
  if (!hasMembers(store, ['append', 'read', 'readAll'])) {
    const advice = isThenable(store) ? 'Await it, and give' : 'Give'
    throw new TidingsError(
      'option_invalid',
      `openStreams got ${shown(store)} as store. ${advice} a stream store: store: sqliteStreams('orders.db').`,
    )
  }
  const event = {
    specversion: '1.0',
    id: '1',
    type: 't',
    source,
    dataschema: dataschemaOf(schemaBase, 't', 1),
  }
  const [issue] = eventIssues(event)
  if (issue === undefined) return
  const name = issue.path === '/source' ? 'source' : 'schemaBase'
  throw new TidingsError(
    'option_invalid',
    `openStreams got a ${name} that ${issue.message}. Name this service, as in source: '/orders-service', and leave schemaBase out unless a registry server has one.`,
  )
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value)
}
