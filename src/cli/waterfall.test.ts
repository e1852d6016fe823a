import { expect, test } from 'vitest'
import { type DeliveryEntry, traceTree } from '../journal/index.ts'
import { sequenceDiagram } from './sequence-diagram.ts'
import { waterfall } from './waterfall.ts'

const delivery = (
  given: Pick<DeliveryEntry, 'group' | 'at'> & Partial<DeliveryEntry>,
  id = 'e1',
  more: object = {},
): DeliveryEntry => ({
  service: `/${given.group}`,
  member: 'one',
  topic: 'orders',
  partition: 0,
  offset: 0,
  appendedAt: 1_010,
  publishedAt: 1_000,
  attempt: 1,
  outcome: 'handled',
  tookMs: 20,
  event: { source: '/orders', id, type: 'com.example.orders.placed', subject: 'orders/42', ...more },
  ...given,
})

const paid = { source: '/billing', type: 'com.example.orders.paid', causationId: 'e1' }
const error = { reason: 'TypeError', message: 'No mail server', fingerprint: 'f' }
const story = traceTree([
  delivery({ group: 'mails', at: 1_100, outcome: 'failed', error, retryInMs: 300 }),
  delivery({ group: 'mails', at: 1_400, attempt: 2 }),
  delivery({ group: 'billing', at: 1_050 }),
  delivery({ group: 'ledger', at: 1_200, appendedAt: 1_060, publishedAt: 1_045 }, 'e2', paid),
])

test('a waterfall shows what followed from what, and when', () => {
  const [head, ...lines] = waterfall('0af7', story, 140)
  expect(head).toBe('trace 0af7: 2 events, 4 deliveries, 400 ms')
  expect(lines.map((line) => line.split('|')[0]?.trimEnd())).toEqual([
    'com.example.orders.placed orders/42 by /orders on orders',
    '  mails failed, waited 70 ms, took 20 ms: TypeError: No mail server',
    '        handled in attempt 2, took 20 ms',
    '  billing handled, waited 20 ms, took 20 ms',
    '    com.example.orders.paid orders/42 by /billing on orders',
    '      ledger handled, waited 120 ms, took 20 ms',
  ])
  for (const line of waterfall('0af7', story, 140)) expect(line.length).toBeLessThanOrEqual(140)
  const [, root, first] = waterfall('0af7', story, 140).map((line) => line.split('|')[1])
  expect(root).toBe('*')
  expect(first).toMatch(/^ ?\.+=+$/)
})

test('clocks that disagree are shown as that, not as a wait', () => {
  const early = traceTree([delivery({ group: 'mails', at: 900 })])
  expect(waterfall('0af7', early).join('\n')).toContain('clocks disagree by 130 ms or more')
})

test('control characters of a subject reach no terminal', () => {
  const odd = traceTree([delivery({ group: 'mails', at: 1_100 }, 'e1', { subject: '\u001b[2Jx' })])
  expect(waterfall('0af7', odd).join('')).not.toContain('\u001b')
  expect(sequenceDiagram(odd).join('')).not.toContain('\u001b')
})

test('a sequence diagram has services and groups, what went between them, and what went wrong', () => {
  expect(sequenceDiagram(story)).toEqual([
    'sequenceDiagram',
    '  participant p0 as /orders',
    '  participant p1 as mails',
    '  participant p2 as billing',
    '  participant p3 as ledger',
    '  p0->>p1: com.example.orders.placed orders/42',
    '  Note right of p1: failed, attempt 1 (TypeError: No mail server)',
    '  Note right of p1: handled, attempt 2',
    '  p0->>p2: com.example.orders.placed orders/42',
    '  p2->>p3: com.example.orders.paid orders/42',
  ])
})

test('what would end a line of Mermaid is an entity in it', () => {
  const odd = traceTree([delivery({ group: 'a;b', at: 1_100 })])
  expect(sequenceDiagram(odd)).toContain('  participant p1 as a#59;b')
})
