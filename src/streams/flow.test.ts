import { describe, expect, test } from 'vitest'
import { runInFlow } from '../event/index.ts'
import { all, type OpenedStreams, opened, order, orderStream } from './orders.fixture.ts'
import type { CommandOptions } from './command-options.ts'

const handled = { id: 'event-7', correlationid: 'flow-1' }
const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, tracestate: 'vendor=1' }

async function place({ streams }: OpenedStreams, options: CommandOptions = {}): Promise<unknown> {
  await runInFlow({ cause: handled, trace }, () =>
    streams.execute(order, '1', { type: 'place', cents: 100 }, options),
  )
  const [first] = await all(streams.read(orderStream, '1'))
  return first?.event
}

describe('What a command appends while an event is handled', () => {
  test('has that event as its cause, and the span that handles it', async () => {
    expect(await place(opened())).toMatchObject({
      causationid: 'event-7',
      correlationid: 'flow-1',
      traceparent: `00-${trace.traceId}-${trace.spanId}-01`,
      tracestate: 'vendor=1',
    })
  })

  test('has the cause that the command names instead', async () => {
    const event = await place(opened(), { causedBy: { id: 'mine' } })
    expect(event).toMatchObject({ causationid: 'mine', correlationid: 'mine' })
  })
})

test('What a command appends outside of any trace has no trace context', async () => {
  const { streams } = opened()
  await streams.execute(order, '1', { type: 'place', cents: 100 })
  const [first] = await all(streams.read(orderStream, '1'))
  expect(first?.event).not.toHaveProperty('traceparent')
})
