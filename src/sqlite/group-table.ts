import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../kernel/index.ts'
import {
  emptyGroup,
  type GroupState,
  type LoadedGroup,
  type LogStore,
  partitionName,
  type StoredCommit,
  vacated,
} from '../log/index.ts'
import { rows } from './topic-table.ts'

type CommitRow = readonly [
  topic: string,
  partition: number,
  generation: number,
  offset: number,
  state: string,
]

/** A partition that was granted but never committed. */
const neverCommitted = -1

/** Groups: who is in them, and how far they are. */
export class GroupTable {
  readonly #boot: string
  readonly #clock: Clock
  readonly #names: StatementSync
  readonly #load: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #grant: StatementSync
  readonly #commits: StatementSync
  readonly #commit: StatementSync
  readonly #move: StatementSync
  readonly #forget: StatementSync
  readonly #forgetCommits: StatementSync

  constructor(database: DatabaseSync, boot: string, clock: Clock) {
    this.#boot = boot
    this.#clock = clock
    this.#names = rows(database, 'SELECT name FROM tidings_group ORDER BY name')
    this.#load = rows(database, 'SELECT revision, boot, state FROM tidings_group WHERE name = ?')
    this.#insert = database.prepare(
      'INSERT INTO tidings_group (name, revision, boot, state) VALUES (?, 1, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#update = database.prepare(
      'UPDATE tidings_group SET revision = revision + 1, boot = ?, state = ? WHERE name = ? AND revision = ?',
    )
    this.#grant = database.prepare(
      `INSERT INTO tidings_commit (group_name, topic, partition, generation, offset, state) VALUES (?, ?, ?, ?, ${neverCommitted}, '')
       ON CONFLICT DO UPDATE SET generation = excluded.generation`,
    )
    this.#commits = rows(
      database,
      'SELECT topic, partition, generation, offset, state FROM tidings_commit WHERE group_name = ? ORDER BY topic, partition',
    )
    this.#commit = database.prepare(
      'UPDATE tidings_commit SET offset = ?, state = ? WHERE group_name = ? AND topic = ? AND partition = ? AND generation = ?',
    )
    this.#move = database.prepare(
      `INSERT INTO tidings_commit (group_name, topic, partition, generation, offset, state) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET generation = excluded.generation, offset = excluded.offset, state = excluded.state`,
    )
    this.#forget = database.prepare('DELETE FROM tidings_group WHERE name = ? AND revision = ?')
    this.#forgetCommits = database.prepare('DELETE FROM tidings_commit WHERE group_name = ?')
  }

  names(): string[] {
    return (this.#names.all() as unknown as [string][]).map(([name]) => name)
  }

  load(group: string): LoadedGroup {
    const leaseNowMs = this.#clock.monotonic()
    const row = this.#load.get(group) as unknown as
      | [revision: number, boot: string, state: string]
      | undefined
    if (row === undefined) return { state: emptyGroup, revision: 0, leaseNowMs }
    const stored = JSON.parse(row[2]) as GroupState
    // The lease clock began anew with the machine: everyone who was in the group then is gone.
    const state = row[1] === this.#boot ? stored : { ...stored, members: {}, held: {} }
    return { state, revision: row[0], leaseNowMs }
  }

  save(
    group: string,
    state: GroupState,
    revision: number,
    granted: Parameters<LogStore['saveGroup']>[3],
  ): boolean {
    const text = JSON.stringify(state)
    const saved =
      revision === 0
        ? this.#insert.run(group, this.#boot, text)
        : this.#update.run(this.#boot, text, group, revision)
    if (saved.changes === 0) return false
    for (const { topic, partition, generation } of granted)
      this.#grant.run(group, topic, partition, generation)
    return true
  }

  commits(group: string): StoredCommit[] {
    return (this.#commits.all(group) as unknown as CommitRow[])
      .filter(([, , , offset]) => offset !== neverCommitted)
      .map(([topic, partition, generation, offset, state]) => ({
        topic,
        partition,
        generation,
        offset,
        state,
      }))
  }

  commit(group: string, { topic, partition, generation, offset, state }: StoredCommit): boolean {
    return this.#commit.run(offset, state, group, topic, partition, generation).changes === 1
  }

  moveCommits(
    group: string,
    commits: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    { again }: { readonly again: boolean },
  ): boolean {
    const names = again ? commits.map(({ topic, partition }) => partitionName(topic, partition)) : []
    const moved = vacated(this.load(group).state, names)
    if (!this.save(group, moved, revision, [])) return false
    for (const { topic, partition, offset, state } of commits)
      this.#move.run(group, topic, partition, moved.generation, offset, state)
    return true
  }

  forget(group: string, revision: number): boolean {
    if (this.#forget.run(group, revision).changes === 0) return false
    this.#forgetCommits.run(group)
    return true
  }
}
