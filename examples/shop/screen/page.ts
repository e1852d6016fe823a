import { stripVTControlCharacters, styleText } from 'node:util'
import type { Glance } from './glance.ts'

type Style = Parameters<typeof styleText>[0]

/** The live page. `styleText` leaves colours out where NO_COLOR asks for it. */
export function page(glance: Glance): string[] {
  const { orders, refused, revenueCents, itemsSold, mailsSent, mails, failures } = glance
  return [
    `${paint('bold', 'orders')}      ${count(orders)} asked for, ${count(refused)} commands refused`,
    `${paint('bold', 'events')}      ${count(glance.events)} so far, ${count(glance.eventsPerSecond)} a second`,
    `${paint('bold', 'analytics')}   ${money(revenueCents)} revenue`,
    `${paint('bold', 'inventory')}   ${count(itemsSold)} items sold`,
    '',
    paint('dim', 'group               committed       lag   retries   dead letters'),
    ...glance.groups.map(({ name, committed, lag, retries, deadLetters }) =>
      [
        name.padEnd(16),
        (committed === undefined ? '–' : count(committed)).padStart(13),
        paint(lag > 100 ? 'yellow' : 'green', count(lag).padStart(10)),
        count(retries).padStart(10),
        paint(deadLetters > 0 ? 'red' : 'green', count(deadLetters).padStart(15)),
      ].join(''),
    ),
    '',
    paint('dim', `last mails of ${count(mailsSent)}`),
    ...mails.map(({ to, subject }) => `  ${to}: ${subject}`),
    ...(failures.length === 0 ? [] : ['', paint('dim', 'last failures')]),
    ...failures.map((failure) => `  ${failure}`),
  ]
}

/** The same in one line, for where nothing can be redrawn. */
export function line({
  seconds,
  orders,
  refused,
  events,
  eventsPerSecond,
  revenueCents,
  mailsSent,
  groups,
}: Glance): string {
  const readers = groups.map(({ name, lag, deadLetters }) => `${name} lag ${lag} dead ${deadLetters}`)
  return [
    `${seconds}s`,
    `${orders} orders`,
    `${refused} refused`,
    `${events} events (${eventsPerSecond}/s)`,
    money(revenueCents),
    `${mailsSent} mails`,
    ...readers,
  ].join(' | ')
}

/** Cut to the width of the terminal, so that a line stays one line. */
export function fitted(text: string, columns: number): string {
  return stripVTControlCharacters(text).length > columns
    ? stripVTControlCharacters(text).slice(0, columns)
    : text
}

export function count(value: number): string {
  return value.toLocaleString('en')
}

export function money(cents: number): string {
  return `BRL ${(cents / 100).toLocaleString('en', { minimumFractionDigits: 2 })}`
}

function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
