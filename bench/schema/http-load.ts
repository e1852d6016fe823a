import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly connections: number
  readonly warmUp: number
  readonly requests: number
}

/**
 * Requests a second, each connection asking again as soon as it is answered. It speaks HTTP by hand: the clients of
 * Node take more time than the server, and on two cores that would be measured.
 */
export async function getMany(
  port: number,
  path: (at: number) => string,
  { connections, warmUp, requests }: LoadOptions,
): Promise<number> {
  await ask(port, path, connections, warmUp)
  const started = performance.now()
  await ask(port, path, connections, requests)
  return requests / ((performance.now() - started) / 1_000)
}

async function ask(
  port: number,
  path: (at: number) => string,
  connections: number,
  requests: number,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = new Connection(port)
      while (next < requests) await connection.get(path(next++))
      connection.close()
    }),
  )
}

/** One request at a time. */
class Connection {
  readonly #socket: Socket
  #answer = ''
  #answered: () => void = () => undefined
  #failed: (error: Error) => void = () => undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#take(text))
    this.#socket.on('error', (error) => this.#failed(error))
  }

  get(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    })
  }

  close(): void {
    this.#socket.end()
  }

  #take(text: string): void {
    this.#answer += text
    const end = this.#answer.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/content-length: (\d+)/i.exec(this.#answer)?.[1])
    if (!this.#answer.startsWith('HTTP/1.1 200') || Number.isNaN(length)) {
      this.#failed(new Error(`Not an answer that was expected: ${this.#answer.slice(0, 200)}`))
      return
    }
    if (this.#answer.length < end + 4 + length) return
    this.#answer = ''
    this.#answered()
  }
}
