import { TidingsError } from '../../kernel/index.ts'
import { linearPattern } from '../pattern.ts'

/** Patterns of one comparison, compiled once. */
export class Patterns {
  readonly #compiled = new Map<string, ReturnType<typeof linearPattern>>()

  /** @throws `schema_invalid` for a pattern that RE2 cannot run. */
  matches(source: string, text: string): boolean {
    let pattern = this.#compiled.get(source)
    if (pattern === undefined) {
      pattern = compiled(source)
      this.#compiled.set(source, pattern)
    }
    return pattern.test(text)
  }

  /** Whether the pattern says nothing: without an assertion it matches anywhere, and so every text if the empty one. */
  matchesAll(source: string): boolean {
    return !/[\^$\\]|\(\?/.test(source) && this.matches(source, '')
  }
}

function compiled(source: string): ReturnType<typeof linearPattern> {
  try {
    return linearPattern(source)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TidingsError('schema_invalid', `The schema cannot be compared: ${reason}`, { cause })
  }
}
