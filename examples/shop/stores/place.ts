import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

/** A log that is not in the file of the orders. */
export interface LogElsewhere {
  readonly url: string
  readonly namespace: string
}

/** Where the shop keeps its things. This folder alone looks into it. */
export type Place = FilePlace | ServerPlace

export interface FilePlace {
  /** The orders; unless `elsewhere` is said, also the log. The other services' files lie beside it. */
  readonly file: string
  readonly elsewhere?: LogElsewhere | undefined
}

export interface ServerPlace {
  /** Of a PostgreSQL database, with a schema for each service. */
  readonly store: string
  readonly elsewhere: LogElsewhere
}

/** The services' data in files, or on a server. @param url of a log that is no file of the orders. */
export function placeOf(data: { readonly file: string } | { readonly store: string }, url: string): Place {
  const name = 'file' in data ? resolve(data.file) : nameOf(data.store)
  // The same data come with the same events.
  const namespace = `shop-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
  return { ...data, elsewhere: { url, namespace } }
}

/** The schema of a service: shop_orders, or with `?schema=market` in the URL market_orders. */
export function schemaOf(store: string, service: string): string {
  return `${new URL(store).searchParams.get('schema') ?? 'shop'}_${service}`
}

/** The data of one service, for the commands of `tidings`: its schema, and sessions that find its own tables in it. */
export function serviceUrl(store: string, service: string): string {
  const url = new URL(store)
  const schema = schemaOf(store, service)
  url.searchParams.set('schema', schema)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return url.href
}

/** Whoever connects, and how, it is the same database. */
function nameOf(store: string): string {
  const { host, pathname } = new URL(store)
  return `postgres://${host}${pathname} ${schemaOf(store, '')}`
}
