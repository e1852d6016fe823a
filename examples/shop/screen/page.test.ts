import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { Glance } from './glance.ts'
import { fitted, line, page } from './page.ts'

const glance: Glance = {
  seconds: 7,
  events: 1_234,
  eventsPerSecond: 56,
  orders: 400,
  refused: 8,
  revenueCents: 12_345_678,
  itemsSold: 610,
  groups: [{ name: 'notifications', committed: 1_200, lag: 34, retries: 5, deadLetters: 2 }],
  mailsSent: 321,
  mails: [{ to: 'ada@mail.example', subject: 'Order 42 is on its way' }],
  failures: ['notifications: orders/7, attempt 3: 550 (now a dead letter)'],
}

test('the page shows every service, the groups, the last mails and the last failures', () => {
  expect(page(glance).map(stripVTControlCharacters)).toEqual([
    'orders      400 asked for, 8 commands refused',
    'events      1,234 so far, 56 a second',
    'analytics   BRL 123,456.78 revenue',
    'inventory   610 items sold',
    '',
    'group               committed       lag   retries   dead letters',
    'notifications           1,200        34         5              2',
    '',
    'last mails of 321',
    '  ada@mail.example: Order 42 is on its way',
    '',
    'last failures',
    '  notifications: orders/7, attempt 3: 550 (now a dead letter)',
  ])
})

test('without a terminal it is one line', () => {
  expect(line(glance)).toBe(
    '7s | 400 orders | 8 refused | 1234 events (56/s) | BRL 123,456.78 | 321 mails | notifications lag 34 dead 2',
  )
})

test('a line that is too long for the terminal is cut', () => {
  expect(fitted('0123456789', 4)).toBe('0123')
  expect(fitted('0123', 4)).toBe('0123')
})
