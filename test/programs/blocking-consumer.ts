import { appendFileSync } from 'node:fs'
import { defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

/**
 * One of two members of a group with leases of a second; the first to get event 1 blocks its event loop: `FILE OUTPUT NAME
 * BLOCKS_MS BLOCKED_MS`. The last is for how long its lease is kept meanwhile. A loop that is blocked cannot write to a
 * pipe, so what happens goes to a file.
 */
const [file = '', output = '', name = '', blocksMs = '0', blockedMs = '0'] = process.argv.slice(2)
const say = (words: string): void => appendFileSync(output, `${name} ${words}\n`)
const numbered = defineEvent('numbered')
  .version(1, { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] } as const)
  .subject(() => 'one key')
const catalog = defineCatalog([defineTopic('numbers', { partitions: 1, events: [numbered] })])

const transport = await sqlite(file)
const subscribe = transport.subscribe.bind(transport)
transport.subscribe = (request) => subscribe({ ...request, blockedMs: Number(blockedMs) })
await using bus = await openBus({ transport, source: '/blocking', catalog })
const group = bus
  .group('blocking', { start: 'start', sessionTimeout: '1s', member: name })
  .on(numbered, ({ event, attempt }) => {
    say(`begins ${event.data.number} attempt ${attempt}`)
    if (event.data.number === 1 && attempt === 1)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(blocksMs))
    say(`ends ${event.data.number}`)
  })
const running = group.run()
await group.joined()
say('joined')
await running
