import { existsSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBus } from '../../src/index.ts'
import { postgres, postgresInbox, postgresOutbox, postgresStreams } from '../../src/postgres/index.ts'
import { ownSchema, serverUrl } from '../../src/postgres/server.fixture.ts'
import { freePort, startAs, startOf, unprivilegedUser, untilReady } from '../engines/processes.ts'
import { catalog, changed } from './gap-catalog.ts'

const program = '/usr/sbin/pgbouncer'
const missing =
  serverUrl === undefined
    ? 'there is no PostgreSQL here: npm run test:engines starts one'
    : existsSync(program)
      ? undefined
      : `${program} is not installed`
const name = 'PostgreSQL behind a pooler in transaction mode'

/** A pooler in transaction mode in front of the server. Its URL, and its pid. */
async function startPooler(folder: string): Promise<{ readonly url: string; readonly pid: number }> {
  const server = new URL(serverUrl ?? '')
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(join(folder, 'users'), `"${server.username}" "${server.password}"\n`)
  writeFileSync(
    file,
    `[databases]
tidings = host=127.0.0.1 port=${server.port} dbname=tidings user=${server.username} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = 4
`,
  )
  for (const path of [folder, file, join(folder, 'users')]) chmodSync(path, 0o755)
  chmodSync(folder, 0o777)
  const pid = startAs(unprivilegedUser(), program, [file], join(folder, 'log'))
  const reached = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve()
      })
      socket.on('error', reject)
    })
  await untilReady(reached, { patienceMs: 10_000, alive: () => startOf(pid) !== undefined })
  return { url: Object.assign(new URL(server), { port: String(port) }).href, pid }
}

/** What the process is warned of while the test runs. */
function warnings(): readonly string[] {
  const heard: string[] = []
  const listen = (warning: Error): void => void heard.push(warning.message)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return heard
}

describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-pooler-'))
  let pooler: Awaited<ReturnType<typeof startPooler>>
  beforeAll(async () => {
    pooler = await startPooler(folder)
  })
  afterAll(() => {
    if (pooler !== undefined) process.kill(pooler.pid, 'SIGINT')
    rmSync(folder, { recursive: true, force: true })
  })

  test('delivers what another process publishes, by looking, and says so once', async () => {
    await using own = ownSchema()
    const said = warnings()
    const url = `${pooler.url}?schema=${own.schema}`
    const publisher = await openBus({ transport: await postgres(url), source: '/pooler', catalog })
    const consumer = await openBus({ transport: await postgres(url), source: '/pooler', catalog })
    const seen = Promise.withResolvers<number>()
    const group = consumer.group('seen', { start: 'start', inbox: postgresInbox(url) })
    group.on(changed, ({ event }) => seen.resolve(event.data.version))
    const running = group.run()
    await publisher.publish(changed, { key: 'a', version: 7 })
    expect(await seen.promise).toBe(7)
    const saidOf = () => said.filter((each) => each.includes('behind a pooler')).length
    await expect.poll(saidOf, { timeout: 10_000 }).toBe(1)
    await consumer.close()
    await running
    await publisher.close()
  })

  test('has one relay at a time, by its lease alone, and streams in order', async () => {
    await using own = ownSchema()
    const url = `${pooler.url}?schema=${own.schema}`
    const [one, two] = [postgresOutbox(url), postgresOutbox(url)]
    const first = await one.lead('one', 60_000)
    expect(first?.relay).toBe('one')
    expect(await two.lead('two', 60_000)).toBeUndefined()
    await own.pool.query(`UPDATE ${own.schema}.relay SET lease_until = 0`)
    expect(await two.lead('two', 60_000)).toEqual({ relay: 'two', term: (first?.term ?? 0) + 1 })
    await one.close()
    await two.close()

    const streams = postgresStreams(url)
    const ids = Array.from({ length: 20 }, (_, number) => String(number))
    await Promise.all(
      ids.map((id) =>
        streams.append({ name: 'order', id }, [{ id, type: 'happened', timeMs: 0, body: '{}' }], {
          expected: 'empty',
        }),
      ),
    )
    expect(await streams.countAll({ after: undefined })).toBe(20)
    await streams.close()
  })
})
