import { isTidingsError } from '../kernel/index.ts'
import { type CloudEvent, decodeHttp, encodeHttp, extension } from './index.ts'

type OrderCreated = CloudEvent<'com.example.orders.created', { orderId: string; total: number }>

const orderCreated: OrderCreated = {
  specversion: '1.0',
  id: '0198c0de-7000-7000-8000-000000000001',
  source: '/orders-service',
  type: 'com.example.orders.created',
  subject: 'orders/42',
  data: { orderId: '42', total: 12.5 },
}

export async function send(url: string): Promise<void> {
  await fetch(url, { method: 'POST', ...encodeHttp(orderCreated, { mode: 'binary' }) })
}

export async function receive(request: Request, handle: (event: CloudEvent) => void): Promise<Response> {
  try {
    const body = new Uint8Array(await request.arrayBuffer())
    for (const event of decodeHttp({ headers: request.headers, body })) {
      if (extension(event, 'region') !== 'test') handle(event)
    }
    return new Response(null, { status: 204 })
  } catch (error) {
    if (!isTidingsError(error) || error.kind !== 'invalid') throw error
    return Response.json({ error: error.message }, { status: 400 })
  }
}
