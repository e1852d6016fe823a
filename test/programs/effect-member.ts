import { appendFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { sqliteInbox } from '../../src/sqlite/index.ts'

/**
 * A member on any engine whose effects are rows of a file that all members share, written through the inbox: the program's
 * arguments are an `EffectMember` as JSON. What happens goes to a file, which a blocked event loop can write to as well.
 */
export interface EffectMember {
  readonly url: string
  readonly namespace: string
  readonly name: string
  readonly sessionTimeout: `${number}ms`
  /** With a table `effect (key, number, member)`. */
  readonly effects: string
  readonly output: string
  /** How long the first attempt at event 1 blocks the event loop, in ms, before its effect. */
  readonly blocksMs?: number
  /** How long the first attempt at event 1 waits, in ms, before its effect. */
  readonly waitsMs?: number
}

export const numbered = defineEvent('numbered')
  .version(1, {
    type: 'object',
    properties: { key: { type: 'string' }, number: { type: 'integer' } },
    required: ['key', 'number'],
  } as const)
  .subject(({ key }) => key)
export const numbersIn = (partitions: number) =>
  defineCatalog([defineTopic('numbers', { partitions, events: [numbered] })])

if (import.meta.main) {
  const [json = '{}', partitions = '1'] = process.argv.slice(2)
  await run(JSON.parse(json), Number(partitions))
}

async function run(
  { url, namespace, name, sessionTimeout, effects, output, blocksMs = 0, waitsMs = 0 }: EffectMember,
  partitions: number,
): Promise<void> {
  const say = (words: string): void => appendFileSync(output, `${name} ${words}\n`)
  const database = new DatabaseSync(effects)
  const insert = 'INSERT INTO effect (key, number, member) VALUES (?, ?, ?)'
  await using bus = await openBus({
    transport: await connect(url),
    namespace,
    source: `/${name}`,
    catalog: numbersIn(partitions),
    report: () => undefined,
  })
  const group = bus
    .group('effects', { start: 'start', member: name, sessionTimeout, inbox: sqliteInbox(database) })
    .on(numbered, async ({ event, attempt, transact }) => {
      const { key, number } = event.data
      say(`begins ${number} attempt ${attempt}`)
      if (number === 1 && attempt === 1) {
        if (blocksMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blocksMs)
        if (waitsMs > 0) await sleep(waitsMs)
      }
      try {
        await transact((tx) => void tx.prepare(insert).run(key, number, name))
        say(`ends ${number}`)
      } catch (error) {
        say(`is refused ${number}`)
        throw error
      }
    })
  const running = group.run()
  await group.joined()
  say('joined')
  await running
}
