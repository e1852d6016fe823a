import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface Answered {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, text as it is; without it the connection is cut. */
  readonly body?: unknown
}

/** An HTTP server of this test, which notes what it was asked and answers as it is told. */
export class HttpServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly #server: Server

  private constructor(answer: (asked: Asked, count: number) => Answered | undefined) {
    this.#server = createServer((request, response) => void this.#serve(request, response, answer))
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    answer: (asked: Asked, count: number) => Answered | undefined,
  ): Promise<void> {
    const { method = '', url: path = '', headers } = request
    const body = await text(request)
    const asked = { method, path, headers, body: body === '' ? undefined : (JSON.parse(body) as unknown) }
    this.asked.push(asked)
    const answered = answer(asked, this.asked.length)
    // Without an answer the client waits.
    if (answered === undefined) return
    const { status = 200, headers: sent = {}, body: said } = answered
    if (said === undefined) response.destroy()
    else response.writeHead(status, sent).end(typeof said === 'string' ? said : JSON.stringify(said))
  }

  static async start(answer: (asked: Asked, count: number) => Answered | undefined): Promise<HttpServer> {
    const started = new HttpServer(answer)
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve))
    return started
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get paths(): readonly string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
