import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startAs, startOf, untilReady } from './processes.ts'
import type { Running, Server } from './server.ts'

const version = '5.2.5'
/** Shared by all checkouts: it takes 300 MB, and is the same everywhere. */
const environment = join(tmpdir(), `tidings-moto-${version}`)

/** EventBridge, SQS and Glue as moto imitates them: in memory, on loopback; from PyPI in a virtual environment of its own. */
export const motoServer: Server = {
  name: 'moto',
  testsIn: ['eventbridge', 'glue'],
  stopSignal: 'SIGTERM',
  missing() {
    const { status } = spawnSync('python3', ['-c', 'import ensurepip, venv'])
    if (status === 0) return undefined
    return "There is no Python 3 with venv. `npm run engines -- start moto --install` puts Debian's there."
  },
  install() {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3-venv'], {
      stdio: 'inherit',
      env,
    })
  },
  start: (folder) => startMoto(folder),
}

/** moto makes a parser for the same eight paths with each event that a rule delivers, which is most of what that takes. */
const program = `
import functools, jsonpath_ng.ext, runpy
jsonpath_ng.ext.parse = functools.lru_cache(jsonpath_ng.ext.parse)
runpy.run_module('moto.server', run_name='__main__')`

/** Starts a server with its log in a folder. What it is told is gone with it. It runs as whoever's Python it is. */
export async function startMoto(
  folder: string,
  { port: wanted }: { readonly port?: number } = {},
): Promise<Running> {
  if (!existsSync(environment)) installMoto()
  const port = wanted ?? (await freePort())
  const pid = startAs(
    undefined,
    join(environment, 'bin', 'python'),
    ['-c', program, '-H', '127.0.0.1', '-p', String(port)],
    join(folder, 'log'),
    { PATH: process.env['PATH'], HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1' },
  )
  const url = `http://127.0.0.1:${port}`
  await untilReady(() => answers(url), { patienceMs: 60_000, alive: () => startOf(pid) !== undefined })
  return { url, pid, version }
}

async function answers(url: string): Promise<void> {
  const { ok, status } = await fetch(`${url}/moto-api/data.json`)
  if (!ok) throw new Error(`moto answers ${status}.`)
}

/** Under another name until it is complete; an environment may be moved as long as it is its `python` that is started. */
function installMoto(): void {
  const unfinished = mkdtempSync(`${environment}-`)
  const python = join(unfinished, 'bin', 'python')
  const options = ['--quiet', '--disable-pip-version-check', '--no-input']
  execFileSync('python3', ['-m', 'venv', unfinished], { stdio: 'inherit' })
  execFileSync(python, ['-m', 'pip', 'install', ...options, `moto[server]==${version}`], { stdio: 'inherit' })
  if (!existsSync(environment)) renameSync(unfinished, environment)
}
