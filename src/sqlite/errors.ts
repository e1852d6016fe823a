import type { DatabaseSync } from 'node:sqlite'
import { TidingsError, toError } from '../kernel/index.ts'

/** SQLite's result codes (sqlite.org/rescode.html), the low byte of an extended code. */
export const sqliteCode = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const

type SqliteErrorCode =
  | 'engine_busy'
  | 'engine_unreachable'
  | 'file_corrupt'
  | 'file_not_ours'
  | 'file_read_only'
  | 'storage_full'

const meanings: Readonly<
  Record<number, readonly [code: SqliteErrorCode, sentence: (file: string) => string]>
> = {
  [sqliteCode.busy]: [
    'engine_busy',
    (file) =>
      `Another connection holds the write lock of ${file}. Keep write transactions short, and begin them with BEGIN IMMEDIATE.`,
  ],
  [sqliteCode.locked]: [
    'engine_busy',
    (file) => `A statement of this connection is still reading ${file}. Finish reading before writing.`,
  ],
  [sqliteCode.readOnly]: [
    'file_read_only',
    (file) => `${file} cannot be written. Give this user write permission for the file and for its folder.`,
  ],
  [sqliteCode.ioError]: [
    'engine_unreachable',
    (file) => `The disk failed while ${file} was read or written. Look at the system's log.`,
  ],
  [sqliteCode.corrupt]: [
    'file_corrupt',
    (file) =>
      `${file} is damaged. Stop all its users and restore it from a backup; \`PRAGMA integrity_check\` says what is wrong.`,
  ],
  [sqliteCode.full]: [
    'storage_full',
    (file) =>
      `The disk or quota of ${file} is full. Nothing of this write is stored; free space and try again.`,
  ],
  [sqliteCode.cannotOpen]: [
    'engine_unreachable',
    (file) => `${file} cannot be opened. Does its folder exist, and may this user write there?`,
  ],
  [sqliteCode.notADatabase]: [
    'file_not_ours',
    (file) => `${file} is not a SQLite database. Name another file, or move this one away.`,
  ],
}

/** The result code of an error of `node:sqlite`, or undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

/** An error of SQLite in our words; other errors as they are. */
export function sqliteError(thrown: unknown, file: string): Error {
  const meaning = meanings[resultCode(thrown) ?? -1]
  if (meaning === undefined) return toError(thrown)
  const [code, sentence] = meaning
  return new TidingsError(code, sentence(file), { cause: thrown })
}

/** A connection of ours: the database and the name of its file. */
export interface Connection {
  readonly database: DatabaseSync
  readonly file: string
}

/** What went wrong on a connection, in our words: it is closed, or SQLite says so; other errors as they are. */
export function connectionError(thrown: unknown, { database, file }: Connection): Error {
  if (thrown instanceof TidingsError || database.isOpen) return sqliteError(thrown, file)
  return new TidingsError(
    'engine_closed',
    `${file} was closed before this call. Close the bus, the engine and the inbox last, or open the file again.`,
    { cause: thrown },
  )
}

/** Reads from a connection. @throws errors in our words. */
export function reading<Result>(connection: Connection, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw connectionError(error, connection)
  }
}
