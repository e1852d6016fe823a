import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect, connectOutbox, connectProjections, connectStreams, openBus } from '../index.ts'
import { openStreams } from '../streams/index.ts'
import { created, type Ended, jsonLines, Shell, Sink } from './cli.fixture.ts'
import { cart } from './streams.config.fixture.ts'
import { catalog, created as orderCreated } from './tidings.config.fixture.ts'

/** Where a case runs: a part of an engine that nobody else uses. */
export interface Place extends AsyncDisposable {
  readonly url: string
  readonly namespace: string
}

/** Every command that was run, with the word behind it. */
const asked = new Set<string>()

const silent = (): void => undefined

/** A folder whose configuration names the place. */
class EngineShell extends Shell {
  readonly place: Place

  constructor(place: Place) {
    const fixture = new URL('tidings.config.fixture.ts', import.meta.url).pathname
    const { url, namespace } = place
    super({
      config: `import config from '${fixture}'\nexport default { ...config, ...${JSON.stringify({ url, namespace })} }\n`,
    })
    this.place = place
  }

  override async run(...[argv, surroundings]: Parameters<Shell['run']>): Promise<Ended> {
    for (const words of [1, 2]) asked.add(argv.slice(0, words).join(' '))
    return super.run(argv, surroundings)
  }

  /** Runs a command that goes on until it is interrupted, which it is when it has printed what is waited for. */
  async runUntil(printed: RegExp, argv: readonly string[]): Promise<Ended> {
    const ending = new AbortController()
    const stdout = new Sink()
    const ended = this.run(argv, { stdout, signal: ending.signal, wait: sleepUntil })
    const over = ended.then(() => true)
    while (!printed.test(stdout.text))
      if (await Promise.race([over, once(stdout, 'written').then(() => false)])) break
    ending.abort()
    return { ...(await ended), stdout: stdout.text }
  }

  /** What a command prints as JSON. */
  async json(...argv: readonly string[]): Promise<unknown[]> {
    const { exitCode, stdout, stderr } = await this.run([...argv, '--json'])
    expect([exitCode, stderr]).toEqual([0, expect.any(String)])
    return jsonLines(stdout)
  }

  /** Events of these orders, in one call. */
  async publish(...orderIds: readonly string[]): Promise<void> {
    const stdin = orderIds.map((orderId) => created(orderId)).join('\n')
    const { exitCode, stderr } = await this.run(['publish', '--file', '-'], { stdin })
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/published/)])
  }

  /** The group `billing` handles all there is and leaves; orders that it cannot handle become dead letters. */
  async bill(...refused: readonly string[]): Promise<readonly string[]> {
    const { url, namespace } = this.place
    const transport = await connect(url)
    const options = { catalog, namespace, source: '/billing', drainOn: false, report: silent } as const
    await using bus = await openBus({ ...options, transport })
    const handled: string[] = []
    const group = bus.group('billing', { start: 'start', retry: { attempts: 1 } })
    group.on(orderCreated, ({ event }) => {
      if (refused.includes(event.data.orderId)) throw new Error('card refused')
      handled.push(event.data.orderId)
    })
    await group.caughtUp()
    return handled
  }
}

