/**
 * The yardstick of the SQLite log: what bare `node:sqlite` does with the same table, the same durability and
 * nothing above it. Offsets, keys and checksums are computed before the clock starts; opening and closing the
 * file (closing checkpoints it) are outside the clock too.
 */
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'

const partitions = 8
const keys = 10_000
const readPageRows = 512
/** A record's id is `partition * offsetsPerPartition + offset`: the primary key is the only index. */
const offsetsPerPartition = 2 ** 40

type Row = [id: number, body: string, checksum: number]

/** Writes `bodies` to a new file at `path`, one transaction per `batch` rows; returns elapsed milliseconds. */
export function rawWrite(path: string, bodies: readonly string[], batch: number): number {
  using database = open(path)
  database.exec(`create table record (
    id integer primary key, appended_at integer not null, body text not null, checksum integer not null
  ) strict`)
  const begin = database.prepare('begin immediate')
  const insert = database.prepare('insert into record values (?, ?, ?, ?)')
  const commit = database.prepare('commit')
  const batches = chunk(place(bodies), batch)

  const startedMs = performance.now()
  for (const rows of batches) {
    const appendedAt = Date.now()
    begin.run()
    for (const [id, body, checksum] of rows) insert.run(id, appendedAt, body, checksum)
    commit.run()
  }
  return performance.now() - startedMs
}

/** Reads and parses every record of the file at `path`, partition by partition; returns elapsed milliseconds. */
export function rawRead(path: string): number {
  using database = open(path)
  const select = database.prepare(
    `select id, appended_at, body, checksum from record where id >= ? and id < ? order by id limit ${readPageRows}`,
  )
  select.setReturnArrays(true)

  const startedMs = performance.now()
  for (let partition = 0; partition < partitions; partition++) {
    const end = (partition + 1) * offsetsPerPartition
    let next = partition * offsetsPerPartition
    while (next < end) {
      // node:sqlite types rows as objects even when it returns arrays.
      const page = select.all(next, end) as unknown as [number, number, string, number][]
      for (const [, , body] of page) JSON.parse(body)
      const last = page.at(-1)
      next = last === undefined || page.length < readPageRows ? end : last[0] + 1
    }
  }
  return performance.now() - startedMs
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  return database
}

/** Gives each body its id and checksum, its partition being the hash of one of 10,000 keys taken in turn. */
function place(bodies: readonly string[]): Row[] {
  const ends = Array.from({ length: partitions }, () => 0)
  return bodies.map((body, index) => {
    const partition = hash(index % keys) % partitions
    const offset = ends[partition] ?? 0
    ends[partition] = offset + 1
    return [partition * offsetsPerPartition + offset, body, crc32(body)]
  })
}

/** The finalizer of MurmurHash3: neighbouring keys land in unrelated partitions. */
function hash(key: number): number {
  const mixed = Math.imul(key ^ (key >>> 16), 0x85ebca6b)
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (again ^ (again >>> 16)) >>> 0
}

function chunk<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
