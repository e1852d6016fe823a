import {
  type Backoff,
  type Clock,
  limits,
  type Random,
  shown,
  sleep,
  TidingsError,
} from '../../kernel/index.ts'
import { type ErrorAnswer, errorAnswerOf } from './answers.ts'

/** Who asks: a name and password, or a token. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string }
  | { readonly token: string }

export interface RestOptions {
  readonly url: string
  readonly auth: RegistryAuth | undefined
  readonly timeoutMs: number
  readonly attempts: number
  readonly backoff: Backoff
  readonly clock: Clock
  readonly random: Random
  readonly fetch: typeof globalThis.fetch
}

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the address of the registry, with its names percent-encoded. */
  readonly path: string
  readonly body?: object | undefined
}

/** What the registry said: a value, or an error in its own words. */
export type RestAnswer = { readonly value: unknown } | { readonly error: ErrorAnswer }

type Outcome = RestAnswer | { readonly failure: TidingsError; readonly retryAfterMs?: number | undefined }

const mediaType = 'application/vnd.schemaregistry.v1+json'
const retried: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/**
 * Sends requests to a registry, again after its own troubles and those of the network. That is safe: every request of the
 * client may be repeated, also a registration, which finds what the first one has stored.
 */
export class Rest {
  readonly #options: RestOptions
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #closing = new AbortController()

  /** @throws `url_invalid` */
  constructor(options: RestOptions) {
    const address = addressOf(options.url)
    const auth = options.auth ?? credentialsOf(address)
    this.#options = options
    this.#base = `${address.origin}${address.pathname.replace(/\/+$/, '')}`
    this.#headers = {
      accept: `${mediaType}, application/json`,
      'content-type': mediaType,
      ...(auth === undefined ? {} : { authorization: authorization(auth) }),
    }
  }

  /** The address that is asked, without credentials. */
  get address(): string {
    return this.#base
  }

  /**
   * @throws `registry_unreachable` after the last attempt · `registry_denied` for a name, password or token that is not
   * accepted · `registry_answer_invalid` for what no registry answers.
   */
  async send(request: RestRequest): Promise<RestAnswer> {
    const { attempts, backoff, clock, random } = this.#options
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(request)
      if (!('failure' in outcome)) return outcome
      if (attempt >= attempts || this.#closing.signal.aborted) throw outcome.failure
      await sleep(clock, Math.max(backoff(attempt, random), outcome.retryAfterMs ?? 0), this.#closing.signal)
    }
  }

  close(): void {
    this.#closing.abort()
  }

  async #try(request: RestRequest): Promise<Outcome> {
    const { clock, timeoutMs } = this.#options
    const abort = new AbortController()
    const timeout = clock.schedule(timeoutMs, () => abort.abort(new Error(`no answer in ${timeoutMs} ms`)))
    try {
      const response = await this.#fetch(request, AbortSignal.any([abort.signal, this.#closing.signal]))
      const text = await boundedText(response, this.#base)
      return this.#outcome(response, text, request)
    } catch (error) {
      if (error instanceof TidingsError) throw error
      return {
        failure: this.#unreachable(reasonOf(abort.signal.aborted ? abort.signal.reason : error), error),
      }
    } finally {
      timeout.cancel()
    }
  }

  #fetch({ method, path, body }: RestRequest, signal: AbortSignal): Promise<Response> {
    return this.#options.fetch(`${this.#base}${path}`, {
      method,
      headers: this.#headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  #outcome({ status, headers }: Response, text: string, { method, path }: RestRequest): Outcome {
    const error = errorAnswerOf(status, text)
    if (status === 401 || status === 403) throw this.#denied(status, error.message)
    if (retried.has(status)) {
      const failure = this.#unreachable(`it answered ${status}: ${error.message}`)
      return { failure, retryAfterMs: retryAfterMs(headers) }
    }
    if (status >= 400) return { error }
    const value = parsed(text)
    if (status < 300 && value !== undefined) return { value }
    throw new TidingsError(
      'registry_answer_invalid',
      `${this.#base} answered ${status} to ${method} ${path} with ${shown(text)}, which is not JSON. Is this the address of a schema registry?`,
    )
  }

  #unreachable(reason: string, cause?: unknown): TidingsError {
    return new TidingsError(
      'registry_unreachable',
      `The schema registry at ${this.#base} cannot be reached: ${reason.replace(/\.$/, '')}. Check its address, and that it runs.`,
      { cause },
    )
  }

  #denied(status: number, message: string): TidingsError {
    return new TidingsError(
      'registry_denied',
      `The schema registry at ${this.#base} answered ${status}: ${message.replace(/\.$/, '')}. Check the name and password, or the token, and what they may do.`,
    )
  }
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address
  throw new TidingsError(
    'url_invalid',
    `${shown(url)} is not the address of a schema registry. It begins with http: or https:, as in http://localhost:8081.`,
  )
}

function credentialsOf({ username, password }: URL): RegistryAuth | undefined {
  if (username === '' && password === '') return undefined
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) }
}

function authorization(auth: RegistryAuth): string {
  if ('token' in auth) return `Bearer ${auth.token}`
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
}

async function boundedText(response: Response, address: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > limits.registryAnswerBytes) {
      throw new TidingsError(
        'registry_answer_invalid',
        `${address} answered with more than ${limits.registryAnswerBytes} bytes. Is this the address of a schema registry?`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** `undefined` for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only in seconds; a date would need both clocks to agree. */
function retryAfterMs(headers: Headers): number | undefined {
  const seconds = /^\s*(\d{1,6})\s*$/.exec(headers.get('retry-after') ?? '')?.[1]
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1_000, limits.registryRetryAfterMs)
}

/** What fetch throws says "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
