import { printable } from './text.ts'

export interface Column<Row> {
  readonly title: string
  /** Numbers stand at the right, so that their digits are below each other. */
  readonly align?: 'right'
  readonly text: (row: Row) => string
}

/** The rows as lines of aligned columns under their titles. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map((each) => printable(each.text(row)))),
  ]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)))
  return cells.map((line) => {
    const padded = line.map((text, at) => {
      const width = widths[at] ?? 0
      return columns[at]?.align === 'right' ? text.padStart(width) : text.padEnd(width)
    })
    return padded.join('  ').trimEnd()
  })
}
