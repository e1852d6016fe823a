import {
  type Backoff,
  type Clock,
  checkOptionNames,
  type Duration,
  durationMs,
  exponential,
  limits,
  type Random,
  systemClock,
  systemRandom,
  TidingsError,
} from '../../kernel/index.ts'
import type { SchemaDefinition, SchemaId, SchemaRegistry } from '../schema-registry.ts'
import { AnswerCache } from './answer-cache.ts'
import { AnswerFiles } from './answer-files.ts'
import {
  type ErrorAnswer,
  hasVersion,
  identifiedOf,
  namesOf,
  registeredOf,
  requestOf,
  settingsOf,
  verdictOf,
  versionNumbersOf,
} from './answers.ts'
import { type RegistryAuth, Rest, type RestAnswer } from './rest.ts'

export interface ConfluentRegistryOptions {
  /** Default: what stands in the URL, as in `https://name:password@registry.example.com`. */
  readonly auth?: RegistryAuth | undefined
  /** Where answers that never change are kept, so that they are there when the registry is not. Default: memory alone. */
  readonly cacheFolder?: string | undefined
  /** Of one attempt. Default 5 s. */
  readonly timeout?: Duration | undefined
  /** Attempts of one request, after network errors and 408, 429 and 5xx. Default 4, with 100 ms doubling to 2 s between. */
  readonly retry?:
    | { readonly attempts?: number | undefined; readonly backoff?: Backoff | undefined }
    | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

const optionNames = {
  auth: true,
  cacheFolder: true,
  timeout: true,
  retry: true,
  clock: true,
  random: true,
  fetch: true,
} as const satisfies Record<keyof ConfluentRegistryOptions, true>

/**
 * A schema registry that speaks Confluent's REST API: Confluent's own, `tidings registry`, Karapace, Apicurio. What an id
 * stands for, a version, and that a schema subject has some content never change; once asked, they are known without
 * the registry.
 * @throws `url_invalid`, `option_invalid`; its methods beside what the port says `registry_unreachable`,
 * `registry_denied` and `registry_answer_invalid`.
 */
export function confluentRegistry(url: string, options: ConfluentRegistryOptions = {}): SchemaRegistry {
  checkOptionNames('confluentRegistry', options, optionNames)
  const { auth, cacheFolder, clock = systemClock, random = systemRandom, fetch = globalThis.fetch } = options
  const rest = new Rest({
    url,
    auth,
    timeoutMs: durationMs(options.timeout ?? limits.registryTimeoutMs),
    attempts: options.retry?.attempts ?? limits.registryAttempts,
    backoff:
      options.retry?.backoff ?? exponential(limits.registryFirstBackoffMs, limits.registryLongestBackoffMs),
    clock,
    random,
    fetch,
  })
  return new ConfluentRegistry(rest, cacheFolder === undefined ? undefined : new AnswerFiles(cacheFolder))
}

class ConfluentRegistry implements SchemaRegistry {
  readonly #rest: Rest
  readonly #unchanging: AnswerCache

  constructor(rest: Rest, files: AnswerFiles | undefined) {
    this.#rest = rest
    this.#unchanging = new AnswerCache(files)
  }

