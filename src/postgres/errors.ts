import { type ErrorCode, TidingsError, toError } from '../kernel/index.ts'

/**
 * The SQLSTATE of an error of PostgreSQL (postgresql.org/docs/current/errcodes-appendix.html), or Node's code of a lost
 * connection. Query builders have it as the cause of an error of theirs, and we of ours.
 */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof TidingsError) return stateOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : stateOf(error.cause)
}

/** An error of what was written or asked, such as text that the database's encoding does not have. */
export function isOfData(error: unknown): boolean {
  return stateOf(error)?.startsWith('22') === true
}

/** States of which the code asks something of its own. */
export const sqlState = {
  uniqueViolation: '23505',
  noTransaction: '25P01',
  transactionFailed: '25P02',
  undefinedTable: '42P01',
  undefinedColumn: '42703',
  undefinedSchema: '3F000',
  denied: '42501',
  lockTimeout: '55P03',
} as const

type Meaning = readonly [states: RegExp, code: ErrorCode, sentence: (said: string) => string]

/** The first that fits, by the whole state. */
const meanings: readonly Meaning[] = [
  [
    /^28/,
    'access_denied',
    (said) => `PostgreSQL refused the user: ${said}. Check name, password and pg_hba.conf.`,
  ],
  [
    /^42501$/,
    'access_denied',
    (said) =>
      `The user lacks a right: ${said}. \`tidings migrate\` creates the tables as their owner, and docs/postgres.md has the rights that a service needs.`,
  ],
  [
    /^(42P01|42703|3F000)$/,
    'tables_missing',
    (said) => `A table of Tidings is not there, or not as it was: ${said}. Run \`tidings migrate\`.`,
  ],
  [/^3D000$/, 'engine_unreachable', (said) => `${sentence(said)} Create the database, or name another.`],
  [
    /^(53100|53200)$/,
    'storage_full',
    (said) =>
      `The server has no room left: ${said}. Nothing of this write is stored; free space and try again.`,
  ],
  [
    /^53300$/,
    'engine_busy',
    (said) => `The server takes no more connections: ${said}. Use smaller pools, or a pooler.`,
  ],
  [
    /^(40001|40P01|55P03|57014)$/,
    'engine_busy',
    (said) =>
      `The server gave this transaction up in favour of others: ${said}. Nothing of it is stored; try again.`,
  ],
  [/^25006$/, 'engine_unreachable', (said) => `This server only reads: ${said}. Connect to the primary.`],
  [
    /^(57P0\d|08...|E[A-Z]+)$/,
    'engine_unreachable',
    (said) =>
      `The server does not answer: ${said}. What was under way may be stored or not. Is it running, and reachable from here?`,
  ],
]

/** What `pg` says of a connection that was lost, without a code. */
const lost =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/

/** What `pg` says when the server asks for a password and it has none. */
const withoutPassword = /client password must be a (non-empty )?string/

/** An error of PostgreSQL in our words; other errors as they are. */
export function postgresError(thrown: unknown): Error {
  const error = toError(thrown)
  if (error instanceof TidingsError) return error
  if (withoutPassword.test(error.message)) return passwordMissing(thrown)
  const state = lost.test(error.message) ? '08006' : (stateOf(error) ?? '')
  const meaning = meanings.find(([states]) => states.test(state))
  if (meaning === undefined) return error
  const [, code, words] = meaning
  return new TidingsError<ErrorCode>(code, words(saidBy(error)), { cause: thrown } as never)
}

/** True for what Node or `pg` say of a connection, whichever it is; of what a server says itself it is false. */
export function isOfConnection(error: unknown): boolean {
  if (error instanceof TidingsError || !(error instanceof Error)) return false
  return lost.test(error.message) || /^E[A-Z]+$/.test(stateOf(error) ?? '')
}

function passwordMissing(cause: unknown): TidingsError {
  return new TidingsError(
    'access_denied',
    'PostgreSQL asks for a password, and there is none. Put it into the environment variable PGPASSWORD, which other users of the machine do not see, or into the URL.',
    { cause },
  )
}

/** The first words of several connection attempts that failed together are empty: then those of the first. */
function saidBy(error: Error): string {
  const first = error instanceof AggregateError ? error.errors[0] : undefined
  return (error.message || (first instanceof Error ? first.message : error.name)).replace(/\.$/, '')
}

function sentence(said: string): string {
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}.`
}
