import { execFileSync } from 'node:child_process'
import { chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { freePort, startAs, startOf, unprivilegedUser, untilReady } from './processes.ts'
import type { Running, Server } from './server.ts'

/** The package's own script; the one in /usr/sbin switches to the package's user. */
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** A RabbitMQ node of its own, run by an unprivileged user, with streams and the management API, all on loopback. */
export const rabbitmqServer: Server = {
  name: 'rabbitmq',
  testsIn: ['rabbitmq'],
  stopSignal: 'SIGTERM',
  missing: () =>
    globSync(program).length === 0
      ? `RabbitMQ's server is not at ${program}; \`npm run engines -- start rabbitmq --install\` puts Debian's there.`
      : undefined,
  install() {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'rabbitmq-server'], {
      stdio: 'inherit',
      env,
    })
  },
  start: (folder) => startNode(folder),
}

/** The node with a port mapper of its own, which ends with it: one that Erlang starts would outlive it. */
const script = `
epmd -address "$ERL_EPMD_ADDRESS" -port "$ERL_EPMD_PORT" & epmd=$!
(while kill -0 $$; do sleep 0.2; done; kill $epmd) 2>/dev/null &
exec ${program}`

export interface NodeOptions {
  /** By default free ones; a node that is started again wants those it had. */
  readonly ports?: NodePorts | undefined
}

export interface NodePorts {
  readonly amqp: number
  readonly management: number
}

/** What runs, and where its management API is. */
export interface RunningNode extends Running {
  readonly managementUrl: string
  readonly ports: NodePorts
}

/** Starts a node with its data and log in a folder; what is there of an earlier start is used again. */
export async function startNode(folder: string, { ports: wanted }: NodeOptions = {}): Promise<RunningNode> {
  const ports = wanted ?? { amqp: await freePort(), management: await freePort() }
  const user = unprivilegedUser()
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const config = join(folder, 'rabbitmq.conf')
  const plugins = join(folder, 'enabled_plugins')
  writeFileSync(config, (await nodeSettings(ports)).join('\n'))
  writeFileSync(plugins, '[rabbitmq_stream,rabbitmq_management].\n')
  if (user !== undefined)
    for (const path of [folder, home, config, plugins]) chownSync(path, user.uid, user.gid)
  const pid = startAs(user, 'sh', ['-c', script], join(folder, 'log'), {
    PATH: process.env['PATH'],
    HOME: home,
    // Data is found again under the node's name, so it is that of the folder and not of the start.
    RABBITMQ_NODENAME: 'tidings@localhost',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_DIST_PORT: String(await freePort()),
    // Then the script becomes the node, so that the pid is the node's own.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(await freePort()),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2',
  })
  const url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`
  const version = await untilReady(() => versionOf(url), {
    patienceMs: 60_000,
    alive: () => startOf(pid) !== undefined,
  })
  return { url, pid, version, ports, managementUrl: `http://guest:guest@127.0.0.1:${ports.management}` }
}

async function nodeSettings({ amqp, management }: NodePorts): Promise<readonly string[]> {
  return [
    `listeners.tcp.1 = 127.0.0.1:${amqp}`,
    `stream.listeners.tcp.1 = 127.0.0.1:${await freePort()}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${management}`,
    // What is free on a shared machine is not this node's business.
    'disk_free_limit.absolute = 50MB',
    'loopback_users.guest = true',
    '',
  ]
}

async function versionOf(url: string): Promise<string> {
  const connection = await connect(url)
  connection.on('error', () => undefined)
  try {
    return connection.connection.serverProperties.version
  } finally {
    await connection.close()
  }
}
