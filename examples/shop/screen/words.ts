import type { Shop } from '../shop.ts'
import type { Place } from '../stores/place.ts'
import type { Summary } from '../summary.ts'
import { count, money } from './page.ts'

const order =
  '{"userId":"ada","state":"SP","items":[{"productId":"hammock","priceCents":18900,"freightCents":2450}]}'

/** Where the shop is, and what to try next. */
export function welcome({ bus, place, ordersUrl }: Shop): string {
  const log = logOptions(place)
  const tail = bus.capabilities.replay.start ? `\n  npx tidings tail orders ${log}` : ''
  return `The shop is open. Ctrl-C closes it.
  log             ${log}
  orders service  ${ordersUrl}

Try in another terminal:
  curl ${ordersUrl}/orders -d '${order}'${tail}
  npx tidings dead-letters ls ${log}

`
}

/** The options of `tidings` that name the log. */
function logOptions(place: Place): string {
  if ('file' in place && place.elsewhere === undefined) return `--url sqlite:${encodeURI(place.file)}`
  return `--url ${place.elsewhere?.url} --namespace ${place.elsewhere?.namespace}`
}

/** The summary for people. */
export function summaryText({ orders, created, refused, events, groups, revenueCents }: Summary): string {
  return [
    '',
    `${count(orders)} orders asked for, ${count(created)} created; revenue ${money(revenueCents)}`,
    ...Object.entries(refused).map(([reason, commands]) => `  refused, ${reason}: ${count(commands)}`),
    ...Object.entries(events).map(([type, number]) => `  ${type}: ${count(number)}`),
    ...Object.entries(groups).map(
      ([name, { handled, lag, deadLetters }]) =>
        `  ${name}: ${count(handled)} handled, lag ${count(lag)}, ${count(deadLetters)} dead letters`,
    ),
    '',
  ].join('\n')
}
