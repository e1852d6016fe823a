import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const main = join(import.meta.dirname, '../src/cli/main.ts')

interface Server {
  readonly url: string
  readonly child: ChildProcess
}

interface Answer {
  readonly status: number
  readonly body: { readonly id: number; readonly version: number; readonly message: string }
}

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-registry-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) await killed(child)
  rmSync(folder, { recursive: true })
})

/** `tidings registry` as a process, on the file that all of them share. */
async function start(): Promise<Server> {
  const argv = [main, 'registry', '--url', `sqlite:${join(folder, 'registry.db')}`, '--port', '0']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, url: /http:\S+/.exec(line)?.[0] ?? '' }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function register({ url }: Server, subject: string, properties: object): Promise<Answer> {
  const schema = JSON.stringify({ type: 'object', properties, additionalProperties: false })
  const body = JSON.stringify({ schemaType: 'JSON', schema })
  const response = await fetch(`${url}/subjects/${subject}/versions`, { method: 'POST', body })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function get({ url }: Server, path: string): Promise<unknown> {
  return (await fetch(`${url}${path}`)).json()
}

describe('Two registry servers on one file', () => {
  test('give one id to the same content, and one version to one of two that conflict', async () => {
    const [a, b] = await Promise.all([start(), start()])
    const ids: number[] = []
    for (let round = 0; round < 10; round++) {
      const subject = `subject-${round}`
      const own = { [`p${round}`]: { type: 'string' } }
      const same = await Promise.all([register(a, subject, own), register(b, subject, own)])
      expect(same.map(({ status, body }) => [status, body.version])).toEqual([
        [200, 1],
        [200, 1],
      ])
      expect(same[0].body.id).toBe(same[1].body.id)
      const conflicting = await Promise.all([
        register(a, subject, { ...own, extra: { type: 'number' } }),
        register(b, subject, { ...own, extra: { type: 'string' } }),
      ])
      expect(conflicting.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 409])
      const loser = conflicting.find(({ status }) => status === 409)
      expect(loser?.body.message).toMatch(/cannot follow version 2 of .* \/properties\/extra\/type/)
      expect(await get(a, `/subjects/${subject}/versions`)).toEqual([1, 2])
      const winner = conflicting.find(({ status }) => status === 200)
      ids.push(same[0].body.id, winner?.body.id ?? 0)
    }
    expect(new Set(ids).size).toBe(20)
  })

  test('see at once what the other has registered', async () => {
    const [a, b] = await Promise.all([start(), start()])
    const { body } = await register(a, 'orders', { orderId: {} })
    expect(await get(b, `/schemas/ids/${body.id}`)).toHaveProperty('schema')
    expect(await get(b, '/subjects')).toEqual(['orders'])
  })
})

describe('A registry server that is killed with -9 while it registers', () => {
  test('has kept everything that it answered for, and nothing by half, in two lives', async () => {
    const acked: { readonly id: number; readonly version: number; readonly subject: string }[] = []
    for (let life = 0; life < 2; life++) {
      const server = await start()
      // What a killed process had not answered may be there or not, so nothing is compared with it.
      await fetch(`${server.url}/config`, { method: 'PUT', body: '{"compatibility":"NONE"}' })
      const registering = Array.from({ length: 8 }, async (_, lane) => {
        const subject = `subject-${lane}`
        for (let at = 0; ; at++) {
          const { body } = await register(server, subject, { [`p${life}-${at}`]: {} })
          acked.push({ ...body, subject })
        }
      })
      const ended = Promise.allSettled(registering)
      const before = acked.length
      while (acked.length < before + 30 + life * 11) await new Promise((resolve) => setImmediate(resolve))
      await killed(server.child)
      await ended
    }
    const server = await start()
    for (const { subject, version, id } of acked) {
      expect(await get(server, `/subjects/${subject}/versions/${version}`)).toMatchObject({ id, version })
    }
    const subjects = (await get(server, '/subjects')) as string[]
    for (const subject of subjects) {
      const versions = (await get(server, `/subjects/${subject}/versions`)) as number[]
      expect(versions).toEqual(versions.map((_, at) => at + 1))
      for (const version of versions) {
        const { id, schema } = (await get(server, `/subjects/${subject}/versions/${version}`)) as {
          id: number
          schema: string
        }
        expect(await get(server, `/schemas/ids/${id}`)).toEqual({ schemaType: 'JSON', schema })
      }
    }
  })
})
