import type { SelectedOf } from '../catalog/index.ts'
import { checkName, checkOptionNames, shown, TidingsError } from '../kernel/index.ts'
import type { StreamDefinition } from './define-stream.ts'
import { inOrder } from './in-order.ts'
import type { RecordedEvent } from './read.ts'

/** A read model: what is made of the events of streams, in tables that answer what streams cannot. */
export interface Projection<Tx = unknown> {
  readonly name: string
  readonly streams: readonly StreamDefinition[]
  /** The table of a build: the projection's name, with `_` for what SQL would quote, and the number of the build. */
  tableOf(build: number): string
  create(tx: Tx, table: string): void | Promise<void>
  applyAll(tx: Tx, recorded: readonly RecordedEvent[], table: string): void | Promise<void>
  drop(tx: Tx, table: string): void | Promise<void>
}

/** What makes a read model. All of it writes through the transaction that it is given, and through nothing else. */
export type ProjectionFunctions<Tx, Streams extends readonly StreamDefinition[]> = ProjectionTables<
  Tx,
  Streams
> &
  (AppliesEach<Tx, Streams> | AppliesAll<Tx, Streams>)

interface ProjectionTables<Tx, Streams extends readonly StreamDefinition[]> {
  /** Whose events it is made of. */
  readonly streams: Streams
  /** Creates the table (and others whose names begin with its name) of a new build. */
  create(tx: Tx, table: string): void | Promise<void>
  /** Drops the tables of a build that another has replaced. */
  drop(tx: Tx, table: string): void | Promise<void>
}

interface AppliesEach<Tx, Streams extends readonly StreamDefinition[]> {
  /** Takes in one event, in commit order, once. */
  apply(tx: Tx, recorded: RecordedEvent<SelectedOf<Streams[number]>>, table: string): void | Promise<void>
  readonly applyAll?: undefined
}

interface AppliesAll<Tx, Streams extends readonly StreamDefinition[]> {
  readonly apply?: undefined
  /** Takes in some events, in commit order, each once: where a statement for all costs less than one for each. */
  applyAll(
    tx: Tx,
    recorded: readonly RecordedEvent<SelectedOf<Streams[number]>>[],
    table: string,
  ): void | Promise<void>
}

const functionNames = { streams: true, create: true, apply: true, applyAll: true, drop: true } as const

/**
 * A projection: `defineProjection('open-orders', { streams: [orderStream], create(tx: DatabaseSync, table) { … }, … })`.
 * @throws `name_invalid`, `option_invalid`
 */
export function defineProjection<Tx, const Streams extends readonly StreamDefinition[]>(
  name: string,
  functions: ProjectionFunctions<Tx, Streams>,
): Projection<Tx> {
  checkName('A projection', name)
  checkOptionNames(`The projection ${name}`, functions, functionNames)
  const [taking, other] = (['apply', 'applyAll'] as const).filter((each) => functions[each] !== undefined)
  if (taking === undefined || other !== undefined) {
    const which = taking === undefined ? 'neither apply nor applyAll' : 'both apply and applyAll'
    throw new TidingsError('option_invalid', `The projection ${name} has ${which}. Give one of them.`)
  }
  for (const each of ['create', taking, 'drop'] as const) {
    if (typeof functions[each] === 'function') continue
    throw new TidingsError(
      'option_invalid',
      `The projection ${name} has ${shown(functions[each])} as ${each}. Give a function.`,
    )
  }
  if (new Set(functions.streams.map((stream) => stream.name)).size < functions.streams.length)
    throw new TidingsError(
      'option_invalid',
      `The projection ${name} has two streams of one name. Leave one out.`,
    )
  return {
    name,
    streams: functions.streams,
    tableOf: (build) => `${name.replaceAll(/[^A-Za-z0-9]/g, '_')}_${build}`,
    create: (tx, table) => functions.create(tx, table),
    // What is recorded is of one of these streams, and decoded by it.
    applyAll: (tx, recorded, table) =>
      functions.apply === undefined
        ? functions.applyAll(tx, recorded as never, table)
        : inOrder(recorded, (each) => functions.apply(tx, each as never, table)),
    drop: (tx, table) => functions.drop(tx, table),
  }
}
