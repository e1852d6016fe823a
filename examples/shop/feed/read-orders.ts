import { open } from 'node:fs/promises'
import { parseJson } from 'tidings/event'
import * as z from 'zod'
import { ShopError } from '../errors.ts'
import { OrderLine } from './order-line.ts'

/** Lines that are listed of a file that has more wrong ones; and orders that one file may hold. */
const mostProblems = 20
const mostOrders = 1_000_000

/**
 * Reads a file of orders, one JSON object a line, line by line.
 * @throws `ShopError`, naming the lines, unless every line is an order with an id of its own: with half of the facts all sums
 * would be wrong, so nothing is taken from such a file.
 */
export async function readOrders(file: string): Promise<readonly OrderLine[]> {
  const orders = new Map<string, OrderLine>()
  const problems: string[] = []
  let number = 0
  for await (const line of linesOf(file)) {
    number += 1
    if (line.trim() === '') continue
    try {
      const order = OrderLine.parse(parseJson(line))
      if (orders.has(order.orderId)) throw new Error(`order ${order.orderId} is here a second time`)
      if (orders.size === mostOrders) throw new Error(`a file may hold ${mostOrders} orders at the most`)
      orders.set(order.orderId, order)
    } catch (error) {
      problems.push(`  line ${number}: ${reasonOf(error)}`)
      if (problems.length === mostProblems) break
    }
  }
  if (problems.length === 0) return [...orders.values()]
  throw new ShopError(
    `${file} cannot be taken, so nothing was:\n${problems.join('\n')}\nCorrect the file and start again.`,
  )
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    await using handle = await open(file)
    yield* handle.readLines()
  } catch (cause) {
    throw new ShopError(`${file} cannot be read${unreadable(cause)} Check what --orders names.`, { cause })
  }
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return ': there is no such file.'
  if (code === 'EISDIR') return ': it is a folder.'
  return `: ${reasonOf(error)}.`
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.') || 'the order'} ${message}`).join(', ')
  }
  return error instanceof Error ? error.message : String(error)
}
