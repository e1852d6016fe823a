import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect, openBus } from '../src/index.ts'
import { type EffectMember, numbered, numbersIn } from './programs/effect-member.ts'

const program = join(import.meta.dirname, 'programs/effect-member.ts')

/** A part of an engine that nobody else uses. */
export interface Place extends AsyncDisposable {
  readonly url: string
  readonly namespace: string
}

export interface MemberFaults {
  readonly open: () => Place
  /** The shortest session that the engine allows. */
  readonly sessionMs: number
  /** Within what others have what a killed member had, where membership is ours: a session and a second. */
  readonly takeoverMs?: number | undefined
  /** Whether somebody renews the lease of a process whose event loop is blocked. */
  readonly keptWhileBlocked: boolean
}

interface Effect {
  readonly key: string
  readonly number: number
  readonly member: string
}

/** Members as processes, and what they do. */
class Members implements AsyncDisposable {
  readonly #place: Place
  readonly #sessionMs: number
  readonly #partitions: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'tidings-members-'))
  readonly #effects: DatabaseSync
  readonly #children: ChildProcess[] = []

  constructor(place: Place, sessionMs: number, partitions: number) {
    this.#place = place
    this.#sessionMs = sessionMs
    this.#partitions = partitions
    this.#effects = new DatabaseSync(join(this.#folder, 'effects.db'))
    this.#effects.exec('PRAGMA journal_mode = WAL; CREATE TABLE effect (key, number, member)')
  }

  /** Nobody is at the engine any more when this has fulfilled. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    this.#effects.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Fulfils when the group has taken it. */
  async start(name: string, options: Pick<EffectMember, 'blocksMs' | 'waitsMs'> = {}): Promise<ChildProcess> {
    const member: EffectMember = {
      url: this.#place.url,
      namespace: this.#place.namespace,
      name,
      sessionTimeout: `${this.#sessionMs}ms`,
      effects: join(this.#folder, 'effects.db'),
      output: join(this.#folder, 'output.txt'),
      ...options,
    }
    const child = spawn(process.execPath, [program, JSON.stringify(member), String(this.#partitions)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#children.push(child)
    await this.said(`${name} joined`)
    return child
  }

  async said(line: string): Promise<void> {
    while (!this.lines().includes(line)) await sleep(10)
  }

  /** What members have begun, ended and been refused. */
  lines(): readonly string[] {
    const file = join(this.#folder, 'output.txt')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    return lines.filter((line) => line !== '')
  }

  /** In the order in which they were committed. */
  effects(): readonly Effect[] {
    return this.#effects
      .prepare('SELECT key, number, member FROM effect ORDER BY rowid')
      .all() as unknown as readonly Effect[]
  }

  /** @param use is given what publishes numbers, and what tells how many partitions each living member has. */
  async publishing(
    use: (
      publish: (...numbers: readonly number[]) => Promise<void>,
      owned: () => Promise<ReadonlyMap<string, number>>,
    ) => Promise<void>,
  ): Promise<void> {
    const { url, namespace } = this.#place
    await using bus = await openBus({
      transport: await connect(url),
      namespace,
      source: '/publisher',
      catalog: numbersIn(this.#partitions),
      drainOn: false,
    })
    await use(
      (...numbers) =>
        bus.publishAll(numbers.map((number) => numbered.create({ key: `key-${number % keys}`, number }))),
      async () => {
        const [group] = await bus.admin.groups()
        return new Map(group?.members.map(({ member, partitions }) => [member, partitions.length]))
      },
    )
  }
}

const keys = 30
const partitions = 6

/** What members promise when one of them ends or stands still, whatever the engine is. */
export function memberFaultCases({ open, sessionMs, takeoverMs, keptWhileBlocked }: MemberFaults): void {
  const onEngine = (name: string, count: number, run: (members: Members) => Promise<void>): void => {
    test(name, { timeout: 120_000 }, async () => {
      await using place = open()
      await using members = new Members(place, sessionMs, count)
      await run(members)
    })
  }

  onEngine(
    'that is killed has its partitions taken over in time; no event is lost, and no key its order',
    partitions,
    async (members) => {
      await members.publishing(async (publish, owned) => {
        const [victim] = await Promise.all(['one', 'two', 'three'].map((name) => members.start(name)))
        let number = 0
        const publishUntil = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
          while (!(await isSo())) {
            await publish(...Array.from({ length: keys }, () => number++))
            await sleep(50)
          }
        }
        await publishUntil(() => new Set(members.effects().map(({ member }) => member)).size === 3)
        expect((await owned()).get('one')).toBeGreaterThan(0)
        victim?.kill('SIGKILL')
        const killedAt = performance.now()
        await publishUntil(async () => {
          const now = await owned()
          return (now.get('two') ?? 0) + (now.get('three') ?? 0) === partitions
        })
        if (takeoverMs !== undefined) expect(performance.now() - killedAt).toBeLessThan(takeoverMs + 500)
        await expect.poll(() => members.effects().length, { timeout: 30_000 }).toBe(number)
        expectOrder(members.effects())
      })
    },
  )

  onEngine(
    'that is paused past its session has its effect refused, and its successor has it once',
    1,
    async (members) => {
      await members.publishing(async (publish) => {
        const paused = await members.start('one', { waitsMs: 4_000 })
        await publish(1)
        await members.said('one begins 1 attempt 1')
        paused.kill('SIGSTOP')
        await members.start('two')
        await publish(31)
        await members.said('two ends 31')
        paused.kill('SIGCONT')
        await members.said('one is refused 1')
        await publish(61)
        await expect.poll(() => members.effects().length, { timeout: 30_000 }).toBe(3)
        expect(members.effects().map(({ member, number }) => [member, number])).toEqual([
          ['two', 1],
          ['two', 31],
          ['two', 61],
        ])
      })
    },
  )

  const blocked = 'that blocks its event loop for longer than its session'
  const outcome = keptWhileBlocked
    ? 'keeps its partitions'
    : 'loses its partitions, and has its effect refused: its successor has it once'
  onEngine(`${blocked} ${outcome}`, 1, async (members) => {
    await members.publishing(async (publish) => {
      await members.start('one', { blocksMs: 2 * sessionMs + 2_000 })
      await members.start('two')
      await publish(1, 31)
      await members.said('one begins 1 attempt 1')
      await members.said(keptWhileBlocked ? 'one ends 1' : 'one is refused 1')
      await expect.poll(() => members.effects().length, { timeout: 30_000 }).toBe(2)
      const member = keptWhileBlocked ? 'one' : 'two'
      expect(members.effects()).toMatchObject([
        { member, number: 1 },
        { member, number: 31 },
      ])
    })
  })
}

/** Every number once, and those of a key in their order. */
function expectOrder(effects: readonly Effect[]): void {
  const byKey = Map.groupBy(effects, ({ key }) => key)
  for (const [key, ofKey] of byKey) {
    const numbers = ofKey.map(({ number }) => number)
    expect([key, numbers]).toEqual([key, [...new Set(numbers)].toSorted((a, b) => a - b)])
  }
}
