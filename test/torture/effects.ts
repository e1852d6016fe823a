import type { DatabaseSync } from 'node:sqlite'
import type { InboxClaim, InboxStore } from '../../src/inbox/index.ts'
import type { SqliteTransact } from '../../src/sqlite/index.ts'
import type { Effect } from './checker.ts'
import { type Handling, nowUs } from './history.ts'

/** Where a handler's effect is: the event, and the record it came in. */
export type Place = Handling & { readonly partition: number; readonly offset: number }

/** @param inside called in the transaction, when its writes are done and its commit is not. */
export type EffectTransact = (place: Place, inside: () => void) => Promise<void>

/** Without a unique key: an effect that happened twice must be there twice. */
export function createEffects(database: DatabaseSync): void {
  database.exec(`CREATE TABLE IF NOT EXISTS effect (
    position INTEGER PRIMARY KEY, "group" TEXT, key TEXT, number INTEGER, partition INTEGER, "offset" INTEGER, generation INTEGER, at_us INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS effect_place ON effect ("group", partition, "offset")`)
}

/** Writes effects through an inbox, each with the generation that claims to be the owner. */
export function effectInbox(inbox: InboxStore<SqliteTransact>): InboxStore<EffectTransact> {
  return {
    handled: (group, runNumber, keys) => inbox.handled(group, runNumber, keys),
    transaction: (claim) => (place, inside) =>
      inbox.transaction(claim)((tx) => {
        insertEffect(tx, claim, place)
        inside()
      }),
    record: (claim) => inbox.record(claim),
    prune: (group, before) => inbox.prune(group, before),
    close: () => inbox.close(),
  }
}

function insertEffect(tx: DatabaseSync, { fence }: InboxClaim, place: Place): void {
  const { group, key, number, partition, offset } = place
  tx.prepare(
    'INSERT INTO effect ("group", key, number, partition, "offset", generation, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(group, key, number, partition, offset, fence.generation, nowUs())
}

export function readEffects(database: DatabaseSync): readonly Effect[] {
  const rows = database
    .prepare(
      'SELECT "group", key, number, partition, generation, at_us AS atUs FROM effect ORDER BY position',
    )
    .all()
  return rows as unknown as readonly Effect[]
}

/** Offsets of a partition, from one on, that have an effect. */
export function effectOffsets(
  database: DatabaseSync,
  group: string,
  partition: number,
  from: number,
): Set<number> {
  const rows = database
    .prepare('SELECT "offset" FROM effect WHERE "group" = ? AND partition = ? AND "offset" >= ?')
    .all(group, partition, from)
  return new Set(rows.map((row) => Number(row['offset'])))
}
