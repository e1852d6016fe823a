import { describe, expect, test } from 'vitest'
import { sqliteProjections, sqliteStreams } from '../sqlite/index.ts'
import { openProjections, openStreams } from '../streams/index.ts'
import { jsonLines, Shell } from './cli.fixture.ts'
import { cart, filled, Order, orderStream, plain, skus } from './streams.config.fixture.ts'

const fixture = new URL('streams.config.fixture.ts', import.meta.url).pathname

/** cart-7 with three events of three days, and an order of the same id. */
async function shellWithStreams(): Promise<Shell> {
  const shell = new Shell({ config: `export { default } from '${fixture}'\n` })
  const file = shell.path('orders.db')
  await using streams = openStreams({ store: sqliteStreams(file), source: '/carts' })
  for (const [index, sku] of ['hat', 'coat', 'shoe'].entries())
    await streams.execute(cart, '7', sku, { time: `2018-03-0${index + 1}` })
  await streams.repository(orderStream, Order).update('7', (order) => order.fill('hat'))
  await streams.append(plain, '1', [filled.create({ sku: 'x' })], { expected: 'empty' })
  const store = sqliteProjections(file)
  await openProjections({ streams: streams.store, store, projections: [skus] }).catchUp()
  await store.close()
  return shell
}

describe('tidings streams ls', () => {
  test('lists the streams of the configuration', async () => {
    using shell = await shellWithStreams()
    const { stdout, exitCode } = await shell.run(['streams', 'ls'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      /^STREAM +VERSION +LAST APPENDED\ncart-7 +3 +20\S+Z\ncart-order-7 +1 .*\nplain-1 +1 .*\n$/,
    )
    const one = await shell.run(['streams', 'ls', 'cart', '--json'])
    expect(jsonLines(one.stdout)).toMatchObject([{ stream: 'cart-7', name: 'cart', id: '7', version: 3 }])
  })

  test.each([
    [['streams', 'ls', 'basket'], 4, /stream_missing: The configuration has no streams called "basket"/],
    [['streams', 'show', 'basket-7'], 4, /stream_missing: "basket-7" names no stream. Write its name and id/],
    [['streams', 'show', 'cart-8'], 4, /stream_missing: There is no stream "cart-8"/],
    [['streams', 'show', 'cart-7', '--at', 'soon'], 2, /It is a stream version, or a time/],
    [['streams', 'show', 'cart-7', '--diff', '1'], 2, /two dots between them/],
    [['streams', 'show', 'plain-1', '--state'], 2, /config_invalid: .*names the stream plain alone/],
    [['projections', 'rebuild', 'sku'], 4, /projection_missing: There is no projection "sku"/],
  ])('%j ends with %i', async (argv, code, says) => {
    using shell = await shellWithStreams()
    const { exitCode, stderr } = await shell.run(argv)
    expect(stderr).toMatch(says)
    expect(exitCode).toBe(code)
  })

  test.each(['streams', 'projections'])('%s needs a configuration that names them', async (noun) => {
    using shell = new Shell()
    const { exitCode, stderr } = await shell.run([noun, 'ls'])
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(`config_missing: The configuration names no ${noun}`),
    ])
  })

  test('creates nothing where there is nothing', async () => {
    using shell = new Shell({ config: `export { default } from '${fixture}'\n` })
    const { exitCode, stderr } = await shell.run(['streams', 'ls'])
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('file_missing')])
  })
})

describe('tidings streams show', () => {
  test('shows the events, all or up to a version or a time', async () => {
    using shell = await shellWithStreams()
    const { stdout } = await shell.run(['streams', 'show', 'cart-7'])
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^VERSION +TIME +TYPE +DATA$/),
      expect.stringMatching(/^ +1 +2018-03-01T00:00:00.000Z +cart.filled v1 +{"sku":"hat"}$/),
    ])
    const count = async (...at: string[]) =>
      jsonLines((await shell.run(['streams', 'show', 'cart-7', '--json', ...at])).stdout).length
    expect(await Promise.all([count(), count('--at', '2'), count('--at', '2018-03-01T12:00:00Z')])).toEqual([
      3, 2, 1,
    ])
    const before = await shell.run(['streams', 'show', 'cart-7', '--at', '2017-01-01'])
    expect([before.stdout, before.stderr]).toEqual(['', 'It had no events then.\n'])
  })

  test('shows the state of a decider and of an aggregate', async () => {
    using shell = await shellWithStreams()
    const then = await shell.run(['streams', 'show', 'cart-7', '--state', '--at', '2018-03-02'])
    expect(then.stderr).toBe('At version 2:\n')
    expect(JSON.parse(then.stdout)).toEqual({ skus: ['hat', 'coat'] })
    const now = await shell.run(['streams', 'show', 'cart-order-7', '--state', '--json'])
    expect(jsonLines(now.stdout)).toEqual([{ version: 1, state: { count: 1 } }])
  })

  test('shows what changed between two points in time', async () => {
    using shell = await shellWithStreams()
    const { stdout } = await shell.run(['streams', 'show', 'cart-7', '--diff', '1..2018-03-02'])
    expect(stdout).toMatch(/^PATH +FROM +TO\n\/skus\/1 +- +"coat"\n$/)
    const json = await shell.run(['streams', 'show', 'cart-7', '--diff', '3..1', '--json'])
    expect(jsonLines(json.stdout)).toMatchObject([
      { from: { version: 3 }, to: { version: 1 }, changes: [{ path: '/skus/1' }, { path: '/skus/2' }] },
    ])
    const equal = await shell.run(['streams', 'show', 'cart-7', '--diff', '2..2'])
    expect(equal.stderr).toContain('The states are equal.')
  })
})

describe('tidings projections', () => {
  test('lists builds with how far they are behind, and makes one anew', async () => {
    using shell = await shellWithStreams()
    const { stdout } = await shell.run(['projections', 'ls'])
    expect(stdout).toMatch(/^PROJECTION +BUILD +STATE +TABLE +BEHIND\nskus +1 +live +skus_1 +0\n$/)
    const rebuilt = await shell.run(['projections', 'rebuild', 'skus', '--anew', '--json'])
    expect(jsonLines(rebuilt.stdout)).toEqual([{ projection: 'skus', build: 2, applied: 3 }])
    expect(rebuilt.stderr).toBe('skus: build 2 of 3 events is live.\n')
    const after = await shell.run(['projections', 'ls', '--json'])
    expect(jsonLines(after.stdout)).toEqual([
      { projection: 'skus', build: 2, state: 'live', table: 'skus_2', behind: 0 },
    ])
  })

  test('shows its progress to whoever watches', async () => {
    using shell = await shellWithStreams()
    const { stderr } = await shell.run(['projections', 'rebuild', 'skus'], { columns: 80 })
    expect(stderr).toContain(`[${'#'.repeat(30)}] 3 of 3 events`)
  })
})
