import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { Engine } from '../bus/index.ts'
import { type CloudEvent, connect, openBus } from '../index.ts'
import type { Rewind } from '../log/index.ts'
import type { Io } from './io.ts'
import { run } from './run.ts'
import { catalog } from './tidings.config.fixture.ts'

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** The width of the terminal at both streams; without it they are none. */
  readonly columns?: number
  readonly signal?: AbortSignal
  readonly stdout?: Writable
  /** How the command waits; without it every wait lasts until the signal aborts. */
  readonly wait?: Io['wait']
}

/** A folder with a configuration, in which commands are run. */
export class Shell implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'tidings-cli-'))

  constructor(options: { readonly config?: string } = {}) {
    const fixture = new URL('tidings.config.fixture.ts', import.meta.url).pathname
    this.write('tidings.config.ts', options.config ?? `export { default } from '${fixture}'\n`)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  async run(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
    const { stdin = '', env = {}, columns, signal = new AbortController().signal } = surroundings
    const terminal = columns === undefined ? {} : { isTTY: true, columns }
    const stdout = new Sink()
    const stderr = new Sink()
    const io: Io = {
      stdin: Readable.from([Buffer.from(stdin)], { objectMode: false }),
      stdout: Object.assign(surroundings.stdout ?? stdout, terminal),
      stderr: Object.assign(stderr, terminal),
      env,
      cwd: this.folder,
      signal,
      wait: surroundings.wait ?? ((_, until) => aborted(until)),
    }
    const exitCode = await run(argv, io)
    return { exitCode, stdout: stdout.text, stderr: stderr.text }
  }

  /** The events of a topic, as `tail --json` prints them. */
  async events(topic = 'orders'): Promise<readonly CloudEvent[]> {
    const { stdout } = await this.run(['tail', topic, '--from', 'start', '--json'])
    return jsonLines(stdout) as CloudEvent[]
  }

  /** Uses the engine of the configuration as another program does. */
  async engine<Result>(use: (engine: Engine) => Promise<Result>): Promise<Result> {
    const engine = await connect(`sqlite:${this.path('shop.db')}`)
    try {
      return await use(engine)
    } finally {
      await engine.close()
    }
  }

  /** Does something while a member of the group lives. */
  whileJoined<Result>(group: string, use: () => Promise<Result>): Promise<Result> {
    return this.engine(async (engine) => {
      const subscription = await joinGroup(engine, group)
      try {
        return await use()
      } finally {
        await subscription.close()
      }
    })
  }

  /** Uses a bus on it. */
  bus<Result>(use: (bus: Awaited<ReturnType<typeof openTestBus>>) => Promise<Result>): Promise<Result> {
    return this.engine(async (engine) => use(await openTestBus(engine)))
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function openTestBus(transport: Engine): ReturnType<typeof openBus> {
  return openBus({ transport, catalog, source: '/tests', drainOn: false })
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A member of a group, which has all partitions of `orders` until its subscription is closed. */
export function joinGroup(
  engine: Engine,
  group: string,
  rewind: Rewind = 'allowed',
): ReturnType<Engine['subscribe']> {
  return engine.subscribe({
    group,
    member: 'one',
    topics: ['orders'],
    start: 'start',
    sessionTimeoutMs: 10_000,
    rewind,
    heartbeatEveryMs: 3_000,
    blockedMs: 60_000,
    fetch: { maxRecords: 1, maxBytes: 1 },
  })
}

/** Keeps what is written. */
export class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.emit('written')
    done()
  }
}

export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

/** A CloudEvent of the fixture's catalog, as one line. */
export function created(id: string, attributes: object = {}): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/elsewhere',
    type: 'com.example.orders.created',
    data: { orderId: id, totalCents: 100 },
    ...attributes,
  })
}
