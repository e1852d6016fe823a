import { median } from '../harness.ts'

export interface TransactionOptions {
  /** Of SQLite. */
  readonly file: string
  /** Of PostgreSQL. */
  readonly url?: string | undefined
  readonly schema?: string | undefined
  /** Events of each kind before the clock starts, in transactions of 100: until then code is not compiled. */
  readonly warmUp: number
  /** Transactions of each kind, on the clock. */
  readonly transactions: number
}

/** What a transaction takes, in µs. */
export interface Costs {
  readonly productUs: number
  readonly yardstickUs: number
  /** Of the medians. */
  readonly ratio: number
  /** What one event adds in a transaction of 100: with its row, with the row and a bare insert, and the difference. */
  readonly insideProductUs: number
  readonly insideYardstickUs: number
  readonly insideUs: number
}

interface Kinds {
  product(rows: number): Promise<void>
  yardstick(rows: number): Promise<void>
}

const manyRows = 100
/** Transactions of 100 for every one of a single row. */
const manyPart = 0.05

/** Both kinds in turns, so that what else the machine does falls on both alike. */
export async function compared({ warmUp, transactions }: TransactionOptions, kinds: Kinds): Promise<Costs> {
  await inTurns(kinds, manyRows, Math.ceil(warmUp / manyRows))
  const single = await inTurns(kinds, 1, transactions)
  const many = await inTurns(kinds, manyRows, Math.ceil(transactions * manyPart))
  const insideProductUs = many.productUs / manyRows
  const insideYardstickUs = many.yardstickUs / manyRows
  return {
    ...single,
    ratio: single.productUs / single.yardstickUs,
    insideProductUs,
    insideYardstickUs,
    insideUs: insideProductUs - insideYardstickUs,
  }
}

async function inTurns(
  kinds: Kinds,
  rows: number,
  times: number,
): Promise<{ readonly productUs: number; readonly yardstickUs: number }> {
  const product: number[] = []
  const yardstick: number[] = []
  for (let turn = 0; turn < times; turn++) {
    // Who comes first changes, too: a commit may pay for what the one before has left to do.
    const [first, second] = turn % 2 === 0 ? [product, yardstick] : [yardstick, product]
    for (const each of [first, second]) {
      const startedMs = performance.now()
      await (each === product ? kinds.product(rows) : kinds.yardstick(rows))
      each.push((performance.now() - startedMs) * 1_000)
    }
  }
  return { productUs: median(product), yardstickUs: median(yardstick) }
}
