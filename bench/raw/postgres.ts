/**
 * The yardsticks of the PostgreSQL engine: bare `pg` with the same events, checked and written as JSON, into a table of the
 * same definition, one `INSERT … SELECT unnest` a batch; read, parsed and checked in pages of the same size, with a commit
 * of the place as often.
 */
import { randomUUID } from 'node:crypto'
import { Ajv } from 'ajv'
import pg from 'pg'
import { migrate } from 'tidings/postgres'
import { quantile } from '../harness.ts'
import { paced } from '../paced.ts'
import type { Latency } from '../sqlite/end-to-end.ts'
import type { Rate } from '../sqlite/publish.ts'
import { order } from '../sqlite/shop.ts'

export interface RawPostgresOptions {
  /** With a schema of its own. */
  readonly url: string
  readonly warmUp: number
  readonly events: number
}

const together = 256
const pageRows = 64
const commitEveryMs = 20
const slots = 8

const check = new Ajv().compile({
  type: 'object',
  properties: {
    orderId: { type: 'string', minLength: 1 },
    number: { type: 'integer' },
    totalCents: { type: 'integer', minimum: 0 },
  },
  required: ['orderId', 'number', 'totalCents'],
  additionalProperties: false,
})

function bodyOf(number: number): string {
  const data = order(number)
  if (!check(data)) throw new Error('It is not valid.')
  const time = new Date().toISOString()
  return JSON.stringify({
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: 'order.placed',
    subject: data.orderId,
    time,
    datacontenttype: 'application/json',
    dataschema: 'tidings:schemas/order.placed/1',
    data,
  })
}

async function open(url: string): Promise<{ readonly client: pg.Client; readonly schema: string }> {
  const { schema } = await migrate(url)
  const parts = new URL(url)
  parts.searchParams.delete('schema')
  const client = new pg.Client({ connectionString: parts.href })
  await client.connect()
  return { client, schema }
}

/** Batches of 256, one after the other. */
export async function rawPublish({ url, warmUp, events }: RawPostgresOptions): Promise<Rate> {
  const { client, schema } = await open(url)
  const insert = `INSERT INTO ${schema}.record (slot, segment, record_offset, appended_at, checksum, body)
    SELECT r.slot, 1, r.record_offset, $4, 0, r.body FROM unnest($1::integer[], $2::bigint[], $3::text[]) r (slot, record_offset, body)`
  const publish = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += together) {
      const numbers = Array.from({ length: together }, (_, index) => first + index)
      await client.query(insert, [
        numbers.map((number) => number % slots),
        numbers.map((number) => Math.floor(number / slots)),
        numbers.map(bodyOf),
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
export async function rawConsume({ url }: RawPostgresOptions): Promise<Rate> {
  const { client, schema } = await open(url)
  const select = `SELECT record_offset, appended_at, checksum, body FROM ${schema}.record
    WHERE slot = $1 AND record_offset >= $2 ORDER BY record_offset LIMIT ${pageRows}`
  const commit = `INSERT INTO ${schema}.consumer_commit (group_name, topic, partition, generation, next_offset)
    VALUES ('raw', 'orders', $1, 1, $2) ON CONFLICT (group_name, topic, partition) DO UPDATE SET next_offset = excluded.next_offset`
  let handled = 0
  let committedMs = performance.now()
  const startedMs = performance.now()
  for (let slot = 0; slot < slots; slot++) {
    for (let next = 0; ; ) {
      const { rows } = await client.query<{ readonly body: string }>(select, [slot, next])
      for (const { body } of rows) if (!check(JSON.parse(body).data)) throw new Error('It is not valid.')
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

/** One event at a time: inserted and notified in one statement, read by whoever listens on another connection. */
export async function rawEndToEnd({
  url,
  perSecond,
  warmUpMs,
  elapsedMs,
}: {
  readonly url: string
  readonly perSecond: number
  readonly warmUpMs: number
  readonly elapsedMs: number
}): Promise<Latency> {
  const { client, schema } = await open(url)
  const listener = (await open(url)).client
  const total = Math.floor(((warmUpMs + elapsedMs) / 1_000) * perSecond)
  const publishedMs = new Float64Array(total)
  const handledMs = new Float64Array(total)
  const done = Promise.withResolvers<void>()
  let next = 0
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    const select = `SELECT body FROM ${schema}.record WHERE slot = 0 AND record_offset >= $1 ORDER BY record_offset LIMIT ${pageRows}`
    const { rows } = await listener.query<{ readonly body: string }>(select, [next])
    for (const { body } of rows) handledMs[JSON.parse(body).data.number] = performance.now()
    next += rows.length
    if (next === total) done.resolve()
  }
  listener.on('notification', () => {
    reading = (reading ?? Promise.resolve()).then(read)
  })
  await listener.query(`LISTEN ${schema}`)
  const insert = `WITH added AS (
      INSERT INTO ${schema}.record (slot, segment, record_offset, appended_at, checksum, body) VALUES (0, 1, $1, $2, 0, $3)
    ) SELECT pg_notify($4, '')`
  const startedMs = await paced(perSecond, total, async (number) => {
    publishedMs[number] = performance.now()
    await client.query(insert, [number, Date.now(), bodyOf(number), schema])
  })
  await done.promise
  const first = Math.floor((warmUpMs / 1_000) * perSecond)
  const everyMs = 1_000 / perSecond
  const measured = (from: (number: number) => number): number[] =>
    Array.from(handledMs, (ms, number) => ms - from(number)).slice(first)
  const fromCall = measured((number) => publishedMs[number] ?? 0)
  const fromDue = measured((number) => startedMs + (number + 1) * everyMs)
  await client.end()
  await listener.end()
  return {
    p50Ms: quantile(fromCall, 0.5),
    p99Ms: quantile(fromCall, 0.99),
    p99FromDueMs: quantile(fromDue, 0.99),
  }
}
