import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { embeddedRegistry, type SchemaDefinition } from 'tidings/schema'
import { sqliteSchemaStore } from 'tidings/sqlite'
import { quantile, rounded, say } from '../harness.ts'
import { getMany } from './http-load.ts'

export interface RegistryBenchOptions {
  readonly folder: string
  /** In the registry before anything is measured: half of them of one schema subject. */
  readonly versions: number
  readonly registrations: number
  readonly lookUps: number
}

const targets = { registerP99Ms: 10, byIdPerSecond: 5_000 }

/** How fast is `tidings registry`, a process of its own on a SQLite file, when there is much in it? */
export async function benchRegistry(options: RegistryBenchOptions): Promise<object> {
  const file = join(options.folder, 'registry.db')
  say(`a registry of ${options.versions} versions`)
  await fill(file, options.versions)
  const server = await start(file)
  try {
    const many = await register(server.url, 'many', options)
    const few = await register(server.url, 'few', options)
    const perSecond = await getMany(
      server.port,
      (at) => `/schemas/ids/${1 + ((at * 7_919) % options.versions)}`,
      {
        connections: 16,
        warmUp: 5_000,
        requests: options.lookUps,
      },
    )
    const p99Ms = Math.max(many.p99Ms, few.p99Ms)
    return {
      versions: options.versions,
      register: {
        ofMany: many,
        ofFew: few,
        target: { p99Ms: targets.registerP99Ms },
        reached: p99Ms <= targets.registerP99Ms,
      },
      byId: {
        perSecond: Math.round(perSecond),
        target: targets.byIdPerSecond,
        reached: perSecond >= targets.byIdPerSecond,
      },
    }
  } finally {
    await server.stop()
  }
}

/** An order of 20 properties, which differs by a description: compatible with all others, and compiled anew. */
function definition(name: string): SchemaDefinition {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`property${at}`, { type: 'string', maxLength: 100 + at }]),
  )
  const schema = { description: name, type: 'object', properties, additionalProperties: false }
  return { schemaType: 'JSON', schema: JSON.stringify(schema) }
}

async function fill(file: string, versions: number): Promise<void> {
  const registry = embeddedRegistry(sqliteSchemaStore(file))
  const half = Math.floor(versions / 2)
  let next = 0
  // Side by side, schema subjects share commits.
  const others = Array.from({ length: 50 }, async (_, lane) => {
    while (next < half) await registry.register(`subject-${lane}`, definition(`other ${next++}`))
  })
  for (let at = half; at < versions; at++) await registry.register('many', definition(`many ${at}`))
  await Promise.all(others)
  await registry.close()
}

/** One after the other, each from the request to its answer. */
async function register(
  url: string,
  subject: string,
  { registrations }: RegistryBenchOptions,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const times: number[] = []
  const warmUp = 200
  for (let at = 0; at < warmUp + registrations; at++) {
    const body = JSON.stringify(definition(`${subject}, ${at} of the measurement`))
    const started = performance.now()
    const response = await fetch(`${url}/subjects/${subject}/versions`, { method: 'POST', body })
    await response.arrayBuffer()
    if (at >= warmUp) times.push(performance.now() - started)
    if (!response.ok) throw new Error(`A registration was answered with ${response.status}.`)
  }
  return { p50Ms: rounded(quantile(times, 0.5)), p99Ms: rounded(quantile(times, 0.99)) }
}

async function start(file: string): Promise<{ url: string; port: number; stop(): Promise<void> }> {
  const cli = join(import.meta.dirname, '../../dist/cli/main.js')
  const argv = [cli, 'registry', '--url', `sqlite:${file}`, '--port', '0']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const url = /http:\S+/.exec(line)?.[0] ?? ''
  return {
    url,
    port: Number(new URL(url).port),
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
