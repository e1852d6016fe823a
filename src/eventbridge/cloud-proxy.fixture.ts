import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { motoUrl } from './moto.fixture.ts'

/** A request on its way to AWS, as `AWSEvents.PutEvents` names it. */
export interface PassingRequest {
  readonly target: string
  readonly body: Buffer
}

/** What is answered instead; undefined to pass it on. */
export type Answer = { readonly status: number; readonly body: object } | undefined

/** A way to moto that can be closed, and that answers by itself what a test wants answered. */
export class CloudProxy implements AsyncDisposable {
  /** By the last part of the target, how many requests were passed on. */
  readonly passed = new Map<string, number>()
  answer: (request: PassingRequest) => Answer = () => undefined
  #server: Server
  #port = 0

  private constructor() {
    this.#server = this.#create()
  }

  static async open(): Promise<CloudProxy> {
    const proxy = new CloudProxy()
    await proxy.accept()
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Connections are taken from now on, on the port there was. */
  async accept(): Promise<void> {
    this.#server = this.#create()
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Connections are refused from now on, and those that are open end. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.refuse()
  }

  #create(): Server {
    return createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch(() => outgoing.destroy())
    })
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part)
    const body = Buffer.concat(parts)
    const target = String(incoming.headers['x-amz-target'] ?? '')
    const answer = this.answer({ target, body })
    if (answer !== undefined) {
      outgoing.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      outgoing.end(JSON.stringify(answer.body))
      return
    }
    const name = target.split('.').at(-1) ?? ''
    this.passed.set(name, (this.passed.get(name) ?? 0) + 1)
    const { hostname, port } = new URL(motoUrl ?? '')
    const { method, url: path, headers } = incoming
    const onward = request({ hostname, port, method, path, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end(body)
  }
}
