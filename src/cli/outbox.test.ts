import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { OutboxRecord } from '../outbox/index.ts'
import { sqliteOutbox } from '../sqlite/index.ts'
import { created, jsonLines, Shell } from './cli.fixture.ts'

const fixture = new URL('tidings.config.fixture.ts', import.meta.url).pathname
const config = `import config from '${fixture}'
export default { ...config, outboxes: { orders: 'sqlite:orders.db', billing: 'sqlite:billing.db' } }
`

const record = (id: string, rest: Partial<OutboxRecord> = {}): OutboxRecord => ({
  topic: 'orders',
  partition: 0,
  body: created(id),
  notBefore: undefined,
  ...rest,
})

async function add(shell: Shell, name: string, ...records: readonly OutboxRecord[]): Promise<void> {
  const database = new DatabaseSync(shell.path(`${name}.db`))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const store = sqliteOutbox(database)
  database.exec('BEGIN IMMEDIATE')
  store.add(database, records)
  database.exec('COMMIT')
  await store.close()
  database.close()
}

/** Two services with an outbox each, on an engine with the topics of the catalog. */
async function shellWithOutboxes(): Promise<Shell> {
  const shell = new Shell({ config })
  await shell.bus(async () => undefined)
  await add(shell, 'orders', record('1'), record('2'))
  await add(shell, 'billing')
  return shell
}

test('the status of every outbox of the configuration is shown', async () => {
  using shell = await shellWithOutboxes()
  const { exitCode, stdout } = await shell.run(['outbox', 'status'])
  expect(exitCode).toBe(0)
  expect(stdout.replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
    'OUTBOX PENDING OLDEST REFUSED',
    expect.stringMatching(/^orders 2 \d+ m?s 0$/),
    'billing 0 - 0',
  ])
})

test('one outbox can be asked for, by name or by its database, as JSON', async () => {
  using shell = await shellWithOutboxes()
  const named = await shell.run(['outbox', 'status', 'orders', '--json'])
  expect(jsonLines(named.stdout)).toEqual([
    { outbox: 'orders', pending: 2, oldestAgeMs: expect.any(Number) as number, refused: 0 },
  ])
  const stored = await shell.run(['outbox', 'status', '--store', 'sqlite:billing.db', '--json'])
  expect(jsonLines(stored.stdout)).toMatchObject([{ outbox: 'sqlite:billing.db', pending: 0 }])
})

test('the exit code says when more is pending, or for longer, than is allowed', async () => {
  using shell = await shellWithOutboxes()
  const over = await shell.run(['outbox', 'status', '--fail-over', '1'])
  expect(over).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/orders \(2 events, /) as string })
  expect((await shell.run(['outbox', 'status', '--fail-over', '2', '--fail-age', '1h'])).exitCode).toBe(0)
  expect((await shell.run(['outbox', 'status', '--fail-age', '0ms'])).exitCode).toBe(3)
})

test('flush publishes what is pending, and nothing twice', async () => {
  using shell = await shellWithOutboxes()
  expect(await shell.run(['outbox', 'flush'])).toMatchObject({
    exitCode: 0,
    stderr: 'orders: 2 events published.\nbilling: 0 events published.\n',
  })
  expect((await shell.events()).map(({ id }) => id)).toEqual(['1', '2'])
  const again = await shell.run(['outbox', 'flush', 'orders', '--json'])
  expect(jsonLines(again.stdout)).toEqual([
    { outbox: 'orders', published: 0, restored: 0, refused: 0, pending: 0 },
  ])
})

test('what the engine refuses is listed with its reason, and published once it is restored and taken', async () => {
  using shell = await shellWithOutboxes()
  await add(shell, 'billing', record('3', { topic: 'invoices' }), record('4'))
  const flushed = await shell.run(['outbox', 'flush', 'billing'])
  expect(flushed).toMatchObject({ exitCode: 3, stderr: 'billing: 1 event published, 1 refused.\n' })
  const { stdout } = await shell.run(['outbox', 'status', 'billing', '--refused'])
  expect(stdout).toMatch(/^billing 1 {2}invoices\/0 {2}(topic|partition)_missing: /m)
  await shell.engine(({ admin }) =>
    admin.createTopic({ name: 'invoices', partitions: 1, retention: { ageMs: undefined, bytes: undefined } }),
  )
  const restored = await shell.run(['outbox', 'flush', 'billing', '--restore'])
  expect(restored).toMatchObject({ exitCode: 0, stderr: 'billing: 1 event published, 1 restored.\n' })
  expect((await shell.events('invoices')).map(({ id }) => id)).toEqual(['3'])
})

test.each([
  [['status', 'shipping'], 2, /config_missing: .* no outbox "shipping"\. It has orders and billing/],
  [['status', '--store', 'sqlite:missing.db'], 4, /file_missing: /],
  [['status', '--store', 'sqlite:shop.db'], 6, /file_not_ours: .* without an outbox/],
  [['status', '--store', 'redis:x'], 2, /url_invalid: "redis:x" names no outbox/],
  [['status', '--store', 'kafka:x'], 6, /capability_missing: kafka lacks outbox/],
  [['flush', '--store', 'sqlite:orders.db', '--url', 'sqlite:missing.db'], 4, /file_missing: /],
])('outbox %j is refused, and creates nothing', async (argv, exitCode, stderr) => {
  using shell = await shellWithOutboxes()
  const ended = await shell.run(['outbox', ...argv])
  expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(stderr) as string })
})

test('a configuration without outboxes says how to name one, and one with others than URLs is refused', async () => {
  using shell = new Shell()
  expect(await shell.run(['outbox', 'status'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/config_missing: No outbox is named: give --store/) as string,
  })
  shell.write('other.config.ts', `export default { url: 'sqlite:shop.db', outboxes: { orders: 1 } }`)
  expect(await shell.run(['outbox', 'status', '--config', 'other.config.ts'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/config_invalid: .* outboxes that are not URLs by name/) as string,
  })
})
