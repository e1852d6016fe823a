import fc from 'fast-check'
import { expect } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import type { ExpectedVersion, StreamId, StreamRecord, StreamStore } from './index.ts'

/** What a stream store is: every event in commit order, and what was deleted of each stream. */
class Model {
  readonly events: { readonly stream: string; readonly version: number; readonly id: string }[] = []
  readonly begin = new Map<string, number>()

  versionOf(stream: string): number {
    return this.events.filter((each) => each.stream === stream).length
  }

  kept(): readonly { readonly stream: string; readonly version: number; readonly id: string }[] {
    return this.events.filter(({ stream, version }) => version >= (this.begin.get(stream) ?? 1))
  }

  append(stream: string, ids: readonly string[], expected: ExpectedVersion): unknown {
    const at = this.versionOf(stream)
    const places = ids.map((id) => this.kept().find((each) => each.id === id))
    const [first] = places
    if (
      ids.length > 0 &&
      places.every(
        (place, index) => place?.stream === stream && place.version === (first?.version ?? 0) + index,
      )
    )
      return { version: places.at(-1)?.version, written: false }
    if (places.some((place) => place !== undefined) || new Set(ids).size < ids.length)
      return 'event_duplicate'
    const fits =
      expected === 'any' ||
      expected === at ||
      (expected === 'empty' ? at === 0 : expected === 'exists' && at > 0)
    if (!fits) return 'expected_version'
    this.events.push(...ids.map((id, index) => ({ stream, version: at + index + 1, id })))
    return { version: at + ids.length, written: true }
  }

  truncate(stream: string, before: number): number {
    const begin = this.begin.get(stream) ?? 1
    const to = Math.max(begin, Math.min(before, this.versionOf(stream)))
    this.begin.set(stream, to)
    return to - begin
  }
}

const streams = ['a', 'b'] as const
const id = fc.integer({ min: 0, max: 12 }).map(String)
const append = fc.record({
  kind: fc.constant('append' as const),
  stream: fc.constantFrom(...streams),
  ids: fc.array(id, { maxLength: 3 }),
  expected: fc.oneof(
    fc.constantFrom<ExpectedVersion>('any', 'empty', 'exists'),
    fc.integer({ min: 0, max: 6 }),
  ),
})
const truncate = fc.record({
  kind: fc.constant('truncate' as const),
  stream: fc.constantFrom(...streams),
  before: fc.integer({ min: 0, max: 9 }),
})
const operations = fc.array(fc.oneof({ weight: 6, arbitrary: append }, { weight: 1, arbitrary: truncate }), {
  maxLength: 30,
})

const streamId = (name: string): StreamId => ({ name: 'order', id: name })
const seen = (records: readonly StreamRecord[]): unknown =>
  records.map(({ stream, version, id: eventId }) => ({ stream: stream.id, version, id: eventId }))

async function outcomeOf(action: Promise<unknown>): Promise<unknown> {
  try {
    return await action
  } catch (error) {
    if (isTidingsError(error)) return error.code
    throw error
  }
}

const event = (eventId: string) => ({ id: eventId, type: 't', timeMs: 0, body: '{}' })

/** Does the same operations with a store and its model, each time with a store of its own. */
export async function compareWithModel(
  open: () => StreamStore<never> | Promise<StreamStore<never>>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(operations, async (all) => {
      const store = await open()
      const model = new Model()
      for (const operation of all) {
        const { stream } = operation
        if (operation.kind === 'append') {
          const { ids, expected } = operation
          const done = store.append(streamId(stream), ids.map(event), { expected })
          expect(await outcomeOf(done)).toEqual(model.append(stream, ids, expected))
        } else
          expect(await store.truncate(streamId(stream), operation.before)).toBe(
            model.truncate(stream, operation.before),
          )
      }
      expect(seen(await store.readAll({ after: undefined, limit: 100 }))).toEqual(model.kept())
      for (const stream of streams) {
        const kept = model.kept().filter((each) => each.stream === stream)
        expect(seen(await store.read(streamId(stream), { limit: 100 }))).toEqual(kept)
        const backward = await store.read(streamId(stream), { direction: 'backward', limit: 100 })
        expect(seen(backward)).toEqual(kept.toReversed())
      }
      await store.close()
    }),
    { numRuns },
  )
}
