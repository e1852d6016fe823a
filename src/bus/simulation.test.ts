import { expect, test } from 'vitest'
import { constant, type Random, seededRandom } from '../kernel/index.ts'
import { LogTransport } from '../log/index.ts'
import { MemoryDeadLetterStore } from '../memory/dead-letter-store.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type Bus, openBus } from './bus.ts'
import { catalog, placed } from './orders.fixture.ts'

const forever = new Promise<never>(() => undefined)

/** A process: once it is dead, nothing that it asks of the engine happens, and nothing it waits for comes. */
class Process {
  dead = false

  /** The store as this process reaches it. */
  reach<Store extends object>(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (this.dead && name !== 'keepLease') return name === 'watch' ? () => undefined : forever
          const result: unknown = Reflect.apply(value, target, args)
          return result instanceof Promise
            ? result.then((each: unknown) => (this.dead ? forever : each))
            : result
        }
      },
    })
  }
}

/** What a run promises, whatever fails. */
class Watcher {
  readonly #running = new Map<string, Process>()
  readonly #finished = new Map<string, number>()
  readonly handled = new Set<number>()
  readonly violations: string[] = []

  start(process: Process, key: string, number: number): void {
    const other = this.#running.get(key)
    if (other !== undefined && !other.dead) this.violations.push(`two handlers of ${key} at once`)
    this.#running.set(key, process)
    const last = this.#finished.get(key) ?? -1
    if (number < last) this.violations.push(`${key}: ${number} after ${last}`)
  }

  end(key: string, number: number, ended: 'handled' | 'failed'): void {
    this.#running.delete(key)
    if (ended === 'failed') return
    this.handled.add(number)
    this.#finished.set(key, number)
  }

  /** What a dead process had not committed is delivered again: its keys may go back once. */
  died(): void {
    this.#finished.clear()
  }
}

/** One run of a group on one engine, with members that fail, leave, join and die; with an even seed, they handle batches. */
class Simulation {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly watcher = new Watcher()
  readonly #store = new MemoryLogStore(this.clock)
  readonly #letters = new MemoryDeadLetterStore(this.#store)
  readonly #members: { readonly process: Process; readonly stop: () => Promise<void> }[] = []
  #joined = 0
  #published = 0
  deaths = 0

  readonly #hold: boolean
  readonly #inBatches: boolean
  readonly #ofKey = new Map<string, number[]>()

  constructor(seed: number, hold: boolean) {
    this.random = seededRandom(seed)
    this.#hold = hold
    this.#inBatches = seed % 2 === 0
  }

  below(count: number): number {
    return Math.floor(this.random.next() * count)
  }

  get members(): number {
    return this.#members.length
  }

