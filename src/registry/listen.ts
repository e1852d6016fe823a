import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { TidingsError } from '../kernel/index.ts'
import { isLoopback } from './guard.ts'
import type { RegistryServer } from './registry-server.ts'

export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** Default 127.0.0.1, which only programs of this machine reach. */
  readonly host?: string | undefined
  /** The token of the server: without one it listens on this machine alone. */
  readonly token?: string | undefined
}

export interface Listening {
  readonly url: string
  /** Answers what has begun, and no more. */
  close(): Promise<void>
}

/** @throws `option_invalid` for a host that others reach without a token · `engine_unreachable` when the port is taken. */
export async function listen(
  server: RegistryServer,
  { port, host = '127.0.0.1', token }: ListenOptions,
): Promise<Listening> {
  if (token === undefined && !isLoopback(host)) {
    throw new TidingsError(
      'option_invalid',
      `A registry on ${host} could be changed by everybody who reaches this machine. Give it a token, or leave the host at 127.0.0.1.`,
    )
  }
  const http = createAdaptorServer({
    fetch: server.fetch,
    overrideGlobalObjects: false,
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000 },
  }) as Server
  await opened(http, port, host)
  const address = http.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close: () => closed(http) }
}

function opened(http: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause) =>
      reject(
        new TidingsError(
          'engine_unreachable',
          `The registry cannot listen on ${host}:${port}: ${cause.message}. Is another program there? Choose another port.`,
          { cause },
        ),
      ),
    )
    http.listen(port, host, resolve)
  })
}

function closed(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve())
    http.closeIdleConnections()
  })
}