/** What the commands do on every engine, with what they say where it lacks a capability. */
export function commandCases(
  open: () => Promise<Place>,
  { delay, tables }: { readonly delay: boolean; readonly tables: boolean },
): void {
  const onEngine = (name: string, run: (shell: EngineShell) => Promise<void>): void => {
    test(name, async () => {
      await using place = await open()
      using shell = new EngineShell(place)
      await run(shell)
    })
  }

  onEngine('publish, tail and topics show what is there, in the namespace', async (shell) => {
    const data = JSON.stringify({ orderId: 'o-1', totalCents: 1 })
    const one = await shell.run(['publish', 'com.example.orders.created', '--data', data])
    expect([one.exitCode, one.stderr]).toEqual([0, expect.stringContaining('1 event published')])
    await shell.publish('o-2', 'o-3')
    expect(await shell.json('topics')).toMatchObject([{ topic: 'orders', partitions: 4, events: 3 }])
    expect((await shell.run(['topics', 'orders'])).stdout.trim().split('\n')).toHaveLength(5)
    const tailed = (await shell.json('tail', 'orders', '--from', 'start')) as { data: { orderId: string } }[]
    expect(tailed.map((event) => event.data.orderId).toSorted()).toEqual(['o-1', 'o-2', 'o-3'])
    expect(await shell.json('tail', 'orders', '--from', '2000-01-01T00:00:00Z', '-n', '1')).toHaveLength(1)
    expect(await shell.json('tail', 'orders', '--subject', 'orders/o-2')).toMatchObject([{ id: 'o-2' }])
    const following = shell.runUntil(/o-4/, ['tail', 'orders', '--from', 'start', '--follow', '--json'])
    await shell.publish('o-4')
    const { exitCode, stdout } = await following
    expect([exitCode, jsonLines(stdout)]).toEqual([0, expect.objectContaining({ length: 4 })])
  })

  onEngine('groups and lag show who has read what', async (shell) => {
    await shell.publish('o-1', 'o-2', 'o-3')
    expect(await shell.bill()).toHaveLength(3)
    await shell.publish('o-4')
    expect(await shell.json('groups', 'ls')).toMatchObject([{ group: 'billing', topics: ['orders'] }])
    expect(await shell.json('groups', 'show', 'billing')).toMatchObject([{ group: 'billing' }])
    expect(await shell.json('lag')).toMatchObject([{ group: 'billing', topic: 'orders', lag: 1 }])
    expect(await shell.run(['lag', 'billing', '--fail-over', '0'])).toMatchObject({ exitCode: 3 })
    expect(await shell.run(['lag', 'shipping'])).toMatchObject({ exitCode: 4 })
  })

  onEngine('seek moves a group, pause stops it, and forget ends it', async (shell) => {
    await shell.publish('o-1', 'o-2')
    expect(await shell.bill()).toHaveLength(2)
    const back = ['seek', 'billing', '--to', 'start', '--yes']
    expect(await shell.run(back)).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('--force') })
    await shell.json(...back, '--force')
    expect(await shell.json('lag')).toMatchObject([{ lag: 2 }])
    await shell.json('seek', 'billing', '--to', 'end', '--yes')
    await shell.json(
      'seek',
      'billing',
      '--to',
      '2000-01-01T00:00:00Z',
      '--topic',
      'orders',
      '--force',
      '--yes',
    )
    expect((await shell.bill()).toSorted()).toEqual(['o-1', 'o-2'])
    expect(await shell.json('groups', 'pause', 'billing')).toMatchObject([{ group: 'billing', paused: [{}] }])
    expect(await shell.json('groups', 'resume', 'billing')).toMatchObject([{ paused: [] }])
    await shell.json('groups', 'forget', 'billing', '--yes')
    expect(await shell.json('groups', 'ls')).toEqual([])
  })

  onEngine('dead letters are listed, shown, redriven and discarded', async (shell) => {
    await shell.publish('o-1', 'bad', 'worse')
    expect(await shell.bill('bad', 'worse')).toEqual(['o-1'])
    const letters = (await shell.json('dead-letters', 'ls')) as { id: string; message: string }[]
    expect(letters).toMatchObject([{ group: 'billing' }, { group: 'billing' }])
    expect(await shell.json('dead-letters', 'ls', '--by', 'cause')).toMatchObject([{ count: 2 }])
    const ofOrder = async (orderId: string): Promise<string> => {
      for (const { id } of letters) {
        const [shown] = (await shell.json('dead-letters', 'show', id)) as object[]
        if (JSON.stringify(shown).includes(`orders/${orderId}`)) return id
      }
      return ''
    }
    await shell.json('dead-letters', 'redrive', await ofOrder('bad'))
    await shell.json('dead-letters', 'discard', await ofOrder('worse'), '--reason', 'a test', '--yes')
    expect(await shell.bill()).toEqual(['bad'])
    expect(await shell.json('dead-letters', 'ls', '--state', 'dead')).toEqual([])
  })

  onEngine('engines tells what the engine can do', async (shell) => {
    await shell.publish('o-1')
    const [engine] = await shell.json('engines')
    expect(engine).toMatchObject({ capabilities: { hold: true, delay } })
  })

  onEngine('publishing later works, or says that the engine cannot', async (shell) => {
    const argv = ['publish', 'com.example.orders.created', '--data', '{"orderId":"o-1","totalCents":1}']
    const { exitCode, stderr } = await shell.run([...argv, '--not-before', '2099-01-01T00:00:00Z'])
    if (delay) expect([exitCode, stderr]).toEqual([0, expect.stringContaining('1 event published')])
    else expect([exitCode, stderr]).toEqual([6, expect.stringContaining('capability_missing: ')])
  })

  onEngine(
    'outboxes, streams and schemas live in a database, which this engine is or is not',
    async (shell) => {
      const { url } = shell.place
      shell.write('streams.ts', streamsConfiguration(url))
      mkdirSync(shell.path('schemas'))
      for (const version of [1, 2])
        shell.write(`schemas/com.example.carts.filled.${version}.json`, schemaOf(version))
      if (tables) await fillTables(url)
      await shell.publish('o-1')
      const type = 'com.example.orders.created'
      const commands = [
        ['schema', 'push', '--registry', url],
        ['schema', 'import', 'schemas', '--registry', url],
        ['schema', 'check', '--registry', url],
        ['schema', 'ls', '--registry', url],
        ['schema', 'show', type, '--registry', url],
        ['schema', 'diff', 'com.example.carts.filled', '--registry', url],
        ['schema', 'gen', '--out', 'events.ts', '--registry', url],
        ['outbox', 'status', '--store', url],
        ['outbox', 'flush', '--store', url],
        ['streams', 'ls', '--config', 'streams.ts'],
        ['streams', 'show', 'cart-7', '--state', '--config', 'streams.ts'],
        ['projections', 'ls', '--config', 'streams.ts'],
        ['projections', 'rebuild', 'skus', '--config', 'streams.ts'],
      ]
      for (const argv of commands) {
        const ended = await shell.run(argv)
        if (tables)
          expect([argv, ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([argv, 0, ''])
        else expect([argv, ended]).toEqual([argv, lacking])
      }
      const served = await shell.runUntil(/listens on/, ['registry', '--url', url, '--port', '0'])
      expect(served).toEqual(tables ? { exitCode: 0, stdout: expect.any(String), stderr: '' } : lacking)
    },
  )

  onEngine('asyncapi describes the catalog, whatever the engine', async (shell) => {
    const { exitCode, stdout } = await shell.run(['asyncapi'])
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { asyncapi: '3.1.0' }])
  })

  onEngine(
    'migrate brings the tables of PostgreSQL up to date, and says that others have none',
    async (shell) => {
      const { url } = shell.place
      const { exitCode, stderr } = await shell.run(['migrate', '--url', url])
      if (url.startsWith('postgres')) expect(exitCode).toBe(0)
      else expect([exitCode, stderr]).toEqual([6, expect.stringContaining('capability_missing: ')])
    },
  )

  onEngine('no command was left out', async (shell) => {
    const nouns = commandsIn((await shell.run(['--help'])).stdout)
    const leaves = await Promise.all(
      nouns.map(async (noun) => {
        const verbs = commandsIn((await shell.run([noun, '--help'])).stdout)
        return verbs.length === 0 ? [noun] : verbs.map((verb) => `${noun} ${verb}`)
      }),
    )
    expect(leaves.flat().filter((command) => !asked.has(command))).toEqual([])
  })
}

