import type { PostgresQuery } from './query.ts'

/** A row as it came, before its columns are taken for what they are. */
export type Row = Readonly<Record<string, unknown>>

/** The first row, of a statement that has one. */
export function only(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new RangeError('A statement that has a row gave none.')
  return row
}

/** Rows of a statement inside a transaction. */
export async function rowsOf(
  tx: PostgresQuery,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await tx.query(text, [...values])).rows as readonly Row[]
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** SQL of the time in ms: the value of a parameter, or where that is null the server's clock. */
export function time(parameter: string): string {
  return `coalesce(${parameter}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`
}

/** Text as PostgreSQL can keep it: it has no character 0. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u{FFFD}')
}

/** A text, or undefined for NULL. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A number, or undefined for NULL. */
export function optionalNumber(value: unknown): number | undefined {
  return value === null ? undefined : Number(value)
}
