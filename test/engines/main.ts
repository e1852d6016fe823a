/** `npm run engines -- start | stop | status [name…]`: real servers for tests, on loopback. */
import { parseArgs } from 'node:util'
import { runningOf, startServer, stopServer } from './folder.ts'
import type { Server } from './server.ts'
import { serversNamed } from './servers.ts'

const usage = `Usage: npm run engines -- start | stop | status [name…] [--json] [--install]
  start    starts what can be had, and prints the URLs
  stop     ends what this folder has started, by its pid
  status   says what runs
  --install  start: installs what is missing with apt-get, as root
  --json     one line of JSON`

/** What a command says of one server. */
interface Said {
  readonly engine: string
  readonly url?: string
  readonly version?: string
  readonly pid?: number
  readonly missing?: string
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, install: { type: 'boolean', default: false } },
  })
  const [command = '', ...names] = positionals
  const commands: Readonly<Record<string, (server: Server) => Promise<Said>>> = {
    start: (server) => start(server, values.install),
    stop: async (server) => ({
      engine: server.name,
      missing: (await stopServer(server)) ? 'Stopped.' : 'It did not run.',
    }),
    status: async (server) => said(server),
  }
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (run === undefined) {
    console.error(usage)
    process.exitCode = 2
    return
  }
  const all: Said[] = []
  for (const server of serversNamed(names)) all.push(await run(server))
  if (values.json) console.log(JSON.stringify(all))
  else for (const each of all) console.log(textOf(each))
  if (command === 'start' && names.length > 0 && all.some(({ url }) => url === undefined))
    process.exitCode = 1
}

async function start(server: Server, install: boolean): Promise<Said> {
  if (install && server.missing() !== undefined) server.install()
  const missing = server.missing()
  if (missing !== undefined) return { engine: server.name, missing }
  return { engine: server.name, ...(await startServer(server)) }
}

function said(server: Server): Said {
  const running = runningOf(server)
  return running
    ? { engine: server.name, ...running }
    : { engine: server.name, missing: server.missing() ?? 'It does not run.' }
}

function textOf({ engine, url, version, missing }: Said): string {
  return url === undefined ? `${engine}: ${missing}` : `${engine} ${version}: ${url}`
}

await main()
