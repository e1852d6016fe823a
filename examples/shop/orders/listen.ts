import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { ShopError } from '../errors.ts'

export interface Listening {
  /** Such as http://127.0.0.1:8080 */
  readonly url: string
  /** Requests at work are answered first. */
  close(): Promise<void>
}

const usualPort = 8080

/** Serves on loopback. @param port by default the usual one, or any other where that is taken. */
export async function listen(api: Hono, port?: number): Promise<Listening> {
  if (port !== undefined) return listenOn(api, port)
  return listenOn(api, usualPort).catch(() => listenOn(api, 0))
}

async function listenOn(api: Hono, port: number): Promise<Listening> {
  const hostname = '127.0.0.1'
  const server = serve({ fetch: api.fetch, hostname, port })
  const address = await new Promise<AddressInfo>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ShopError(
          `Port ${port} of ${hostname} cannot be used: ${cause.message}. Name another with --port.`,
          { cause },
        ),
      ),
    )
    server.once('listening', () => resolve(server.address() as AddressInfo))
  })
  return { url: `http://${hostname}:${address.port}`, close: () => closed(server) }
}

function closed(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}
