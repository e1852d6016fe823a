import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runningOf, startServer, stopServer } from '../test/engines/folder.ts'
import { kafkaServer } from '../test/engines/kafka.ts'
import { motoServer } from '../test/engines/moto.ts'
import { postgresServer } from '../test/engines/postgres.ts'
import { rabbitmqServer } from '../test/engines/rabbitmq.ts'
import type { Server } from '../test/engines/server.ts'
import { requestsPerEvent } from './engines/requests.ts'
import { type Place, runRound } from './engines/round.ts'
import { reportOf } from './engines/report.ts'
import { say } from './harness.ts'
import { forget as forgetSchemas } from './raw/postgres.ts'

interface EngineBench {
  readonly server: Server
  /** A part of the engine for one measurement alone. */
  readonly place: (url: string, name: string) => string
  readonly forget: (places: readonly string[]) => Promise<void>
  /** Whether a group that comes later reads what was published before. */
  readonly keepsAll: boolean
}

const engines: readonly EngineBench[] = [
  {
    server: postgresServer,
    place: (url, name) => `${url}?schema=${name.replaceAll('-', '_')}`,
    forget: forgetSchemas,
    keepsAll: true,
  },
  // Topics stay with the broker, which is ours.
  {
    server: kafkaServer,
    place: (url, name) => `${url}#${name}`,
    forget: async () => undefined,
    keepsAll: true,
  },
  // So do queues; they are empty then.
  {
    server: rabbitmqServer,
    place: (url, name) => `${url}#${name}`,
    forget: async () => undefined,
    keepsAll: false,
  },
]

/** How fast is Tidings on a server, compared with its bare client on the same server, and with how much delay? */
export async function benchEngines({
  rounds,
  only,
}: {
  readonly rounds: number
  /** Names of engines; none for all. */
  readonly only: readonly string[]
}): Promise<object> {
  const cache = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const machine = { node: process.versions.node, cpu: cpus()[0]?.model, cpus: cpus().length }
  const figures: Record<string, object> = {}
  try {
    for (const engine of engines) {
      const { name } = engine.server
      if (only.length === 0 || only.includes(name)) figures[name] = await benchEngine(engine, cache, rounds)
    }
    if (only.length === 0 || only.includes('eventbridge')) figures['eventbridge'] = await benchRequests()
  } finally {
    await rm(cache, { recursive: true })
  }
  return { bench: 'engines', rounds, ...machine, ...figures }
}

/** How fast AWS is, moto cannot say: what each event costs there it can. */
async function benchRequests(): Promise<object> {
  const missing = motoServer.missing()
  if (missing !== undefined) return { missing }
  const isOurs = runningOf(motoServer) === undefined
  const { url, version } = await startServer(motoServer)
  try {
    const requests = await requestsPerEvent(url, 500)
    say(`  requests for each event ${JSON.stringify(requests)}`)
    return { moto: version, requestsPerEvent: requests }
  } finally {
    if (isOurs) await stopServer(motoServer)
  }
}

async function benchEngine(
  { server, place, forget, keepsAll }: EngineBench,
  cache: string,
  rounds: number,
): Promise<object> {
  const missing = server.missing()
  if (missing !== undefined) return { missing }
  const isOurs = runningOf(server) === undefined
  const { url, version } = await startServer(server)
  try {
    const all = []
    for (let round = 1; round <= rounds; round++) {
      say(`${server.name}, round ${round} of ${rounds}`)
      const places: string[] = []
      const placeOf: Place = (name) => {
        const made = place(url, `bench-${process.pid}-${round}-${name}`)
        if (!places.includes(made)) places.push(made)
        return made
      }
      all.push(await runRound(cache, `raw/${server.name}.ts`, keepsAll, placeOf))
      await forget(places)
    }
    return { version, ...reportOf(all) }
  } finally {
    if (isOurs) await stopServer(server)
  }
}
