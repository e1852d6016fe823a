import { defaultSchemaBase, type VersionedEvent } from '../catalog/index.ts'
import {
  type CallerTransaction,
  type Clock,
  checkOptionNames,
  createIds,
  isThenable,
  type Random,
  systemClock,
  systemRandom,
  TidingsError,
} from '../kernel/index.ts'
import type { Aggregate } from './aggregate.ts'
import { type Integration, type StreamOutbox, tellingOf } from './append.ts'
import type { StreamDefinition } from './define-stream.ts'
import { inFlow } from './domain-events.ts'
import { expectedVersionError } from './expected-version.ts'
import type { Mapping } from './mapping.ts'
import { type Repository, type RepositoryParts, repositoryOf } from './repository.ts'
import { checkOrigin } from './streams-options.ts'
import { CommandTurns } from './command-turns.ts'

/** The version that a row is moved from and to: how many events the aggregate has raised, 0 for none. */
export interface RowVersions {
  readonly expected: number
  readonly next: number
  /** What `save` throws when there is no row at `expected`: somebody else was faster. */
  readonly conflict: () => Error
}

/** A plain table that keeps what aggregates are, and not what has happened to them. */
export interface AggregateTable<A, T extends CallerTransaction> {
  /**
   * Runs writes in one transaction of the table's database. Fulfils when it is durable; rejects with what `run` throws, and
   * nothing is written.
   */
  transaction(run: (tx: T['tx']) => T['written']): Promise<unknown>
  /** Fills a new aggregate from its row. Gives the version in the row, 0 where there is none. */
  load(aggregate: A): number | Promise<number>
  /** Writes the row with its next version, where it is at the one expected: inserts it at 0. */
  save(tx: T['tx'], aggregate: A, versions: RowVersions): T['written']
}

export interface TablesOptions<T extends CallerTransaction, Types extends string = string> {
  /** In the database of the tables: `bus.outbox(store)`. */
  readonly outbox: StreamOutbox<T, Types>
  /** What the events that aggregates raise tell other services. Those that no mapping selects stay private. */
  readonly mappings: readonly Mapping<NoInfer<Types>>[]
  /** The CloudEvents `source` of what aggregates raise: a URI-reference that names this service. */
  readonly source: string
  readonly schemaBase?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const optionNames = {
  outbox: true,
  mappings: true,
  source: true,
  schemaBase: true,
  clock: true,
  random: true,
} as const satisfies Record<keyof TablesOptions<CallerTransaction>, true>

/** Aggregates that are kept in plain tables of one database. */
export interface Tables<T extends CallerTransaction> {
  /**
   * What the aggregates raise is not stored: what is mapped to integration events goes to the outbox, in the transaction
   * that writes the row, and after it. So per aggregate the order in the outbox is that of the commits.
   * @param stream the events that the aggregate raises.
   */
  repository<Selected extends VersionedEvent, A extends Aggregate<NoInfer<Selected>['event']>>(
    stream: StreamDefinition<string, Selected>,
    aggregate: new (id: string) => A,
    table: AggregateTable<A, T>,
  ): Repository<A>
}

/** Aggregates kept as what they are, with the outbox of those that are kept as what has happened. @throws `option_invalid` */
export function openTables<T extends CallerTransaction, Types extends string>(
  options: TablesOptions<T, Types>,
): Tables<T> {
  checkOptionNames('openTables', options, optionNames)
  checkOrigin('openTables', options)
  const { source, schemaBase = defaultSchemaBase, clock = systemClock, random = systemRandom } = options
  const origin = { source, schemaBase, clock, ids: createIds(clock, random) }
  const turns = new CommandTurns(clock, random)
  // The mappings make what the outbox takes: the compiler has seen to it.
  const integration: Integration<T> = { outbox: options.outbox as never, mappings: options.mappings }
  return {
    repository: (stream, aggregate, table) =>
      repositoryOf({
        stream,
        origin,
        turns,
        ...tableParts(stream, aggregate, table, integration),
      }),
  }
}

type TableParts<A> = Pick<RepositoryParts<A>, 'restore' | 'append' | 'isDone'>

function tableParts<A extends Aggregate, T extends CallerTransaction>(
  { name }: StreamDefinition,
  aggregate: new (id: string) => A,
  table: AggregateTable<A, T>,
  integration: Integration<T>,
): TableParts<A> {
  return {
    async restore(id) {
      const state = new aggregate(id)
      return { state, version: await table.load(state) }
    },
    async append(changed, raised, { expected, cause }) {
      const stream = { name, id: changed.id }
      const next = expected + raised.length
      const tell = tellingOf(integration, stream, inFlow(raised, cause))
      const conflict = new Error('Somebody else was faster.')
      const versions = { expected, next, conflict: () => conflict }
      try {
        await table.transaction((tx) => oneAfterTheOther(table.save(tx, changed, versions), () => tell?.(tx)))
      } catch (error) {
        if (error !== conflict) throw error
        throw expectedVersionError(stream, expected, await table.load(new aggregate(changed.id)))
      }
      return next
    },
    async isDone(_stream, { idempotencyKey }) {
      if (idempotencyKey === undefined) return false
      throw new TidingsError(
        'option_invalid',
        'A table does not remember which commands were carried out, so update takes no idempotencyKey here. Save in the transaction of an inbox, or keep the aggregate as a stream.',
      )
    },
  }
}

/** Both writes, where the first may have to be awaited. */
function oneAfterTheOther<Written extends void | Promise<void>>(
  written: Written,
  write: () => Written | undefined,
): Written {
  // What is awaited gives what is awaited, and what is not, nothing.
  return (isThenable(written) ? written.then(write) : write()) as Written
}
