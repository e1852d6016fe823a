import { createHash } from 'node:crypto'
import type {
  CheckSchemaVersionValidityInput,
  CheckSchemaVersionValidityResponse,
  CreateRegistryInput,
  CreateRegistryResponse,
  CreateSchemaInput,
  CreateSchemaResponse,
  GetRegistryInput,
  GetRegistryResponse,
  GetSchemaByDefinitionInput,
  GetSchemaByDefinitionResponse,
  GetSchemaInput,
  GetSchemaResponse,
  GetSchemaVersionInput,
  GetSchemaVersionResponse,
  ListSchemasInput,
  ListSchemasResponse,
  ListSchemaVersionsInput,
  ListSchemaVersionsResponse,
  PutSchemaVersionMetadataInput,
  PutSchemaVersionMetadataResponse,
  QuerySchemaVersionMetadataInput,
  QuerySchemaVersionMetadataResponse,
  RegisterSchemaVersionInput,
  RegisterSchemaVersionResponse,
  SchemaId,
  UpdateSchemaInput,
  UpdateSchemaResponse,
} from '@aws-sdk/client-glue'
import { type Answered, type Asked, HttpServer } from '../confluent/http-server.fixture.ts'

interface Version {
  readonly id: string
  readonly number: number
  readonly definition: string
  status: 'PENDING' | 'AVAILABLE' | 'FAILURE'
  readonly metadata: Map<string, string[]>
}

interface Stored {
  readonly name: string
  readonly format: CreateSchemaInput['DataFormat']
  compatibility: CreateSchemaInput['Compatibility']
  readonly versions: Version[]
}

export interface GlueServerOptions {
  /** What a new version has to be for Glue to find it compatible with those before it; by default all are. */
  readonly isCompatible?: (definition: string) => boolean
  /** Entries of one page. Default 2. */
  readonly pageSize?: number
}

class Refusal extends Error {}

const refuse = (name: string, message: string): never => {
  throw new Refusal(message, { cause: name })
}

/**
 * A stub of AWS Glue, written from the request and response types of its SDK: what Glue itself does beyond them is not
 * known here. It answers the SDK over HTTP. A version is PENDING until it was asked for once.
 */
export class GlueServer implements AsyncDisposable {
  readonly #registries = new Set(['default-registry'])
  readonly #schemas = new Map<string, Stored>()
  readonly #options: Required<GlueServerOptions>
  #http: HttpServer | undefined

  private constructor({ isCompatible = () => true, pageSize = 2 }: GlueServerOptions) {
    this.#options = { isCompatible, pageSize }
  }

