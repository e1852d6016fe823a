import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import { memorySchemaStore } from '../memory/index.ts'
import { type ListenOptions, listen } from './listen.ts'
import { registryServer } from './registry-server.ts'

const server = registryServer({ store: memorySchemaStore() })

async function refusal(options: ListenOptions): Promise<string> {
  try {
    await (await listen(server, options)).close()
  } catch (error) {
    if (isTidingsError(error)) return error.message
    throw error
  }
  return 'listened'
}

/** What a server sends back for bytes that no client would send. */
function answerTo(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end(text))
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

describe('listen', () => {
  test('listens on this machine alone unless told otherwise', async () => {
    const listening = await listen(server, { port: 0 })
    expect(listening.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${listening.url}/subjects`)).json()).toEqual([])
    await listening.close()
  })

  test.each(['0.0.0.0', '::', '192.168.0.7', 'registry.example.com'])(
    'refuses to listen on %s without a token',
    async (host) => {
      expect(await refusal({ port: 0, host })).toMatch(/^option_invalid: A registry on .* Give it a token/)
    },
  )

  test('listens elsewhere with a token', async () => {
    expect(await refusal({ port: 0, host: '0.0.0.0', token: 'secret' })).toBe('listened')
  })

  test('says so when the port is taken', async () => {
    const first = await listen(server, { port: 0 })
    const port = Number(new URL(first.url).port)
    expect(await refusal({ port })).toMatch(
      /^engine_unreachable: The registry cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.* Choose another port\.$/,
    )
    await first.close()
  })

  test('answers what is no HTTP, and goes on', async () => {
    const listening = await listen(server, { port: 0 })
    expect(await answerTo(listening.url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    const host = 'Host: evil.example.com\r\nConnection: close\r\n\r\n'
    expect(await answerTo(listening.url, `GET /subjects HTTP/1.1\r\n${host}`)).toMatch(/^HTTP\/1\.1 403/)
    const climbing = `GET /subjects/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    expect(await answerTo(listening.url, climbing)).toMatch(/^HTTP\/1\.1 404/)
    expect((await fetch(`${listening.url}/subjects`)).status).toBe(200)
    await listening.close()
  })

  test('finishes what it has begun when it closes', async () => {
    const listening = await listen(server, { port: 0 })
    const answer = fetch(`${listening.url}/subjects`)
    await answer
    await listening.close()
    await expect(fetch(`${listening.url}/subjects`)).rejects.toThrow()
  })
})
