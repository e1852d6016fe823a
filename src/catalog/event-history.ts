import { TidingsError } from '../kernel/index.ts'
import type { EventVersion } from './event-version.ts'

/** The versions of one event type, without a gap, oldest first. */
export class EventHistory {
  readonly type: string
  readonly oldest: EventVersion
  readonly newest: EventVersion
  readonly #versions: readonly EventVersion[]

  private constructor(type: string, oldest: EventVersion, later: readonly EventVersion[]) {
    this.type = type
    this.#versions = [oldest, ...later]
    this.oldest = oldest
    this.newest = later.at(-1) ?? oldest
  }

  /** @throws `definition_invalid` */
  static of(type: string, first: EventVersion): EventHistory {
    if (!Number.isSafeInteger(first.version) || first.version < 1) {
      throw invalid(type, `begins with version ${first.version}. Versions are whole numbers from 1.`)
    }
    return new EventHistory(type, first, [])
  }

  /** @throws `definition_invalid` */
  with(next: EventVersion): EventHistory {
    const expected = this.newest.version + 1
    if (next.version !== expected) {
      throw invalid(
        this.type,
        `goes from version ${this.newest.version} to ${next.version}. The next is ${expected}.`,
      )
    }
    if (next.upcast !== undefined && typeof next.upcast !== 'function') {
      throw invalid(
        this.type,
        `has something else than a function as the upcaster to version ${expected}. Give a function, or leave it out where data of version ${this.newest.version} is valid in it.`,
      )
    }
    return new EventHistory(this.type, this.oldest, [...this.#versions.slice(1), next])
  }

  [Symbol.iterator](): Iterator<EventVersion> {
    return this.#versions[Symbol.iterator]()
  }

  /** @throws `version_unknown` */
  at(version: number): EventVersion {
    const found = this.#versions[version - this.oldest.version]
    if (found) return found
    throw new TidingsError(
      'version_unknown',
      `The code has ${this.type} in version ${this.oldest.version} to ${this.newest.version}, not ${version}. Declare it with its schema and upcaster.`,
    )
  }

  /** The versions that follow, in order. */
  after(version: number): readonly EventVersion[] {
    return this.#versions.slice(version - this.oldest.version + 1)
  }
}

function invalid(type: string, reason: string): TidingsError {
  return new TidingsError('definition_invalid', `${type} ${reason}`)
}
