import type { Engine } from './bus/index.ts'
import type { OwnDeadLetterStore } from './dead-letter/index.ts'
import { type Clock, TidingsError } from './kernel/index.ts'
import type { OutboxStore } from './outbox/index.ts'
import {
  type ConfluentRegistryOptions,
  confluentRegistry,
  embeddedRegistry,
  glueRegistry,
  type SchemaRegistry,
  type SchemaStore,
} from './schema/index.ts'
import type { ProjectionStore, StreamStore } from './streams/index.ts'
import { fileOf, glueAddress, openUrl } from './url.ts'

export interface ConnectOptions {
  readonly clock?: Clock | undefined
  /** False to open only what is there, for looking: a file that is missing or has no log is then an error. Default true. */
  readonly create?: boolean | undefined
}

/**
 * Opens the engine that a URL names, chosen at run time: `sqlite:FILE`, `postgres://USER:PASSWORD@HOST/DATABASE`,
 * `kafka://HOST:PORT`, `amqp://HOST:PORT`, `eventbridge://REGION/BUS` or `memory:`. A relative file lies in the working folder; `sqlite:/var/shop.db` and
 * `sqlite:///var/shop.db` are absolute. Each client is loaded only when its scheme is used.
 * @throws `url_invalid` for another scheme, and what opening the engine throws.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Engine> {
  const postgres = async (): Promise<Engine> => (await import('./postgres/index.ts')).postgres(url, options)
  return openUrl<Engine>(url, {
    memory: async () => (await import('./memory/index.ts')).memory({ clock: options.clock }),
    sqlite: async (rest) => {
      const file = fileOf(rest)
      return (await import('./sqlite/index.ts')).sqlite(file, options)
    },
    postgres,
    postgresql: postgres,
    kafka: async (rest) => {
      const { kafka } = await import('./kafka/index.ts').catch((error: unknown) => {
        throw withoutPackage(error, '@platformatic/kafka')
      })
      return kafka(`kafka:${rest}`, { clock: options.clock })
    },
    amqp: (rest) => connectRabbitmq(`amqp:${rest}`, options),
    amqps: (rest) => connectRabbitmq(`amqps:${rest}`, options),
    eventbridge: (rest) => connectEventbridge(`eventbridge:${rest}`, options),
  })
}

/**
 * Opens the outbox in the database that a URL names: `sqlite:FILE` or `postgres://user:password@host/database`.
 * @throws `url_invalid` for another scheme, and what opening the database throws.
 */
export async function connectOutbox(url: string, options: ConnectOptions = {}): Promise<OutboxStore> {
  const postgres = async (): Promise<OutboxStore> =>
    (await import('./postgres/index.ts')).postgresOutbox(url, options)
  const schemes = {
    sqlite: async (rest: string) => {
      const file = fileOf(rest)
      return (await import('./sqlite/index.ts')).sqliteOutbox(file, options)
    },
    postgres,
    postgresql: postgres,
  }
  return openUrl<OutboxStore>(url, schemes, 'outbox')
}

/**
 * Opens the streams in the database that a URL names: `sqlite:FILE` or `postgres://user:password@host/database`.
 * @throws `url_invalid` for another scheme, and what opening the database throws.
 */
export async function connectStreams(url: string, options: ConnectOptions = {}): Promise<StreamStore> {
  const postgres = async (): Promise<StreamStore> =>
    // Who does not know the database writes nothing through its transactions.
    (await import('./postgres/index.ts')).postgresStreams(url, options) as unknown as StreamStore
  const schemes = {
    sqlite: async (rest: string) =>
      (await import('./sqlite/index.ts')).sqliteStreams(fileOf(rest), options) as unknown as StreamStore,
    postgres,
    postgresql: postgres,
  }
  return openUrl<StreamStore>(url, schemes, 'stream store')
}

/** Opens the checkpoints of projections in the database that a URL names, as {@link connectStreams} opens streams. */
export async function connectProjections(
  url: string,
  options: ConnectOptions = {},
): Promise<ProjectionStore> {
  const postgres = async (): Promise<ProjectionStore> =>
    (await import('./postgres/index.ts')).postgresProjections(url, options)
  const schemes = {
    sqlite: async (rest: string) =>
      (await import('./sqlite/index.ts')).sqliteProjections(fileOf(rest), options),
    postgres,
    postgresql: postgres,
  }
  return openUrl<ProjectionStore>(url, schemes, 'projection store')
}