  async register(
    schemaSubject: string,
    definition: SchemaDefinition,
  ): ReturnType<SchemaRegistry['register']> {
    const body = requestOf(definition)
    const path = `${subjectPath(schemaSubject)}/versions`
    const answer = valueOf(await this.#rest.send({ method: 'POST', path, body }))
    if (hasVersion(answer)) return registeredOf(answer, { subject: schemaSubject, ...body })
    const found = await this.lookUp(schemaSubject, definition)
    if (found !== undefined) return found
    throw new TidingsError(
      'registry_answer_invalid',
      `The registry says that it has registered a schema for "${schemaSubject}", and does not find it. Is somebody deleting it?`,
    )
  }

  async lookUp(schemaSubject: string, definition: SchemaDefinition): ReturnType<SchemaRegistry['lookUp']> {
    const body = requestOf(definition)
    const path = `${subjectPath(schemaSubject)}?normalize=true`
    const name = this.#nameOf(`POST ${path} ${JSON.stringify(body)}`)
    const answer = await this.#unchanging.get(name, () => this.#ask({ method: 'POST', path, body }))
    return answer === undefined ? undefined : registeredOf(answer, { subject: schemaSubject, ...body })
  }

  async byId(id: SchemaId): ReturnType<SchemaRegistry['byId']> {
    const path = typeof id === 'number' ? `/schemas/ids/${id}` : `/schemas/guids/${encodeURIComponent(id)}`
    const answer = await this.#getUnchanging(path)
    return answer === undefined ? undefined : identifiedOf(answer, id)
  }

  async schemaSubjects(): Promise<readonly string[]> {
    return namesOf(valueOf(await this.#rest.send({ method: 'GET', path: '/subjects' }))).toSorted()
  }

  async versions(schemaSubject: string): Promise<readonly number[]> {
    const answer = await this.#ask({ method: 'GET', path: `${subjectPath(schemaSubject)}/versions` })
    return answer === undefined ? [] : versionNumbersOf(answer)
  }

  async version(schemaSubject: string, version: number | 'latest'): ReturnType<SchemaRegistry['version']> {
    const path = `${subjectPath(schemaSubject)}/versions/${version}`
    const answer =
      version === 'latest' ? await this.#ask({ method: 'GET', path }) : await this.#getUnchanging(path)
    return answer === undefined ? undefined : registeredOf(answer)
  }

  async check(schemaSubject: string, definition: SchemaDefinition): ReturnType<SchemaRegistry['check']> {
    const path = `/compatibility${subjectPath(schemaSubject)}/versions?verbose=true`
    const answer = await this.#ask({ method: 'POST', path, body: requestOf(definition) })
    return answer === undefined ? { compatible: true, reasons: [] } : verdictOf(answer)
  }

  async settings(schemaSubject: string): ReturnType<SchemaRegistry['settings']> {
    const answer = await this.#ask({ method: 'GET', path: configPath(schemaSubject) })
    return answer === undefined ? undefined : settingsOf(answer)
  }

  async configure(
    schemaSubject: string,
    settings: Parameters<SchemaRegistry['configure']>[1],
  ): Promise<void> {
    // What is read as compatibilityLevel is written as compatibility.
    const { compatibilityLevel: compatibility, ...others } = settings
    const body = { ...(compatibility === undefined ? {} : { compatibility }), ...others }
    valueOf(await this.#rest.send({ method: 'PUT', path: configPath(schemaSubject), body }))
  }

  close(): Promise<void> {
    this.#rest.close()
    return Promise.resolve()
  }

  #getUnchanging(path: string): Promise<unknown> {
    return this.#unchanging.get(this.#nameOf(`GET ${path}`), () => this.#ask({ method: 'GET', path }))
  }

  /** A folder may keep the answers of several registries. */
  #nameOf(request: string): string {
    return `${this.#rest.address} ${request}`
  }

  /** `undefined` where there is no such thing. */
  async #ask(request: Parameters<Rest['send']>[0]): Promise<unknown> {
    const answer = await this.#rest.send(request)
    return 'error' in answer && isMissing(answer.error) ? undefined : valueOf(answer)
  }
}

function subjectPath(schemaSubject: string): string {
  return `/subjects/${encodeURIComponent(schemaSubject)}`
}

function configPath(schemaSubject: string): string {
  return `/config/${encodeURIComponent(schemaSubject)}`
}

/** 40401 to 40409, or 404 from a proxy. */
function isMissing({ code }: ErrorAnswer): boolean {
  return code === 404 || Math.floor(code / 100) === 404
}

function valueOf(answer: RestAnswer): unknown {
  if ('value' in answer) return answer.value
  throw refusal(answer.error)
}

/** What the registry has against a request, in its words and under our codes. */
function refusal({ code, message }: ErrorAnswer): TidingsError {
  if (code === 409 || code === 40901) {
    return new TidingsError('schema_incompatible', message, { details: { reasons: [message] } })
  }
  const known = refusals.get(code)
  if (known !== undefined) return new TidingsError(known, message)
  return new TidingsError('registry_answer_invalid', `The registry refused it with ${code}: ${message}`)
}

const refusals: ReadonlyMap<number, 'schema_invalid' | 'registry_read_only' | 'name_invalid'> = new Map([
  [42201, 'schema_invalid'],
  [42205, 'registry_read_only'],
  [42208, 'name_invalid'],
  [42209, 'schema_invalid'],
  [413, 'schema_invalid'],
] as const)
