import { expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { Lookup } from './lookup.ts'

test('questions of one turn are asked together, a bounded number of them, and each gets its answer', async () => {
  const asked: number[] = []
  const lookup = new Lookup<number, number>(new VirtualClock(), async (questions) => {
    asked.push(questions.length)
    return (index) => (questions[index] ?? 0) * 2
  })
  const questions = Array.from({ length: limits.postgresQuestions + 1 }, (_, number) => number)
  const answers = await Promise.all(questions.map((question) => lookup.ask(question)))
  expect(answers).toEqual(questions.map((question) => question * 2))
  expect(asked).toEqual([limits.postgresQuestions, 1])
})

test('a question that fails fails all that were asked with it, and no later one', async () => {
  let fails = true
  const lookup = new Lookup<string, string>(new VirtualClock(), async (questions) => {
    if (fails) throw new Error('the server is gone')
    return (index) => questions[index] ?? ''
  })
  const both = await Promise.allSettled([lookup.ask('a'), lookup.ask('b')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await lookup.ask('c')).toBe('c')
  await lookup.settled()
})
