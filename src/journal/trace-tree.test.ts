import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeliveryEntry } from './entries.ts'
import { type TracedEvent, traceTree, waitedMs } from './trace-tree.ts'

interface Told {
  readonly id: string
  readonly source?: string
  readonly cause?: string
  readonly group?: string
  readonly service?: string
  readonly attempt?: number
  readonly at?: number
}

const delivery = ({
  id,
  source = '/orders',
  cause,
  group = 'mails',
  service = '/mails',
  attempt = 1,
  at = 10,
}: Told): DeliveryEntry => ({
  service,
  member: 'one',
  group,
  topic: 'orders',
  partition: 0,
  offset: 0,
  at,
  appendedAt: 0,
  attempt,
  outcome: 'handled',
  tookMs: 1,
  event: { source, id, type: 'placed', ...(cause !== undefined && { causationId: cause }) },
})

/** `a(mails:b(…))`: an event, its groups, and what followed. */
const shape = ({ event, groups, followers }: TracedEvent): string =>
  `${event.id}(${[...groups.map(({ group, followers: own }) => `${group}:${own.map(shape).join('')}`), ...followers.map(shape)].join(' ')})`

const shapes = (...told: readonly Told[]): string => traceTree(told.map(delivery)).map(shape).join(' ')

test('an event stands under the group of its cause that published it', () => {
  expect(
    shapes(
      { id: 'a', group: 'mails', service: '/mails' },
      { id: 'a', group: 'billing', service: '/billing' },
      { id: 'b', source: '/billing', cause: 'a', group: 'ledger', service: '/ledger' },
    ),
  ).toBe('a(mails: billing:b(ledger:))')
})

test('an event of a service that has no group there stands beside the groups', () => {
  expect(shapes({ id: 'a' }, { id: 'b', source: '/elsewhere', cause: 'a' })).toBe('a(mails: b(mails:))')
})

test('attempts of one group stand together, in the order in which they ended', () => {
  const [event] = traceTree([
    delivery({ id: 'a', attempt: 2, at: 20 }),
    delivery({ id: 'a', attempt: 1, at: 10 }),
  ])
  expect(event?.groups).toHaveLength(1)
  expect(event?.groups[0]?.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2])
})

test('an event whose cause is not there begins the story', () => {
  expect(shapes({ id: 'b', cause: 'gone' }, { id: 'c', cause: 'b' })).toBe('b(mails: c(mails:))')
})

test('every event is told once, whatever its causes are', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const told = fc.record({
    id: ids,
    cause: fc.option(ids, { nil: undefined }),
    source: fc.constantFrom('/x', '/y'),
  })
  fc.assert(
    fc.property(fc.array(told, { maxLength: 12 }), (list) => {
      const deliveries = list.map((each) => delivery(each as Told))
      const names = (events: readonly TracedEvent[]): string[] =>
        events.flatMap(({ event, groups, followers }) => [
          `${event.source} ${event.id}`,
          ...groups.flatMap((group) => names(group.followers)),
          ...names(followers),
        ])
      const found = names(traceTree(deliveries))
      const wanted = new Set(deliveries.map(({ event }) => `${event?.source} ${event?.id}`))
      expect(found.toSorted()).toEqual([...wanted].toSorted())
    }),
  )
})

test('a wait is counted to the start of the handler, and negative where two clocks disagree', () => {
  expect(waitedMs(delivery({ id: 'a', at: 10 }))).toBe(9)
  expect(waitedMs(delivery({ id: 'a', at: -40 }))).toBe(-41)
})
