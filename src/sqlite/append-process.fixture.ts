/** A process that appends to a file and prints each body once it is durable: `node … FILE NAME COUNT`. */
import { systemClock } from '../kernel/index.ts'
import { openStoreOn } from './sqlite.fixture.ts'

const [file = '', name = '', count = '0'] = process.argv.slice(2)
const { store } = openStoreOn(file, systemClock)

for (let number = 0; number < Number(count); number++) {
  const body = `${name}-${number}`
  await store.append([{ topic: 'orders', partition: number % 2, body, notBefore: undefined }], {
    tx: undefined,
  })
  process.stdout.write(`${body}\n`)
}
