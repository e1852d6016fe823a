import { limits, Recent } from '../../kernel/index.ts'
import type { AnswerFiles } from './answer-files.ts'

/** Answers that never change, in memory and, where there is a folder for it, as files. */
export class AnswerCache {
  readonly #kept = new Recent<{ readonly answer: unknown }>(limits.registryCacheEntries)
  readonly #asking = new Map<string, Promise<unknown>>()
  readonly #files: AnswerFiles | undefined

  constructor(files: AnswerFiles | undefined) {
    this.#files = files
  }

  /**
   * The answer under a name, asked for only where it is not known; questions at the same time are asked once.
   * `undefined` is no answer: it is not kept.
   */
  async get(name: string, ask: () => Promise<unknown>): Promise<unknown> {
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept.answer
    const asking = this.#asking.get(name) ?? this.#find(name, ask)
    this.#asking.set(name, asking)
    try {
      return await asking
    } finally {
      this.#asking.delete(name)
    }
  }

  async #find(name: string, ask: () => Promise<unknown>): Promise<unknown> {
    const stored = await this.#files?.read(name)
    const answer = stored ?? (await ask())
    if (answer === undefined) return undefined
    this.#kept.set(name, { answer })
    if (stored === undefined) await this.#files?.write(name, answer)
    return answer
  }
}
