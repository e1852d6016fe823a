import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort, runAs, startAs, startOf, unprivilegedUser, untilReady } from './processes.ts'
import type { Running, Server } from './server.ts'

const name = 'tidings'

/** A PostgreSQL with a cluster of its own, run by an unprivileged user, with fsync on. */
export const postgresServer: Server = {
  name: 'postgres',
  testsIn: ['postgres'],
  stopSignal: 'SIGINT',
  missing: () =>
    programs() === undefined
      ? "PostgreSQL's server programs are not in /usr/lib/postgresql/*/bin; `npm run engines -- start postgres --install` puts Debian's there."
      : undefined,
  install() {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'postgresql', 'pgbouncer'], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  },
  start,
}

/** The newest version's folder of programs. */
export function programs(): string | undefined {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb')
  return found.toSorted((a, b) => versionOf(b) - versionOf(a))[0]?.replace(/\/initdb$/, '')
}

/** 15 of /usr/lib/postgresql/15/bin/initdb. */
function versionOf(path: string): number {
  return Number(path.split('/')[4])
}

async function start(folder: string): Promise<Running> {
  const { url, ...running } = await startCluster(folder)
  return { ...running, url: url(name) }
}

/** A server on the cluster of a folder, which is made where there is none. @param settings as `fsync=off`. */
export async function startCluster(
  folder: string,
  { port, settings = [] }: { readonly port?: number; readonly settings?: readonly string[] } = {},
): Promise<Omit<Running, 'url'> & { readonly port: number; readonly url: (database?: string) => string }> {
  const bin = programs()
  if (bin === undefined) throw new Error(postgresServer.missing())
  const data = join(folder, 'data')
  if (!existsSync(join(data, 'PG_VERSION'))) createCluster(bin, folder, data)
  const chosen = port ?? (await freePort())
  const all = [
    `port=${chosen}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...settings,
  ]
  const args = ['-D', data, ...all.flatMap((setting) => ['-c', setting])]
  const pid = startAs(unprivilegedUser(), join(bin, 'postgres'), args, join(folder, 'log'))
  const alive = (): boolean => startOf(pid) !== undefined
  const url = (database = name): string => `postgres://${name}:${name}@127.0.0.1:${chosen}/${database}`
  try {
    const version = await untilReady(() => prepare(url('postgres')), { patienceMs: 30_000, alive })
    return { port: chosen, url, pid, version }
  } catch (error) {
    if (alive()) process.kill(pid, 'SIGQUIT')
    throw error
  }
}

function createCluster(bin: string, folder: string, data: string): void {
  const user = unprivilegedUser()
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { mode: 0o700 })
  const password = join(folder, 'password')
  writeFileSync(password, name)
  if (user !== undefined) for (const path of [data, password]) chownSync(path, user.uid, user.gid)
  const auth = ['--auth-host=scram-sha-256', '--auth-local=reject', `--pwfile=${password}`]
  runAs(user, join(bin, 'initdb'), ['-D', data, '-U', name, '-E', 'UTF8', '--locale=C.UTF-8', ...auth])
}

/** Creates the database where there is none; returns the server's version. */
async function prepare(url: string): Promise<string> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rows.length === 0) await client.query(`CREATE DATABASE ${name}`)
    const shown = await client.query('SHOW server_version')
    return String(shown.rows[0].server_version).split(' ')[0] ?? ''
  } finally {
    await client.end()
  }
}
