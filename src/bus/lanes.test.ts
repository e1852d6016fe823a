import { expect, test } from 'vitest'
import { Lanes } from './lanes.ts'

test('a key has one lane until it is left, then another', () => {
  const lanes = new Lanes()
  const lane = lanes.of('order-1')
  expect(lanes.of('order-1')).toBe(lane)
  lanes.leave(lane)
  expect(lanes.of('order-1')).not.toBe(lane)
})

test('events without a key each have a lane of their own', () => {
  const lanes = new Lanes()
  expect(lanes.of(undefined)).not.toBe(lanes.of(undefined))
})

test('however many lanes come and go, those that hold something stay', () => {
  const lanes = new Lanes()
  const lane = lanes.of('slow')
  for (let number = 0; number < 5_000; number++) lanes.leave(lanes.of(`order-${number}`))
  expect(lanes.of('slow')).toBe(lane)
})
