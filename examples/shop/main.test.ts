import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startShop, startShopAsNpm } from './shop-process.ts'
import { freshFolder } from './testing.ts'

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the shop shows what it does, and ends cleanly on %s',
  async (signal) => {
    const shop = startShop(
      '--url',
      `sqlite:${join(freshFolder(), 'shop.db')}`,
      '--port',
      '0',
      '--speed',
      '50',
    )
    await shop.wrote('1s | ')
    shop.kill(signal)
    const { code, stdout, stderr } = await shop.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/orders service {2}http:\/\/127\.0\.0\.1:\d+/)
    expect(stdout).toContain('npx tidings tail orders --url sqlite:/')
    expect(stdout).toMatch(/1s \| \d+ orders .* events .* notifications lag \d+ dead \d+/)
    expect(stdout).toMatch(/analytics: \d+ handled, lag \d+, 0 dead letters/)
  },
)

test('the shop ends cleanly when npm is ended, which tells nobody but its shell', async () => {
  const shop = startShopAsNpm('--url', `sqlite:${join(freshFolder(), 'shop.db')}`, '--port', '0')
  await shop.wrote('1s | ')
  shop.kill('SIGTERM')
  expect((await shop.ended).stdout).toMatch(/analytics: \d+ handled, lag \d+, 0 dead letters/)
})

test('a file with a wrong line is refused before anything is taken', async () => {
  const folder = freshFolder()
  const orders = join(folder, 'orders.ndjson')
  writeFileSync(orders, '{}\n')
  const { code, stdout, stderr } = await startShop('--orders', orders, '--exit', '--json').ended
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('line 1: orderId')
})

test('without --url the log is in a folder that is removed at the end, and it says so', async () => {
  const orders = join(freshFolder(), 'orders.ndjson')
  writeFileSync(orders, '')
  const { code, stderr } = await startShop('--orders', orders, '--exit', '--json', '--port', '0').ended
  expect(code).toBe(0)
  const [, folder = ''] =
    /^The log was in (.*), which is removed now\. --url sqlite:shop\.db keeps it\.\n$/.exec(stderr) ?? []
  expect(folder).toContain('tidings-shop-')
  expect(existsSync(folder)).toBe(false)
})

test('a file of orders that is not there is told in one sentence', async () => {
  const orders = join(freshFolder(), 'typo.ndjson')
  const { code, stderr } = await startShop('--orders', orders, '--exit').ended
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `${orders} cannot be read: there is no such file. Check what --orders names.\n`,
  })
})

test('a call that makes no sense exits with 2 and one sentence', async () => {
  const { code, stdout, stderr } = await startShop('--exit').ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe(
    '--exit needs --orders FILE: generated orders have no end.\nnpm start -- --help lists the options.\n',
  )
})

test('--help says what there is', async () => {
  const { code, stdout } = await startShop('--help').ended
  expect(code).toBe(0)
  expect(stdout).toContain('--orders FILE')
})

test('a server that cannot be had is told in one sentence', async () => {
  const { code, stdout, stderr } = await startShop('--store', 'postgres://ada:secret@127.0.0.1:1/shop').ended
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^engine_unreachable: .* ECONNREFUSED 127\.0\.0\.1:1\. [^\n]*\n$/)
})