/** How a command ends that needs what the engine lacks. */
const lacking = {
  exitCode: 6,
  stdout: '',
  stderr: expect.stringMatching(/^tidings: capability_missing: \w+ lacks /),
}

/** The names under "Commands:" of a help, but for help itself. */
function commandsIn(help: string): readonly string[] {
  const [, after = ''] = help.split(/^Commands:\n/m)
  const [listed = ''] = after.split(/\n(?=\S|\n)/)
  return [...listed.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help')
}

const sleepUntil = (ms: number, until: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal: until }).catch(() => undefined)

function schemaOf(version: number): string {
  const properties = { sku: { type: 'string' }, ...(version === 1 ? {} : { count: { type: 'integer' } }) }
  return JSON.stringify({ type: 'object', properties, required: ['sku'] })
}

function streamsConfiguration(url: string): string {
  const fixture = new URL('streams.config.fixture.ts', import.meta.url).pathname
  const skus = url.startsWith('postgres') ? 'skusInPostgres as skus' : 'skus'
  const quoted = JSON.stringify(url)
  return `import { cart, ${skus} } from '${fixture}'
export default {
  url: ${quoted},
  streams: [{ url: ${quoted}, of: [cart] }],
  projections: [{ url: ${JSON.stringify(inOwnSchema(url))}, streams: ${quoted}, of: [skus] }],
}
`
}

/** With tables of a projection's own where the others are, and not where the next test makes them, too. */
function inOwnSchema(url: string): string {
  if (!url.startsWith('postgres')) return url
  const own = new URL(url)
  own.searchParams.set('options', `-c search_path=${own.searchParams.get('schema')}`)
  return own.href
}

/** An outbox, and a stream with an event. */
async function fillTables(url: string): Promise<void> {
  const outbox = await connectOutbox(url)
  await outbox.figures()
  await outbox.close()
  await using streams = openStreams({ store: await connectStreams(url), source: '/carts' })
  await streams.execute(cart, '7', 'hat')
  const projections = await connectProjections(url)
  await projections.close()
}
