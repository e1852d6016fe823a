import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { load } from './install.ts'

type Validate = (data: unknown) => boolean

interface Http {
  get(url: string): Promise<{ readonly data: { readonly id: number; readonly schema: string } }>
  post(url: string, body: object, options?: object): Promise<{ readonly data: { readonly id: number } }>
}

interface AjvLibrary {
  readonly default: new (options?: object) => { compile(schema: object): Validate }
}

/** A registry's client as many teams have written it: axios, Ajv, and a Map of schemas by subject. */
class OwnClient {
  readonly #http = load('axios') as Http
  readonly #schemas = new Map<string, { readonly id: number; readonly validate: Validate }>()
  readonly #url: string
  readonly #ajv: { compile(schema: object): Validate }

  constructor(url: string, ajv: { compile(schema: object): Validate }) {
    this.#url = url
    this.#ajv = ajv
  }

  async register(
    subject: string,
    schema: object,
    schemaType: object = { schemaType: 'JSON' },
  ): Promise<number> {
    const body = { schema: JSON.stringify(schema), ...schemaType }
    const headers = { 'Content-Type': 'application/vnd.schemaregistry.v1+json' }
    return (await this.#http.post(`${this.#url}/subjects/${subject}/versions`, body, { headers })).data.id
  }

  async validate(subject: string, data: unknown): Promise<boolean> {
    let known = this.#schemas.get(subject)
    if (known === undefined) {
      const { data: latest } = await this.#http.get(`${this.#url}/subjects/${subject}/versions/latest`)
      known = { id: latest.id, validate: this.#ajv.compile(JSON.parse(latest.schema)) }
      this.#schemas.set(subject, known)
    }
    return known.validate(data)
  }
}

const plain = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] }

/** Formats, and a keyword that JSON Schema does not have. */
const withFormats = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  version: 1,
  properties: {
    orderId: { type: 'string', format: 'uuid' },
    createdAt: { type: 'string', format: 'date-time' },
  },
  required: ['orderId', 'createdAt'],
}

export async function runHandwritten(url: string): Promise<string> {
  const { default: Ajv } = load('ajv') as AjvLibrary
  const addFormats = load('ajv-formats') as { default(ajv: object): void }

  const strict = new OwnClient(url, new Ajv())
  const id = await strict.register('own-plain', plain)
  equal(await strict.register('own-plain', plain), id)
  deepStrictEqual(
    [await strict.validate('own-plain', { orderId: '1' }), await strict.validate('own-plain', {})],
    [true, false],
  )

  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  const loose = new OwnClient(url, ajv)
  ok((await loose.register('own-formats', withFormats)) > 0)
  const order = { orderId: '0193ab5c-1234-7abc-8def-1234567890ab', createdAt: '2026-01-31T10:00:00Z' }
  equal(await loose.validate('own-formats', order), true)
  equal(await loose.validate('own-formats', { ...order, orderId: 'x' }), false)

  await rejects(strict.register('own-untyped', plain, {}), ({ response }: { response: object }) => {
    const { status, data } = response as { status: number; data: object }
    deepStrictEqual(
      [status, data],
      [422, { error_code: 42201, message: 'this is JSON Schema: send "schemaType": "JSON"' }],
    )
    return true
  })
  return 'registers, gets the latest, validates and caches, and is told what is missing without schemaType'
}
