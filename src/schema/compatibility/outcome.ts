import type { Difference, DifferenceKind } from './difference.ts'
import { placeOf, type SchemaNode } from './node.ts'

/** What makes a difference pass, by the side that can still be changed. */
export interface Fix {
  readonly reader: string
  readonly writer: string
}

/** What was found for one pair of schemas, and the outcomes for the schemas inside them. */
export class Outcome {
  readonly #newer: keyof Fix
  // Most outcomes stay empty: lists are made when there is something to put in.
  #differences: Difference[] | undefined
  #parts: Outcome[] | undefined
  #broken = false

  constructor(newer: keyof Fix) {
    this.#newer = newer
  }

  /** Something breaks, here or inside. Of a pair that is still compared: so far. */
  get broken(): boolean {
    return this.#broken
  }

  breaks(
    kind: DifferenceKind,
    node: SchemaNode,
    at: readonly (string | number)[],
    message: string,
    fix: Fix,
  ): void {
    this.#broken = true
    this.#add({ kind, path: placeOf(node, ...at), message, breaks: true, fix: fix[this.#newer] })
  }

  allows(kind: DifferenceKind, node: SchemaNode, at: readonly (string | number)[], message: string): void {
    this.#add({ kind, path: placeOf(node, ...at), message, breaks: false, fix: undefined })
  }

  include(part: Outcome): void {
    this.#parts ??= []
    this.#parts.push(part)
    this.#broken ||= part.broken
  }

  /** Of an outcome that nothing more is added to. */
  get isEmpty(): boolean {
    return this.#differences === undefined && this.#parts === undefined
  }

  #add(difference: Difference): void {
    this.#differences ??= []
    this.#differences.push(difference)
  }

  /** All differences, here and inside, each once. */
  differences(): readonly Difference[] {
    const found = new Map<string, Difference>()
    const seen = new Set<Outcome>([this])
    for (const outcome of seen) {
      for (const each of outcome.#differences ?? []) {
        const key = `${each.path} ${each.kind} ${each.message}`
        if (!found.get(key)?.breaks) found.set(key, each)
      }
      for (const part of outcome.#parts ?? []) seen.add(part)
    }
    return [...found.values()]
  }
}
