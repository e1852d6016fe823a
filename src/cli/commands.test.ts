import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { commandCases } from './commands.fixture.ts'

describe('Commands on SQLite', () => {
  commandCases(
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tidings-commands-'))
      return {
        url: `sqlite:${join(folder, 'shop.db')}`,
        namespace: 'test',
        [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
    { delay: true, tables: true },
  )
})
