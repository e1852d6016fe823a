import type { Glue } from '@aws-sdk/client-glue'
import { TidingsError } from '../../kernel/index.ts'
import { glueRefusal, isGlueError } from './glue-refusal.ts'

export interface GlueServiceOptions {
  readonly registryName: string
  readonly region: string | undefined
  readonly endpoint: string | undefined
  readonly timeoutMs: number
  readonly attempts: number
}

/** Glue through the AWS SDK, which is loaded when the first question is asked. It signs, retries and times out. */
export class GlueService {
  readonly #options: GlueServiceOptions
  #client: Promise<Glue> | undefined

  constructor(options: GlueServiceOptions) {
    this.#options = options
  }

  get registryName(): string {
    return this.#options.registryName
  }

  /** @throws what Glue refuses, under our codes; `schema_unsupported` without the SDK's package. */
  async ask<Answer>(question: (glue: Glue) => Promise<Answer>): Promise<Answer> {
    this.#client ??= open(this.#options)
    try {
      return await question(await this.#client)
    } catch (error) {
      throw glueRefusal(error, this.registryName)
    }
  }

  /** As {@link ask}; `undefined` where there is no such thing. */
  find<Answer>(question: (glue: Glue) => Promise<Answer>): Promise<Answer | undefined> {
    return this.ask((glue) => unless('EntityNotFoundException', question(glue)))
  }

  /** As {@link ask}; `undefined` where it was there before. */
  create<Answer>(question: (glue: Glue) => Promise<Answer>): Promise<Answer | undefined> {
    return this.ask((glue) => unless('AlreadyExistsException', question(glue)))
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    client?.destroy()
  }
}

async function unless<Answer>(name: string, answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isGlueError(error, name)) return undefined
    throw error
  }
}

async function open({ region, endpoint, timeoutMs, attempts }: GlueServiceOptions): Promise<Glue> {
  const sdk = await import('@aws-sdk/client-glue').catch((cause: unknown) => {
    throw new TidingsError(
      'option_invalid',
      'AWS Glue needs the package "@aws-sdk/client-glue", which is not installed. Install it beside Tidings: npm install @aws-sdk/client-glue.',
      { cause },
    )
  })
  return new sdk.Glue({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: attempts,
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
  })
}
