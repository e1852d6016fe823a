/**
 * The yardsticks of the PostgreSQL engine: bare `pg` with the same events into a table of the same definition, one
 * `INSERT … SELECT unnest` a batch; read in pages of the same size, with a commit of the place as often.
 */
import { crc32 } from 'node:zlib'
import pg from 'pg'
import { decodeJson, encodeJson } from 'tidings/event'
import { migrate } from 'tidings/postgres'
import { latencies } from '../engines/latencies.ts'
import {
  commitEveryMs,
  eventOf,
  numberOf,
  partitions,
  type RawOptions,
  type RawPace,
  together,
} from '../engines/yardstick.ts'
import type { Latency } from '../sqlite/end-to-end.ts'
import type { Rate } from '../sqlite/publish.ts'

const pageRows = 64

async function open(url: string): Promise<{ readonly client: pg.Client; readonly schema: string }> {
  const { schema } = await migrate(url)
  const parts = new URL(url)
  parts.searchParams.delete('schema')
  const client = new pg.Client({ connectionString: parts.href })
  await client.connect()
  return { client, schema }
}

/** Batches of 256, one after the other. */
export async function rawPublish({ place, warmUp, events, bare }: RawOptions): Promise<Rate> {
  const { client, schema } = await open(place)
  const insert = `INSERT INTO ${schema}.record (slot, segment, record_offset, appended_at, checksum, body)
    SELECT r.slot, 1, r.record_offset, $5, r.checksum, r.body
    FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[]) r (slot, record_offset, checksum, body)`
  const ready = Array.from({ length: together }, (_, number) => encodeJson(eventOf(number)))
  const publish = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += together) {
      const numbers = Array.from({ length: together }, (_, index) => first + index)
      const bodies = bare ? ready : numbers.map((number) => encodeJson(eventOf(number)))
      await client.query(insert, [
        numbers.map((number) => number % partitions),
        numbers.map((number) => Math.floor(number / partitions)),
        bodies.map((body) => (bare ? 0 : crc32(body))),
        bodies,
        Date.now(),
      ])
    }
  }
  await publish(0, warmUp)
  const startedMs = performance.now()
  await publish(warmUp, warmUp + events)
  const perSecond = (events / (performance.now() - startedMs)) * 1_000
  await client.end()
  return { perSecond }
}

/** All that `rawPublish` has written, partition by partition. */
export async function rawConsume({ place, bare }: RawOptions): Promise<Rate> {
  const { client, schema } = await open(place)
  const select = `SELECT record_offset, appended_at, checksum, body FROM ${schema}.record
    WHERE slot = $1 AND record_offset >= $2 ORDER BY record_offset LIMIT ${pageRows}`
  const commit = `INSERT INTO ${schema}.consumer_commit (group_name, topic, partition, generation, next_offset)
    VALUES ('raw', 'orders', $1, 1, $2) ON CONFLICT (group_name, topic, partition) DO UPDATE SET next_offset = excluded.next_offset`
  let handled = 0
  let committedMs = performance.now()
  const startedMs = performance.now()
  for (let slot = 0; slot < partitions; slot++) {
    for (let next = 0; ; ) {
      const { rows } = await client.query<{ readonly body: string }>(select, [slot, next])
      if (!bare) for (const { body } of rows) numberOf(decodeJson(body))
      handled += rows.length
      next += rows.length
      if (performance.now() - committedMs > commitEveryMs) {
        await client.query(commit, [slot, next])
        committedMs = performance.now()
      }
      if (rows.length < pageRows) break
    }
  }
  const perSecond = (handled / (performance.now() - startedMs)) * 1_000
  await client.end()
  return { perSecond }
}

/** One event at a time: inserted, notified after the commit, read by whoever listens on another connection. */
export async function rawEndToEnd(pace: RawPace): Promise<Latency> {
  const { client, schema } = await open(pace.place)
  const { client: listener } = await open(pace.place)
  const insert = `INSERT INTO ${schema}.record (slot, segment, record_offset, appended_at, checksum, body) VALUES (0, 1, $1, $2, $3, $4)`
  const select = `SELECT body FROM ${schema}.record WHERE slot = 0 AND record_offset >= $1 ORDER BY record_offset LIMIT ${pageRows}`
  let reading = Promise.resolve()
  const latency = await latencies(pace, async (handled) => {
    let next = 0
    const read = async (): Promise<void> => {
      const { rows } = await listener.query<{ readonly body: string }>(select, [next])
      for (const { body } of rows) handled(numberOf(decodeJson(body)))
      next += rows.length
    }
    listener.on('notification', () => {
      reading = reading.then(read)
    })
    await listener.query(`LISTEN ${schema}`)
    return async (number) => {
      const body = encodeJson(eventOf(number))
      await client.query(insert, [number, Date.now(), crc32(body), body])
      await client.query(`NOTIFY ${schema}`)
    }
  })
  listener.removeAllListeners('notification')
  await reading
  await client.end()
  await listener.end()
  return latency
}

/** Forgets places, with all that is in them. */
export async function forget(places: readonly string[]): Promise<void> {
  for (const place of places) {
    const { client, schema } = await open(place)
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  }
}
