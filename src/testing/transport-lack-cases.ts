import { deepStrictEqual, ok, rejects } from 'node:assert/strict'
import { isTidingsError } from '../kernel/index.ts'
import { type Capabilities, placeName, type Start } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import {
  createOrders,
  outgoing,
  request,
  storedIds,
  type TransportContext,
  topic,
} from './transport-context.ts'

/** Something that needs a capability, and how it is asked for. */
interface Wish {
  readonly capability: string
  readonly has: (capabilities: Capabilities) => boolean
  readonly ask: (context: TransportContext) => Promise<unknown>
}

const nowhere = { tx: undefined }
const few = { maxRecords: 1, maxBytes: 1_000 }
const places = ['start', { time: '2026-01-01T00:00:00Z' }, { offset: 0 }] as const satisfies Start[]

const wishes: readonly Wish[] = [
  {
    capability: 'delay',
    has: ({ delay }) => delay,
    ask: ({ transport, clock }) =>
      transport.publish([outgoing('later', { notBefore: clock.now() + 60_000 })], nowhere),
  },
  {
    capability: 'callerTransaction',
    has: ({ callerTransaction }) => callerTransaction,
    ask: ({ transport }) => transport.publish([outgoing('a')], { tx: { mine: true } }),
  },
  { capability: 'lag', has: ({ lag }) => lag !== 'none', ask: ({ admin }) => admin.lag() },
  ...places.flatMap((place) => [
    replayWish(place, ({ transport }) => transport.subscribe({ ...request, group: 'late', start: place })),
    replayWish(place, ({ admin }) => admin.seek('billing', topic, place)),
    replayWish(place, ({ admin }) => admin.offsetOf(topic, 0, place)),
  ]),
  replayWish({ offset: 0 }, ({ admin }) => admin.read(topic, 0, 0, few)),
  replayWish({ offset: 0 }, ({ admin }) => admin.truncate(topic, 0, 1)),
]

function replayWish(place: (typeof places)[number], ask: Wish['ask']): Wish {
  const name = placeName(place)
  return {
    capability: `replay from ${name}`,
    has: ({ replay }) => name === 'end' || replay[name],
    ask,
  }
}

/** What can be asked of an engine with these capabilities, and is not there. */
export function lackOf(capabilities: Capabilities): readonly Wish[] {
  return wishes.filter(({ has }) => !has(capabilities))
}

/** Of an engine that lacks any of them. */
export const lackCases: ContractCases<TransportContext> = {
  'answers capability_missing, with its name and what it lacks, to whatever needs that': async (context) => {
    await createOrders(context)
    const { capabilities } = context.transport
    for (const { capability, ask } of lackOf(capabilities)) {
      await rejects(
        async () => ask(context),
        (error) => {
          ok(isTidingsError(error, 'capability_missing'), `${capability}: ${String(error)}`)
          deepStrictEqual(error.details, { engine: capabilities.name, capability })
          ok(error.sentence.startsWith(`${capabilities.name} lacks ${capability}: `), error.sentence)
          return true
        },
      )
    }
    deepStrictEqual(await storedIds(context), [])
  },
}
