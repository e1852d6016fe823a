import { memorySchemaStore } from '../memory/index.ts'
import { type RegistryServer, type RegistryServerOptions, registryServer } from './registry-server.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** Calls a server as a client does, without a network. */
export class Client {
  readonly server: RegistryServer
  readonly errors: Error[] = []

  constructor(options: Partial<RegistryServerOptions> = {}) {
    const store = options.store ?? memorySchemaStore()
    this.server = registryServer({ store, onError: (error) => void this.errors.push(error), ...options })
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const request = new Request(`http://localhost:8081${path}`, {
      method,
      headers: { host: 'localhost:8081', ...headers },
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    })
    const response = await this.server.fetch(request)
    const text = await response.text()
    return { status: response.status, body: JSON.parse(text), headers: response.headers }
  }

  get(path: string): Promise<unknown> {
    return this.call('GET', path).then(({ body }) => body)
  }

  async register(subject: string, schema: unknown, fields: object = {}): Promise<Answer> {
    const body = { schemaType: 'JSON', schema: JSON.stringify(schema), ...fields }
    return this.call('POST', `/subjects/${subject}/versions`, body)
  }
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
}

export const open = { type: 'object', properties: { orderId: { type: 'string' } } }
export const closed = { ...open, additionalProperties: false }
export const wider = { ...closed, properties: { ...open.properties, total: { type: 'number' } } }
export const record = { type: 'record', name: 'Order', fields: [{ name: 'orderId', type: 'string' }] }