  /** @param before answers instead of the stub where it does not return `undefined`. */
  static async start(
    options: GlueServerOptions = {},
    before: (operation: string, count: number) => Answered | undefined = () => undefined,
  ): Promise<GlueServer> {
    const server = new GlueServer(options)
    server.#http = await HttpServer.start(
      (asked, count) => before(operationOf(asked), count) ?? server.#answer(asked),
    )
    return server
  }

  get url(): string {
    return this.#http?.url ?? ''
  }

  get operations(): readonly string[] {
    return this.#http?.asked.map(operationOf) ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]()
  }

  #answer(asked: Asked): Answered {
    const operation = operationOf(asked)
    try {
      const answers: Readonly<Record<string, (body: never) => object>> = this.#answers
      const answer = answers[operation] ?? refuse('UnknownOperationException', operation)
      return { body: answer(asked.body as never) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: 400, body: { __type: error.cause, Message: error.message } }
    }
  }

  readonly #answers = {
    GetRegistry: ({ RegistryId: id }: GetRegistryInput): GetRegistryResponse => {
      const name = id?.RegistryName ?? ''
      return this.#registries.has(name) ? { RegistryName: name } : refuse('EntityNotFoundException', name)
    },

    CreateRegistry: ({ RegistryName: name = '' }: CreateRegistryInput): CreateRegistryResponse => {
      this.#registries.add(name)
      return { RegistryName: name }
    },

    CreateSchema: (input: CreateSchemaInput): CreateSchemaResponse => {
      const { SchemaName: name = '', DataFormat: format, Compatibility: compatibility } = input
      if (this.#schemas.has(name)) return refuse('AlreadyExistsException', name)
      const schema: Stored = { name, format, compatibility, versions: [] }
      this.#schemas.set(name, schema)
      const { id, status } = this.#add(schema, input.SchemaDefinition ?? '')
      return { SchemaName: name, SchemaVersionId: id, SchemaVersionStatus: status }
    },

    GetSchema: ({ SchemaId: id }: GetSchemaInput): GetSchemaResponse => {
      const { name, compatibility } = this.#schema(id)
      return { SchemaName: name, Compatibility: compatibility }
    },

    UpdateSchema: ({ SchemaId: id, Compatibility: level }: UpdateSchemaInput): UpdateSchemaResponse => {
      const schema = this.#schema(id)
      schema.compatibility = level
      return { SchemaName: schema.name }
    },

    RegisterSchemaVersion: (input: RegisterSchemaVersionInput): RegisterSchemaVersionResponse => {
      const schema = this.#schema(input.SchemaId)
      if (schema.compatibility === 'DISABLED')
        return refuse('InvalidInputException', 'Compatibility is DISABLED')
      const { id, number, status } = this.#add(schema, input.SchemaDefinition ?? '')
      return { SchemaVersionId: id, VersionNumber: number, Status: status }
    },

    GetSchemaVersion: ({ SchemaVersionId: id = '' }: GetSchemaVersionInput): GetSchemaVersionResponse => {
      const { schema, version } = this.#version(id)
      const { definition, number, status } = version
      if (status === 'PENDING')
        version.status = number === 1 || this.#options.isCompatible(definition) ? 'AVAILABLE' : 'FAILURE'
      return {
        SchemaVersionId: id,
        SchemaDefinition: definition,
        DataFormat: schema.format,
        SchemaArn: `arn:aws:glue:eu-central-1:123456789012:schema/default-registry/${schema.name}`,
        VersionNumber: number,
        Status: status,
      }
    },

    GetSchemaByDefinition: (input: GetSchemaByDefinitionInput): GetSchemaByDefinitionResponse => {
      const { format, versions } = this.#schema(input.SchemaId)
      const found = versions.find(({ definition }) => definition === input.SchemaDefinition)
      if (found === undefined) return refuse('EntityNotFoundException', 'No such definition')
      return { SchemaVersionId: found.id, DataFormat: format, Status: found.status }
    },

    ListSchemas: ({ NextToken: token }: ListSchemasInput): ListSchemasResponse => {
      const [page, next] = this.#page([...this.#schemas.values()], token)
      return {
        Schemas: page.map(({ name }) => ({ SchemaName: name, SchemaStatus: 'AVAILABLE' as const })),
        NextToken: next,
      }
    },

    ListSchemaVersions: (input: ListSchemaVersionsInput): ListSchemaVersionsResponse => {
      const [page, next] = this.#page(this.#schema(input.SchemaId).versions, input.NextToken)
      const entries = page.map(({ id, number, status }) => ({
        SchemaVersionId: id,
        VersionNumber: number,
        Status: status,
      }))
      return { Schemas: entries, NextToken: next }
    },

    PutSchemaVersionMetadata: (input: PutSchemaVersionMetadataInput): PutSchemaVersionMetadataResponse => {
      const {
        SchemaVersionId: id = '',
        MetadataKeyValue: { MetadataKey: key = '', MetadataValue: value = '' } = {},
      } = input
      const { metadata } = this.#version(id).version
      const values = metadata.get(key) ?? []
      if (values.includes(value)) return refuse('AlreadyExistsException', `${key}: ${value}`)
      metadata.set(key, [...values, value])
      return { SchemaVersionId: id, MetadataKey: key, MetadataValue: value }
    },

    QuerySchemaVersionMetadata: (
      input: QuerySchemaVersionMetadataInput,
    ): QuerySchemaVersionMetadataResponse => {
      const { metadata } = this.#version(input.SchemaVersionId ?? '').version
      const [page, next] = this.#page([...metadata], input.NextToken)
      const entries = page.map(([key, [first, ...others]]) => [
        key,
        { MetadataValue: first, OtherMetadataValueList: others.map((each) => ({ MetadataValue: each })) },
      ])
      return { MetadataInfoMap: Object.fromEntries(entries), NextToken: next }
    },

    CheckSchemaVersionValidity: (
      input: CheckSchemaVersionValidityInput,
    ): CheckSchemaVersionValidityResponse => {
      return isOfDraft7(input.SchemaDefinition)
        ? { Valid: true }
        : { Valid: false, Error: 'JSON schema version is not supported.' }
    },
  }

  #schema(id: SchemaId | undefined): Stored {
    return this.#schemas.get(id?.SchemaName ?? '') ?? refuse('EntityNotFoundException', 'No such schema')
  }

  #version(id: string): { readonly schema: Stored; readonly version: Version } {
    for (const schema of this.#schemas.values()) {
      const version = schema.versions.find((each) => each.id === id)
      if (version !== undefined) return { schema, version }
    }
    return refuse('EntityNotFoundException', `No version ${id}`)
  }

  /** The version that has this definition, new or there already. */
  #add({ name, versions }: Stored, definition: string): Version {
    if (!isOfDraft7(definition))
      return refuse('InvalidInputException', 'JSON schema version is not supported.')
    const there = versions.find((each) => each.definition === definition && each.status !== 'FAILURE')
    if (there !== undefined) return there
    const number = versions.length + 1
    const hex = createHash('sha256').update(`${name} ${number}`).digest('hex')
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
    const version: Version = { id, number, definition, status: 'PENDING', metadata: new Map() }
    versions.push(version)
    return version
  }

  #page<Item>(items: readonly Item[], token: string | undefined): [readonly Item[], string | undefined] {
    const from = Number(token ?? 0)
    const to = from + this.#options.pageSize
    return [items.slice(from, to), to < items.length ? String(to) : undefined]
  }
}

/** Glue documents draft-04, 06 and 07. */
function isOfDraft7(definition = '{}'): boolean {
  const { $schema } = JSON.parse(definition) as { readonly $schema?: string }
  return !/2019-09|2020-12/.test($schema ?? '')
}

function operationOf({ headers }: Asked): string {
  return String(headers['x-amz-target']).replace(/^AWSGlue\./, '')
}
