/** A step between the write of a row and the effect of its event, in the order that an event takes them. */
export interface Point {
  readonly name: string
  /** It comes once or twice in the life of a process, not with every event. */
  readonly isRare?: boolean
}

/** What the process does with ports: `decorate.ts` names the calls. */
const calls: readonly Point[] = [
  { name: 'join', isRare: true },
  { name: 'lead', isRare: true },
  { name: 'claim' },
  { name: 'publish' },
  { name: 'settle' },
  { name: 'deliver' },
  { name: 'look up' },
  { name: 'handle' },
  { name: 'transact' },
  { name: 'commit progress' },
  { name: 'leave', isRare: true },
  { name: 'resign', isRare: true },
]

/** A statement by its text: the point is the run of it. */
export interface StatementPoint extends Point {
  /** The end of the name of the SQLite file; undefined for PostgreSQL. */
  readonly file: string | undefined
  readonly text: RegExp
}

const log: readonly StatementPoint[] = [
  { name: 'append record', file: 'log.db', text: /^INSERT INTO tidings_record/ },
  { name: 'move end offset', file: 'log.db', text: /^UPDATE tidings_partition SET end_offset/ },
  { name: 'store progress', file: 'log.db', text: /^UPDATE tidings_commit/ },
  { name: 'log commit', file: 'log.db', text: /^COMMIT$/ },
]

const sqlite: readonly StatementPoint[] = [
  { name: 'begin', file: 'service.db', text: /^BEGIN TRANSACTION/ },
  { name: 'business write', file: 'service.db', text: /^INSERT INTO customer_order/ },
  { name: 'outbox write', file: 'service.db', text: /^INSERT INTO tidings_outbox \(/ },
  { name: 'commit', file: 'service.db', text: /^COMMIT TRANSACTION/ },
  { name: 'rollback', file: 'service.db', text: /^ROLLBACK TRANSACTION/ },
  {
    name: 'lead row',
    file: 'service.db',
    text: /^INSERT OR REPLACE INTO tidings_outbox_relay/,
    isRare: true,
  },
  { name: 'settle rows', file: 'service.db', text: /^DELETE FROM tidings_outbox / },
  { name: 'settle commit', file: 'service.db', text: /^COMMIT$/ },
  { name: 'fence', file: 'inbox.db', text: /^INSERT OR REPLACE INTO tidings_fence/, isRare: true },
  { name: 'inbox row', file: 'inbox.db', text: /^INSERT INTO tidings_inbox/ },
  { name: 'effect', file: 'inbox.db', text: /^INSERT INTO effect/ },
  { name: 'inbox commit', file: 'inbox.db', text: /^COMMIT$/ },
]

const postgres: readonly StatementPoint[] = [
  { name: 'begin', file: undefined, text: /^BEGIN TRANSACTION/ },
  { name: 'business write', file: undefined, text: /^INSERT INTO customer_order/ },
  { name: 'outbox write', file: undefined, text: /^INSERT INTO \S+outbox \(topic/ },
  { name: 'commit', file: undefined, text: /^COMMIT TRANSACTION/ },
  { name: 'rollback', file: undefined, text: /^ROLLBACK TRANSACTION/ },
  { name: 'lead row', file: undefined, text: /^INSERT INTO \S+relay/, isRare: true },
  { name: 'settle rows', file: undefined, text: /DELETE FROM \S+outbox WHERE position = ANY/ },
  { name: 'fence', file: undefined, text: /^INSERT INTO \S+fence/, isRare: true },
  { name: 'inbox row', file: undefined, text: /INSERT INTO \S+inbox \(/ },
  { name: 'effect', file: undefined, text: /^INSERT INTO effect/ },
  { name: 'inbox commit', file: undefined, text: /^COMMIT$/ },
]

/** Where the service keeps its rows, its outbox and its inbox; the log is a SQLite file. */
export type Keeping = 'sqlite' | 'postgres'
export const keepings: readonly Keeping[] = ['sqlite', 'postgres']
export const isKeeping = (name: unknown): name is Keeping => keepings.some((each) => each === name)

export const statementPoints: Readonly<Record<Keeping, readonly StatementPoint[]>> = {
  sqlite: [...log, ...sqlite],
  postgres: [...log, ...postgres],
}

export function pointsOf(keeping: Keeping): readonly Point[] {
  return [...calls, ...statementPoints[keeping]]
}

/** When the process dies: before the step, while it is under way, or when it is done. */
export const phases = ['before', 'at', 'after'] as const
export type Phase = (typeof phases)[number]
