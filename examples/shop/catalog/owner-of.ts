/** An upcaster is part of a definition, which a process has once; so is the address that it asks. */
let ordersUrl = process.env['ORDERS_URL'] ?? 'http://127.0.0.1:8080'

/** Says where the orders service answers, once it is known. */
export function askOrdersAt(url: string): void {
  ordersUrl = url
}

/** Asks the orders service who placed an order; events of the first two versions do not say. */
export async function ownerOf(orderId: string): Promise<string> {
  const url = new URL(`/orders/${encodeURIComponent(orderId)}`, ordersUrl)
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const order: unknown = response.ok ? await response.json() : undefined
  if (hasUserId(order)) return order.userId
  throw new Error(`The orders service answered ${response.status} to GET ${url.pathname}.`)
}

function hasUserId(order: unknown): order is { readonly userId: string } {
  return typeof order === 'object' && order !== null && 'userId' in order && typeof order.userId === 'string'
}
