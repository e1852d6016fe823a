import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type {
  CheckSchemaVersionValidityResponse,
  ListSchemasResponse,
  ListSchemaVersionsResponse,
  PutSchemaVersionMetadataInput,
  QuerySchemaVersionMetadataInput,
  QuerySchemaVersionMetadataResponse,
  RegisterSchemaVersionResponse,
} from '@aws-sdk/client-glue'

type Body = Readonly<Record<string, unknown>>

/**
 * Glue as moto has it. Moto reads no metadata and lists nothing: that is a stub of the SDK's types, which remembers what
 * went through to moto.
 */
export class MotoGlue implements AsyncDisposable {
  readonly #moto: string
  readonly #server: Server
  readonly #versions = new Map<string, RegisterSchemaVersionResponse[]>()
  readonly #metadata = new Map<string, Record<string, string>>()

  private constructor(moto: string) {
    this.#moto = moto
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(moto: string): Promise<MotoGlue> {
    const started = new MotoGlue(moto)
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve))
    return started
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await text(request)
    const target = String(request.headers['x-amz-target'])
    const operation = target.replace(/^AWSGlue\./, '')
    const stubbed = this.#stub(operation, JSON.parse(asked) as Body)
    if (stubbed !== undefined) {
      response.writeHead(200).end(JSON.stringify(stubbed))
      return
    }
    const { authorization = '' } = request.headers
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target, authorization }
    const answer = await fetch(this.#moto, { method: 'POST', headers, body: asked })
    const answered = await answer.text()
    if (answer.ok) this.#remember(operation, JSON.parse(asked) as Body, JSON.parse(answered || '{}') as Body)
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(answered)
  }

  #stub(operation: string, body: Body): object | undefined {
    if (operation === 'ListSchemas') {
      const registry = `${registryOf(body['RegistryId'])}/`
      const names = [...this.#versions.keys()].filter((name) => name.startsWith(registry))
      return {
        Schemas: names.map((name) => ({ SchemaName: name.slice(registry.length) })),
      } satisfies ListSchemasResponse
    }
    if (operation === 'ListSchemaVersions')
      return { Schemas: this.#versions.get(schemaNameOf(body)) ?? [] } satisfies ListSchemaVersionsResponse
    if (operation === 'CheckSchemaVersionValidity')
      return { Valid: true } satisfies CheckSchemaVersionValidityResponse
    if (operation !== 'QuerySchemaVersionMetadata') return undefined
    const { SchemaVersionId: id = '' } = body as QuerySchemaVersionMetadataInput
    const entries = Object.entries(this.#metadata.get(id) ?? {})
    const MetadataInfoMap = Object.fromEntries(entries.map(([key, value]) => [key, { MetadataValue: value }]))
    return { MetadataInfoMap } satisfies QuerySchemaVersionMetadataResponse
  }

  #remember(operation: string, asked: Body, answered: Body): void {
    if (operation === 'CreateSchema')
      this.#versions.set(`${registryOf(asked['RegistryId'])}/${String(asked['SchemaName'])}`, [
        { SchemaVersionId: String(answered['SchemaVersionId']), VersionNumber: 1, Status: 'AVAILABLE' },
      ])
    if (operation === 'RegisterSchemaVersion') this.#versions.get(schemaNameOf(asked))?.push(answered)
    if (operation === 'PutSchemaVersionMetadata') {
      const { SchemaVersionId: id = '', MetadataKeyValue: pair } =
        asked as unknown as PutSchemaVersionMetadataInput
      const known = this.#metadata.get(id) ?? {}
      this.#metadata.set(id, { ...known, [pair?.MetadataKey ?? '']: pair?.MetadataValue ?? '' })
    }
  }
}

function registryOf(id: unknown): string {
  return (id as { readonly RegistryName?: string } | undefined)?.RegistryName ?? ''
}

/** With its registry before it. */
function schemaNameOf({ SchemaId: id }: Body): string {
  return `${registryOf(id)}/${(id as { readonly SchemaName?: string } | undefined)?.SchemaName ?? ''}`
}
