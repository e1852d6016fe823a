import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafka } from '../../src/kafka/index.ts'
import { freePort, runAs, startAs, startOf, unprivilegedUser, untilReady } from './processes.ts'
import type { Running, Server } from './server.ts'

const version = '4.2.2'
/** Shared by all checkouts: it takes 100 MB, and is the same everywhere. */
const jars = join(tmpdir(), `tidings-kafka-${version}`)
const leastJava = 17

/** An Apache Kafka of one node in KRaft mode, run by an unprivileged user; its jars come by Maven. */
export const kafkaServer: Server = {
  name: 'kafka',
  testsIn: ['kafka'],
  stopSignal: 'SIGTERM',
  missing() {
    if (javaVersion() < leastJava) return `There is no Java ${leastJava} or newer.${hint}`
    if (existsSync(jars) || spawnSync('mvn', ['--version']).status === 0) return undefined
    return `There is no Maven to fetch Kafka's jars with.${hint}`
  },
  install() {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    execFileSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', 'default-jre-headless', 'maven', 'kcat'],
      {
        stdio: 'inherit',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      },
    )
  },
  start: (folder) => startBroker(folder),
}

const hint = " `npm run engines -- start kafka --install` puts Debian's there."

export interface BrokerOptions {
  /** By default a free one; a broker that is started again wants the one it had. */
  readonly port?: number
  /** Beside the plain one. */
  readonly listeners?: readonly Listener[]
  /** Lines of `server.properties` beside those that one node needs. */
  readonly settings?: readonly string[]
}

export interface Listener {
  readonly name: string
  readonly protocol: 'SASL_PLAINTEXT' | 'SSL' | 'SASL_SSL'
  readonly port: number
}

/** Starts a broker with its data and log in a folder; what is there of an earlier start is used again. */
export async function startBroker(
  folder: string,
  { port: wanted, listeners = [], settings = [] }: BrokerOptions = {},
): Promise<Running> {
  if (!existsSync(jars)) fetchJars()
  const user = unprivilegedUser()
  const port = wanted ?? (await freePort())
  const properties = join(folder, 'server.properties')
  writeFileSync(
    properties,
    [...nodeSettings(folder, port, await freePort(), listeners), ...settings, ''].join('\n'),
  )
  if (!existsSync(join(folder, 'data'))) {
    for (const path of [folder, join(folder, 'data')]) mkdirSync(path, { recursive: true })
    if (user !== undefined)
      for (const path of [folder, join(folder, 'data')]) chownSync(path, user.uid, user.gid)
    const id = randomBytes(16).toString('base64url')
    // As one word: an id may begin with a dash.
    runAs(user, 'java', [
      ...classPath,
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${id}`,
      '-c',
      properties,
    ])
  }
  const pid = startAs(
    user,
    'java',
    ['-Xmx512m', '-XX:+UseSerialGC', ...classPath, 'kafka.Kafka', properties],
    join(folder, 'log'),
  )
  const url = `kafka://127.0.0.1:${port}`
  const answers = async (): Promise<void> => (await kafka(url)).close()
  await untilReady(answers, { patienceMs: 60_000, alive: () => startOf(pid) !== undefined })
  return { url, pid, version }
}

const classPath = ['-cp', join(jars, '*')]

function nodeSettings(
  folder: string,
  port: number,
  controllerPort: number,
  more: readonly Listener[],
): readonly string[] {
  const named = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', port }, ...more]
  const addresses = named.map((each) => `${each.name}://127.0.0.1:${each.port}`).join(',')
  const protocols = named.map((each) => `${each.name}:${each.protocol}`).join(',')
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=${addresses},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=${addresses}`,
    'inter.broker.listener.name=PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${protocols}`,
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    // So that a takeover does not take long.
    'group.min.session.timeout.ms=1000',
    'group.coordinator.rebalance.protocols=classic,consumer',
  ]
}

function javaVersion(): number {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}

function fetchJars(): void {
  const folder = mkdtempSync(`${jars}-`)
  chmodSync(folder, 0o755)
  const pom = join(folder, 'pom.xml')
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tidings</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.26.1</version></dependency>
</dependencies></project>
`,
  )
  execFileSync('mvn', [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ])
  if (!existsSync(jars)) renameSync(folder, jars)
}
