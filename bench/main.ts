/** `npm run bench -- sqlite`: answers one question and prints one line of JSON; words go to stderr. */
import { parseArgs } from 'node:util'
import { benchEngines } from './engines.ts'
import { benchGroups } from './groups.ts'
import { say } from './harness.ts'
import { benchOutbox } from './outbox.ts'
import { benchSchema } from './schema.ts'
import { benchSqlite } from './sqlite.ts'
import { benchStreams } from './streams.ts'
import { benchTracing } from './tracing.ts'

const benches = {
  engines: benchEngines,
  groups: benchGroups,
  outbox: benchOutbox,
  schema: benchSchema,
  sqlite: benchSqlite,
  streams: benchStreams,
  tracing: benchTracing,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    records: { type: 'string', default: '3000000' },
  },
})
const [name = '', ...only] = positionals
if (Object.hasOwn(benches, name)) {
  const options = { only, rounds: Number(values.rounds), records: Number(values.records) }
  const result = await benches[name as keyof typeof benches](options)
  process.stdout.write(`${JSON.stringify(result)}\n`)
} else {
  say(
    `Usage: npm run bench -- ${Object.keys(benches).join(' | ')} [engine …] [--rounds 5] [--records 3000000]`,
  )
  process.exitCode = 2
}