  async open(
    process: Process,
  ): Promise<Bus<MemoryLogStore['capabilities'], 'com.example.orders.placed' | 'com.example.orders.paid'>> {
    const { clock, random } = this
    const transport = Object.assign(new LogTransport(process.reach(this.#store), clock), {
      deadLetters: process.reach(this.#letters),
      probe: async () => ({ version: '', durability: [] }),
    })
    return openBus({
      transport,
      source: '/tests',
      catalog,
      clock,
      random,
      drainOn: false,
      report: () => undefined,
    })
  }

  async join(): Promise<void> {
    const process = new Process()
    const bus = await this.open(process)
    const retry = { attempts: 6, backoff: constant('300ms', { jitter: 0.5 }) }
    const member = `member-${++this.#joined}`
    const options = {
      start: 'start',
      member,
      concurrency: 4,
      maxAhead: 7,
      retry,
      afterDeadLetter: this.#hold ? 'hold' : 'continue',
    } as const
    const group = bus.group('group', options)
    if (this.#inBatches) {
      group.onBatch(placed, { max: 5, waitMs: 30 }, async (deliveries) => {
        if (this.random.next() < 0.1) throw new Error('no luck for all of them')
        for (const delivery of deliveries) {
          if (delivery.failed) continue
          const fails = await this.#handle(process, delivery.event.data)
          if (fails) delivery.fail(new Error('no luck'))
        }
      })
    } else {
      group.on(placed, async ({ event }) => {
        if (await this.#handle(process, event.data)) throw new Error('no luck')
      })
    }
    void group.run()
    this.#members.push({ process, stop: () => group.stop() })
  }

  /** Fulfils with whether it fails. */
  async #handle(
    process: Process,
    { orderId, number }: { readonly orderId: string; readonly number: number },
  ): Promise<boolean> {
    if (process.dead) return forever
    this.watcher.start(process, orderId, number)
    const fails = orderId.startsWith('bad') || this.random.next() < 0.2
    await new Promise<void>((resolve) => this.clock.schedule(this.random.next() * 50, resolve))
    if (process.dead) return forever
    this.watcher.end(orderId, number, fails ? 'failed' : 'handled')
    return fails
  }

  async leave(): Promise<void> {
    const stopping = this.#members.splice(this.below(this.members), 1)[0]?.stop()
    await this.clock.advance(1_000)
    await stopping
  }

  die(): void {
    const [member] = this.#members.splice(this.below(this.members), 1)
    if (member === undefined) return
    member.process.dead = true
    this.deaths += 1
    this.watcher.died()
  }

  async publish(bus: Awaited<ReturnType<Simulation['open']>>): Promise<void> {
    const events = Array.from({ length: this.below(20) }, () => {
      const orderId = this.below(8) === 0 ? `bad${this.below(2)}` : `key${this.below(6)}`
      this.#ofKey.set(orderId, [...(this.#ofKey.get(orderId) ?? []), this.#published])
      return placed.create({ orderId, number: this.#published++ })
    })
    await bus.publishAll(events)
  }

  /** Asks for a redrive of all that is dead. */
  async redrive(bus: Awaited<ReturnType<Simulation['open']>>): Promise<void> {
    const { entries } = await bus.deadLetters.list({ states: ['dead'] }, { limit: 1_000 })
    await bus.deadLetters.request(entries.map(({ id }) => id))
  }

  /** With held keys, what was handled of a key is what was published first of it: nothing overtook a failure. */
  checkHeld(seed: number): void {
    for (const [key, numbers] of this.#ofKey) {
      const handled = numbers.map((number) => this.watcher.handled.has(number))
      expect(
        handled.lastIndexOf(true) < (handled.indexOf(false) + 1 || Infinity),
        `seed ${seed}: ${key}`,
      ).toBe(true)
    }
  }

  /** Every event was handled or is a dead letter, and nothing is left to be done. */
  async check(bus: Awaited<ReturnType<Simulation['open']>>, seed: number): Promise<void> {
    const { entries } = await bus.deadLetters.list({}, { limit: 1_000 })
    const unfinished = entries.filter(({ state }) => state === 'set-aside' || state === 'requested')
    const dead = entries.filter(({ state }) => state === 'dead' || state === 'parked')
    expect(this.watcher.violations, `seed ${seed}`).toEqual([])
    expect(
      unfinished.map(({ id, state }) => [id, state]),
      `seed ${seed}`,
    ).toEqual([])
    const ended = new Set([...this.watcher.handled, ...dead.map(({ encoded }) => numberOf(encoded))])
    expect(ended.size, `seed ${seed}: events handled or dead`).toBe(this.#published)
    expect(
      (await bus.admin.lag('group')).map(({ lag }) => lag),
      `seed ${seed}`,
    ).toEqual([0, 0])
  }
}

function numberOf(encoded: unknown): number {
  const event = JSON.parse(String(encoded)) as { data: { number: number } }
  return event.data.number
}

async function simulate(
  seed: number,
  steps: (simulation: Simulation, bus: Awaited<ReturnType<Simulation['open']>>) => Promise<void>,
  hold = false,
): Promise<Simulation> {
  const simulation = new Simulation(seed, hold)
  const bus = await simulation.open(new Process())
  await simulation.join()
  for (let step = 0; step < 12; step++) {
    await simulation.publish(bus)
    if (simulation.below(3) === 0 && simulation.members < 4) await simulation.join()
    await steps(simulation, bus)
    await simulation.clock.advance(simulation.below(2_000))
  }
  if (simulation.members === 0) await simulation.join()
  await simulation.clock.advance(600_000)
  await simulation.check(bus, seed)
  return simulation
}

test('Whatever fails, whoever joins and leaves: order per key, nothing lost, nothing stuck', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    await simulate(seed, async (simulation) => {
      if (simulation.below(4) === 0 && simulation.members > 1) await simulation.leave()
    })
  }
}, 60_000)

test('Members that die without a word lose nothing, and what they had in hand is repeated in order', async () => {
  let deaths = 0
  for (let seed = 101; seed <= 125; seed++) {
    const simulation = await simulate(seed, async (each) => {
      if (each.below(4) === 0 && each.members > 0) each.die()
      if (each.below(6) === 0 && each.members > 1) await each.leave()
    })
    deaths += simulation.deaths
  }
  expect(deaths).toBeGreaterThan(25)
}, 60_000)

test('With held keys nothing overtakes a dead letter, through redrives and deaths', async () => {
  for (let seed = 201; seed <= 225; seed++) {
    const steps = async (each: Simulation, bus: Awaited<ReturnType<Simulation['open']>>): Promise<void> => {
      if (each.below(5) === 0 && each.members > 0) each.die()
      if (each.below(3) === 0) await each.redrive(bus)
    }
    const simulation = await simulate(seed, steps, true)
    simulation.checkHeld(seed)
  }
}, 60_000)
