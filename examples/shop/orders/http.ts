import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { isTidingsError } from 'tidings'
import { parseJson } from 'tidings/event'
import * as z from 'zod'
import { Id } from '../catalog/schemas.ts'
import type { AdvanceOrder } from './command.ts'
import type { Decision, Reason } from './decide.ts'
import { type Order, statusOf } from './order.ts'
import type { OrdersService } from './orders-service.ts'
import { NewOrder } from './requests.ts'

const now = (): string => new Date().toISOString()

/** Commands and queries over HTTP; each answers at once with the order, or says why not. */
export function ordersApi(orders: OrdersService): Hono {
  const api = new Hono()
  api.use(bodyLimit({ maxSize: 262_144, onError: () => problem(413, 'the body is over 256 KiB') }))

  api.post('/orders', async ({ req }) => {
    const { orderId = randomUUID(), ...order } = NewOrder.parse(parseJson(await req.text()))
    return answer(orderId, await orders.request({ kind: 'create', orderId, ...order, time: now() }), 201)
  })

  api.get('/orders/:id', async ({ req }) => {
    const order = await orders.find(req.param('id'), req.query('at'))
    return order === undefined ? refusal(req.param('id'), 'unknown order') : Response.json(shown(order))
  })

  api.get('/orders/:id/history', async ({ req }) => {
    const history = await orders.history(req.param('id'))
    return history.length === 0 ? refusal(req.param('id'), 'unknown order') : Response.json(history)
  })

  for (const kind of ['confirm', 'ship', 'deliver', 'cancel'] satisfies AdvanceOrder['kind'][]) {
    api.post(`/orders/:id/${kind}`, async ({ req }) => {
      const orderId = Id.parse(req.param('id'))
      return answer(orderId, await orders.request({ kind, orderId, time: now() }), 200)
    })
  }

  api.notFound(({ req }) => problem(404, `nothing answers ${req.method} ${req.path}`))
  api.onError((error) => {
    if (error instanceof z.ZodError) return problem(400, z.prettifyError(error))
    if (isTidingsError(error) && (error.kind === 'invalid' || error.kind === 'usage'))
      return problem(400, error.sentence)
    process.stderr.write(`shop: ${error.stack ?? error.message}\n`)
    return problem(500, 'the order could not be saved; ask again')
  })
  return api
}

const statusCodes: Readonly<Record<Reason, number>> = {
  'already exists': 409,
  'no items': 422,
  'not confirmed': 409,
  'not shipped': 409,
  'unknown order': 404,
}

function answer(orderId: string, decision: Decision, status: number): Response {
  return decision.accepted
    ? Response.json(shown(decision.order), { status })
    : refusal(orderId, decision.reason)
}

function refusal(orderId: string, reason: Reason): Response {
  return problem(statusCodes[reason], reason, orderId)
}

/** The one shape of an error: what is wrong and, where it is about an order, which. */
function problem(status: number, error: string, orderId: string | null = null): Response {
  return Response.json({ error, orderId }, { status })
}

function shown(order: Order): Order & { readonly status: string } {
  return { ...order, status: statusOf(order) }
}
