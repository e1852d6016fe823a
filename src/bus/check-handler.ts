import { shown, TidingsError } from '../kernel/index.ts'

/** @throws `option_invalid` for what is given to `on` and is not a selector with a function. */
export function checkHandler(group: string, selector: unknown, handler: unknown): void {
  const selects = typeof selector === 'object' && selector !== null && 'types' in selector
  if (selects && typeof handler === 'function') return
  const problem = selects
    ? `${shown(handler)} as the handler. Give a function of the delivery, as in on(orderCreated, async ({ event }) => { … })`
    : `${shown(selector)} as what to handle. Give an event definition, its versions, or a topic`
  throw new TidingsError('option_invalid', `Group "${group}" got ${problem}.`)
}
