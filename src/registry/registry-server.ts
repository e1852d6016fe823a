import { Hono } from 'hono'
import { type Clock, systemClock, toError } from '../kernel/index.ts'
import { type EmbeddedRegistry, embeddedRegistry, type SchemaStore } from '../schema/index.ts'
import { CheckWorker } from './check-worker.ts'
import { addCompatibility } from './compatibility-routes.ts'
import { addContexts } from './context-routes.ts'
import { addEventSchemas } from './event-schema-routes.ts'
import { Fault, faultCodes, faultOf, statusOf } from './faults.ts'
import { checkRequest } from './guard.ts'
import { rulesBeside } from './rules-beside.ts'
import { addSchemas } from './schema-routes.ts'
import { addSettings } from './setting-routes.ts'
import { addSubjects } from './subject-routes.ts'

export interface RegistryServerOptions {
  /** Where the schemas are. Several servers may share one. */
  readonly store: SchemaStore
  /** What clients have to send. Without one, only requests that name this machine itself are answered. */
  readonly token?: string | undefined
  /** The path that `dataschema` of events begins with; by default `/`, as in `http://localhost:8081/<type>/<version>`. */
  readonly schemaBase?: string | undefined
  /**
   * True to send the `guid` with `/schemas/ids/{id}` and `/schemas/guids/{guid}`, where the clients of Confluent's own
   * tests expect none. Default false.
   */
  readonly guidWithIds?: boolean | undefined
  /** Bounds how long a large schema may be checked. */
  readonly clock?: Clock | undefined
  /** Told of every error that a client is told nothing of. It does not throw. */
  readonly onError?: ((error: Error) => void) | undefined
}

/** A web-standard handler: it mounts wherever a Request comes in and a Response goes out. */
export interface RegistryServer {
  readonly fetch: (request: Request) => Promise<Response>
}

const mediaType = 'application/vnd.schemaregistry.v1+json'

/** A schema registry that speaks Confluent's REST API. It never looks at what content types a request sends or wants. */
export function registryServer(options: RegistryServerOptions): RegistryServer {
  const worker = new CheckWorker(options.clock ?? systemClock)
  const registry = embeddedRegistry(options.store, rulesBeside(worker))
  const app = new Hono()
  app.use(async (c, next) => {
    checkRequest(c.req.raw, options.token)
    await next()
    c.res.headers.set('content-type', mediaType)
    c.res.headers.set('x-content-type-options', 'nosniff')
  })
  app.onError((error) => faultAnswer(error, options.onError))
  app.notFound((c) =>
    faultAnswer(
      new Fault(faultCodes.notFound, `There is no ${c.req.method} ${c.req.path.slice(0, 200)} here.`),
    ),
  )
  const api = apiOf(registry, options)
  app.route('/', api)
  app.route('/contexts/:context', api)
  addEventSchemas(app, registry, options.schemaBase ?? '/')
  return { fetch: async (request) => app.fetch(request) }
}

function apiOf(registry: EmbeddedRegistry, { guidWithIds = false }: RegistryServerOptions): Hono {
  const api = new Hono()
  addSubjects(api, registry)
  addSchemas(api, registry, guidWithIds)
  addCompatibility(api, registry)
  addSettings(api, registry)
  addContexts(api, registry)
  api.get('/', (c) => c.json({}))
  return api
}

function faultAnswer(thrown: unknown, report?: (error: Error) => void): Response {
  const fault = faultOf(thrown)
  if (fault === undefined || fault.code >= faultCodes.failed) report?.(toError(thrown))
  const told = fault ?? new Fault(faultCodes.failed, 'The registry failed. Its own output says more.')
  const { code, message } = told
  const headers = {
    'content-type': mediaType,
    'x-content-type-options': 'nosniff',
    ...(code === faultCodes.unauthorized ? { 'www-authenticate': 'Basic realm="registry", Bearer' } : {}),
  }
  return new Response(JSON.stringify({ error_code: code, message }), { status: statusOf(told), headers })
}
