import { execFileSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alterUserScramCredentialsV0, ConnectionPool, ScramMechanisms } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../test/engines/processes.ts'
import { describeOnBroker, OwnBroker } from './broker.fixture.ts'
import { type Ground, ground, publish } from './group.fixture.ts'
import { type KafkaOptions, kafka } from './kafka.ts'

const password = 'a:b@c/d?'

describeOnBroker('A broker that wants credentials or TLS', () => {
  let broker: OwnBroker
  let folder: string
  let saslPort: number
  let tlsPort: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidings-kafka-tls-'))
    chmodSync(folder, 0o755)
    const pem = certificate(folder)
    saslPort = await freePort()
    tlsPort = await freePort()
    broker = await OwnBroker.start({
      listeners: [
        { name: 'SASL', protocol: 'SASL_PLAINTEXT', port: saslPort },
        { name: 'TLS', protocol: 'SSL', port: tlsPort },
      ],
      settings: [
        'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        login('plain', `plain.PlainLoginModule required user_alice="${password}"`),
        login('scram-sha-256', 'scram.ScramLoginModule required'),
        login('scram-sha-512', 'scram.ScramLoginModule required'),
        login(
          'oauthbearer',
          'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"',
        ),
        'listener.name.tls.ssl.keystore.type=PEM',
        `listener.name.tls.ssl.keystore.location=${pem}`,
      ],
    })
    await setScramPassword(broker.url)
  }, 90_000)
  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const sasl = (mechanism: string, name = 'alice', secret = password): string =>
    `kafka://${name}:${encodeURIComponent(secret)}@127.0.0.1:${saslPort}?mechanism=${mechanism}`

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'takes a name and password by %s',
    async (mechanism) => {
      expect(await written(sasl(mechanism))).toBe(1)
    },
  )

  test('takes a token by OAUTHBEARER, which a function may fetch', async () => {
    expect(
      await written(`kafka://127.0.0.1:${saslPort}`, {
        sasl: { mechanism: 'OAUTHBEARER', token: unsecuredToken },
      }),
    ).toBe(1)
  })

  test.each(['PLAIN', 'SCRAM-SHA-256'])('says that a password is wrong, at once (%s)', async (mechanism) => {
    const startedMs = performance.now()
    const opening = kafka(sasl(mechanism, 'alice', 'wrong'))
    await expect(opening).rejects.toThrow(/^access_denied: Kafka at 127\.0\.0\.1:\d+ refuses the credentials/)
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    await expect(opening).rejects.not.toThrow(/wrong/)
  })

  test('is talked to by TLS, with the authority that is given', async () => {
    const ca = readFileSync(join(folder, 'cert.pem'))
    expect(await written(`kafka://127.0.0.1:${tlsPort}`, { tls: { ca } })).toBe(1)
  })

  test('is not trusted with an authority that nobody knows', { timeout: 30_000 }, async () => {
    await expect(kafka(`kafka://127.0.0.1:${tlsPort}?tls=true`)).rejects.toThrow(/self-signed certificate/)
  })
})

/** How many records there are when one was written. */
async function written(url: string, options: KafkaOptions = {}): Promise<number> {
  await using on: Ground = await ground({ url, partitions: 1, ...options })
  await publish(on, ['a'], 1)
  return (await on.engine.admin.read(on.topic, 0, 0, { maxRecords: 9, maxBytes: 1_000_000 })).length
}

function login(mechanism: string, module: string): string {
  return `listener.name.sasl.${mechanism}.sasl.jaas.config=org.apache.kafka.common.security.${module};`
}

/** A key and a certificate for this machine, in one file as Kafka wants it. */
function certificate(folder: string): string {
  const path = (name: string): string => join(folder, name)
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const files = ['-keyout', path('key.pem'), '-out', path('cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], {
    stdio: 'ignore',
  })
  const both = Buffer.concat([readFileSync(path('key.pem')), readFileSync(path('cert.pem'))])
  writeFileSync(path('both.pem'), both, { mode: 0o644 })
  return path('both.pem')
}

async function setScramPassword(url: string): Promise<void> {
  const pool = new ConnectionPool('test')
  const connection = await pool.get({ host: '127.0.0.1', port: Number(new URL(url).port) })
  const salt = randomBytes(16)
  const iterations = 4096
  const credentials = [
    { mechanism: ScramMechanisms.SCRAM_SHA_256, digest: 'sha256', bytes: 32 },
    { mechanism: ScramMechanisms.SCRAM_SHA_512, digest: 'sha512', bytes: 64 },
  ]
  for (const { mechanism, digest, bytes } of credentials) {
    const saltedPassword = pbkdf2Sync(password, salt, iterations, bytes, digest)
    const credential = { name: 'alice', mechanism, iterations, salt, saltedPassword }
    await alterUserScramCredentialsV0.api.async(connection, [], [credential])
  }
  await pool.close()
}

function tokenPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function unsecuredToken(): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000)
  return `${tokenPart({ alg: 'none' })}.${tokenPart({ sub: 'alice', iat: nowS, exp: nowS + 3_600 })}.`
}
