import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const fixture = 'test/types/errors/mistakes.ts'

/** What the compiler prints for each mistake: one error, as lines, without the place. */
async function compile(): Promise<ReadonlyMap<string, readonly string[]>> {
  const arguments_ = ['node_modules/typescript/bin/tsc', '-p', 'test/types/errors', '--pretty', 'false']
  const output = await promisify(execFile)(process.execPath, arguments_, { cwd: root }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )
  const source = readFileSync(`${root}${fixture}`, 'utf8').split('\n')
  const errors = output.trimEnd().split(/\n(?! )/)
  return new Map(
    errors.map((error) => {
      const [, line, text = error] = /^\S+mistakes\.ts\((\d+),\d+\): error (.*)$/s.exec(error) ?? []
      return [source[Number(line) - 2]?.replace('// ', '') ?? error, text.split('\n')]
    }),
  )
}

describe('a mistake in the catalog, or about the engine', () => {
  let printed: ReadonlyMap<string, readonly string[]>
  beforeAll(async () => {
    printed = await compile()
  }, 60_000)

  it.each([
    ['skipped version', "TS2345: Argument of type '3' is not assignable to parameter of type '2'."],
    ['no upcaster', 'TS2554: Expected 3 arguments, but got 2.'],
    ['upcaster leaves a property out', "Property 'currency' is missing in type '{ orderId: string; }'"],
    ['upcaster returns a wrong value', `Type '"GBP"' is not assignable to type '"EUR" | "USD"'.`],
    ['typing error in subject', "Did you mean 'orderId'?"],
    ['Valibot without its wrapper', 'WithoutJsonSchema<"Valibot: toStandardJsonSchema(schema)">'],
    ['Effect without its wrapper', "is not assignable to parameter of type 'Schema'."],
    ['no schema', "Argument of type 'string' is not assignable to parameter of type 'Schema'."],
    ['wrong data', "Type 'number' is not assignable to type 'string'."],
    ['typing error in data', "Did you mean to write 'orderId'?"],
    ['missing data', "Property 'orderId' is missing in type '{}'"],
    ['publish outside the catalog', 'required in type \'NotInTheCatalog<"com.example.other">\'.'],
    ['handler outside the catalog', 'required in type \'NotInTheCatalog<"com.example.other">\'.'],
    ['event without a version', `Type 'UnversionedEvent<"none">' is missing the following properties`],
    ['asynchronous upcaster in a stream', `Type '"asynchronous"' is not assignable to type '"synchronous"'.`],
    ['delay on Kafka', `Type 'string' is not assignable to type 'EngineLacks<"delay">'.`],
    ['transaction on PostgreSQL', `required in type 'EngineLacks<"callerTransaction">'.`],
    ['outbox without a store on PostgreSQL', `EngineLacks<"callerTransaction">`],
    ['durability in memory', `Type 'string' is not assignable to type 'EngineLacks<"durableAck">'.`],
    ['hold on a queue', `is not assignable to type '"continue" | EngineLacks<"hold"> | undefined'.`],
    ['replay on a queue', `EngineLacks<"replay from start">`],
    ['seek on a queue', `EngineLacks<"replay from time">`],
    ['read on a queue', `EngineLacks<"replay from offset">`],
  ])('is one short error that names it: %s', (mistake, says) => {
    const lines = printed.get(mistake) ?? []
    expect(lines.length).toBeLessThanOrEqual(4)
    expect(lines.at(-1)).toContain(says)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(330)
  })

  it('is the only thing that the compiler complains about', () => {
    expect(printed.size).toBe(23)
  })
})
