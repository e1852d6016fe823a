import { describe, expect, it } from 'vitest'
import { checkCompatibility } from './check.ts'
import type { SchemaSource } from './difference.ts'
import type { CompatibilityLevel } from './level.ts'

const bounded = (maximum: number): SchemaSource => ({ schema: { type: 'number', maximum } })
const [ten, twenty, thirty] = [bounded(10), bounded(20), bounded(30)]

const verdict = (level: CompatibilityLevel, update: SchemaSource, ...earlier: SchemaSource[]): boolean =>
  checkCompatibility(update, earlier, { level }).compatible

describe('checkCompatibility', () => {
  it('lets every update pass under NONE, and every first version', () => {
    expect(verdict('NONE', ten, twenty)).toBe(true)
    expect(verdict('FULL_TRANSITIVE', ten)).toBe(true)
  })

  it('asks under BACKWARD that the update reads what the newest wrote', () => {
    expect([verdict('BACKWARD', thirty, twenty), verdict('BACKWARD', ten, twenty)]).toEqual([true, false])
  })

  it('asks under FORWARD that the newest reads what the update writes', () => {
    expect([verdict('FORWARD', thirty, twenty), verdict('FORWARD', ten, twenty)]).toEqual([false, true])
  })

  it('asks under FULL for both', () => {
    expect([
      verdict('FULL', ten, twenty),
      verdict('FULL', thirty, twenty),
      verdict('FULL', twenty, twenty),
    ]).toEqual([false, false, true])
  })

  it('asks the same of every earlier version where the level is transitive', () => {
    expect([
      verdict('BACKWARD', twenty, thirty, ten),
      verdict('BACKWARD_TRANSITIVE', twenty, thirty, ten),
    ]).toEqual([true, false])
  })

  it('says which version, in which direction, and the fix for the side that can change', () => {
    const { comparisons } = checkCompatibility(thirty, [ten, twenty], { level: 'FULL_TRANSITIVE' })
    expect(
      comparisons.map(({ earlier, direction, differences }) => [earlier, direction, differences[0]?.fix]),
    ).toEqual([
      [1, 'backward', undefined],
      [1, 'forward', 'Set "maximum" to 20.'],
      [0, 'backward', undefined],
      [0, 'forward', 'Set "maximum" to 10.'],
    ])
  })
})