async function connectRabbitmq(url: string, options: ConnectOptions): Promise<Engine> {
  const { rabbitmq } = await import('./rabbitmq/index.ts').catch((error: unknown) => {
    throw withoutPackage(error, 'amqplib')
  })
  return rabbitmq(url, options)
}

async function connectEventbridge(url: string, options: ConnectOptions): Promise<Engine> {
  const names = ['@aws-sdk/client-eventbridge', '@aws-sdk/client-sqs']
  const { eventbridge } = await import('./eventbridge/index.ts').catch((error: unknown) => {
    throw names.reduce(withoutPackage, error)
  })
  const named = URL.canParse(url) ? new URL(url).searchParams.get('deadLetters') : null
  const deadLetters = named === null ? undefined : await connectDeadLetters(named, options)
  return eventbridge(url, { ...options, deadLetters })
}

/**
 * Opens the store of dead letters that a URL names, for an engine that has no place for them: `sqlite:FILE`,
 * `postgres://USER:PASSWORD@HOST/DATABASE` or `memory:`.
 * @throws `url_invalid` for another scheme, and what opening the database throws.
 */
export async function connectDeadLetters(
  url: string,
  options: ConnectOptions = {},
): Promise<OwnDeadLetterStore> {
  const postgres = async (): Promise<OwnDeadLetterStore> =>
    (await import('./postgres/index.ts')).postgresDeadLetters(url, options)
  const schemes = {
    memory: async () => (await import('./memory/index.ts')).memoryDeadLetters(),
    sqlite: async (rest: string) =>
      (await import('./sqlite/index.ts')).sqliteDeadLetters(fileOf(rest), options),
    postgres,
    postgresql: postgres,
  }
  return openUrl<OwnDeadLetterStore>(url, schemes, 'store of dead letters')
}

/** An optional package may not be installed. */
function withoutPackage(error: unknown, name: string): unknown {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  if (!isMissing || !error.message.includes(name)) return error
  return new TidingsError(
    'url_invalid',
    `This URL needs the package "${name}", which is not installed. Install it beside Tidings: npm install ${name}.`,
    { cause: error },
  )
}

/** Opens the store of schemas that a URL names, as {@link connect} opens an engine; both may be in one file. */
export async function connectSchemaStore(
  url: string,
  options: Pick<ConnectOptions, 'create'> = {},
): Promise<SchemaStore> {
  const postgres = async (): Promise<SchemaStore> =>
    (await import('./postgres/index.ts')).postgresSchemaStore(url, options)
  const schemes = {
    memory: async () => (await import('./memory/index.ts')).memorySchemaStore(),
    sqlite: async (rest: string) => {
      const file = fileOf(rest)
      return (await import('./sqlite/index.ts')).sqliteSchemaStore(file, options)
    },
    postgres,
    postgresql: postgres,
  }
  return openUrl<SchemaStore>(url, schemes, 'store of schemas')
}

/**
 * Opens the schema registry that a URL names: `http://localhost:8081` or `https:`, which may carry a name and password,
 * `glue://REGION/REGISTRY` of AWS, or `sqlite:FILE`, `postgres://USER:PASSWORD@HOST/DATABASE` and `memory:`, a registry
 * inside this process.
 * @param options for a registry that is asked over HTTP, and `create: false` to open only a file that is there, for
 * looking.
 * @throws `url_invalid` for another scheme, and what opening the file throws.
 */
export async function connectRegistry(
  url: string,
  options: ConfluentRegistryOptions & Pick<ConnectOptions, 'create'> = {},
): Promise<SchemaRegistry> {
  const { create, ...clientOptions } = options
  const overHttp = async (): Promise<SchemaRegistry> => confluentRegistry(url, clientOptions)
  const embedded = async (): Promise<SchemaRegistry> =>
    embeddedRegistry(await connectSchemaStore(url, { create }))
  const schemes = {
    http: overHttp,
    https: overHttp,
    sqlite: embedded,
    postgres: embedded,
    postgresql: embedded,
    memory: embedded,
    glue: async () => glueRegistry({ ...glueAddress(url), clock: options.clock, random: options.random }),
  }
  return openUrl<SchemaRegistry>(url, schemes, 'schema registry')
}
