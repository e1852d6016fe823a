/** What AWS is paid for: requests for each event, to EventBridge and to SQS. moto counts nothing and is slow; requests are the same. */
import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { order, orderPlaced, openShop } from '../sqlite/shop.ts'

const group = 'requests'
const together = 100

export interface RequestsPerEvent {
  readonly events: number
  /** Of PutEvents, with full batches. */
  readonly putEvents: number
  /** Of ReceiveMessage and DeleteMessageBatch. */
  readonly receive: number
  readonly delete: number
}

/** @param endpoint of moto. */
export async function requestsPerEvent(endpoint: string, events: number): Promise<RequestsPerEvent> {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'bench'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'bench'
  const url = `eventbridge://us-east-1/bench-${randomUUID().slice(0, 8)}?endpoint=${encodeURIComponent(endpoint)}`
  await using bus = await openShop(url)
  const done = Promise.withResolvers<void>()
  let handled = 0
  const member = bus.group(group).on(orderPlaced, () => {
    handled += 1
    if (handled === events) done.resolve()
  })
  await member.joined()
  const counts = new Map<string, number>()
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest }
    const [, name = ''] = String(request.getHeader('x-amz-target')).split('.')
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  subscribe('http.client.request.start', count)
  for (let first = 0; first < events; first += together) {
    const numbers = Array.from({ length: together }, (_, index) => first + index)
    await bus.publishAll(numbers.map((number) => orderPlaced.create(order(number))))
  }
  await done.promise
  await member.caughtUp()
  unsubscribe('http.client.request.start', count)
  const per = (name: string): number => (counts.get(name) ?? 0) / events
  return {
    events,
    putEvents: per('PutEvents'),
    receive: per('ReceiveMessage'),
    delete: per('DeleteMessageBatch'),
  }
}
