import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openShop } from './shop.ts'
import { freshFolder } from './testing.ts'

async function isListening(url: string): Promise<boolean> {
  return fetch(`${url}/orders/42`).then(
    () => true,
    () => false,
  )
}

test('a shop whose services cannot join their groups closes what it has opened', async () => {
  const file = join(freshFolder(), 'shop.db')
  const first = await openShop({ place: { file }, port: 0 })
  await first.close()
  const database = new DatabaseSync(file)
  database.exec("CREATE TRIGGER no BEFORE UPDATE ON tidings_group BEGIN SELECT raise(ABORT, 'no'); END")
  database.close()
  const port = Number(new URL(first.ordersUrl).port)

  await expect(openShop({ place: { file }, port })).rejects.toThrow()
  expect(await isListening(first.ordersUrl)).toBe(false)
})

test('a shop whose files cannot be opened closes the log', async () => {
  const folder = freshFolder()
  const file = join(folder, 'shop.db')
  mkdirSync(join(folder, 'shop.inventory.db'))
  await expect(openShop({ place: { file }, port: 0 })).rejects.toThrow('unable to open database file')
})
