import { systemClock } from '../kernel/index.ts'
import {
  emptyGroup,
  type GroupState,
  type LoadedGroup,
  type LogStore,
  partitionName,
  type StoredCommit,
  vacated,
} from '../log/index.ts'
import type { Database } from './database.ts'
import { only, type Row, time } from './sql.ts'

type Grants = Parameters<LogStore['saveGroup']>[3]

/** Groups: who is in them, and how far they are. Changes of one are made one after the other. */
export class GroupTable {
  readonly #database: Database
  readonly #last = new Map<string, Promise<void>>()

  constructor(database: Database) {
    this.#database = database
  }

  async names(): Promise<readonly string[]> {
    const { schema } = this.#database
    const rows = await this.#database.query(`SELECT name FROM ${schema}.consumer_group ORDER BY name`)
    return rows.map((row) => String(row['name']))
  }

  async load(group: string): Promise<LoadedGroup> {
    const { schema, clock } = this.#database
    const row = only(
      await this.#database.query(
        `SELECT ${time('$2')} AS now, g.revision, g.state
         FROM (SELECT 1) one LEFT JOIN ${schema}.consumer_group g ON g.name = $1`,
        [group, clock === systemClock ? null : Math.floor(clock.monotonic())],
      ),
    )
    const leaseNowMs = clock === systemClock ? Number(row['now']) : clock.monotonic()
    if (row['revision'] === null) return { state: emptyGroup, revision: 0, leaseNowMs }
    return { state: JSON.parse(String(row['state'])), revision: Number(row['revision']), leaseNowMs }
  }

  save(group: string, state: GroupState, revision: number, granted: Grants): Promise<boolean> {
    return this.#inTurn(group, () => this.#save(group, state, revision, granted))
  }

  moveCommits(
    group: string,
    commits: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    { again }: { readonly again: boolean },
  ): Promise<boolean> {
    return this.#inTurn(group, async () => {
      const loaded = await this.load(group)
      if (loaded.revision !== revision) return false
      const names = again ? commits.map(({ topic, partition }) => partitionName(topic, partition)) : []
      const moved = vacated(loaded.state, names)
      const { generation } = moved
      return this.#save(
        group,
        moved,
        revision,
        commits.map((each) => ({ ...each, generation })),
      )
    })
  }

  forget(group: string, revision: number): Promise<boolean> {
    const { schema } = this.#database
    return this.#inTurn(group, async () => {
      const row = only(
        await this.#database.query(
          `WITH gone AS (
             DELETE FROM ${schema}.consumer_group WHERE name = $1 AND revision = $2 RETURNING 1
           ), commits AS (
             DELETE FROM ${schema}.consumer_commit WHERE group_name = $1 AND EXISTS (SELECT FROM gone)
           ) SELECT EXISTS (SELECT FROM gone) AS done`,
          [group, revision],
        ),
      )
      return row['done'] === true
    })
  }

  async commits(group: string): Promise<readonly StoredCommit[]> {
    const rows = await this.#database.query(
      `SELECT topic, partition, generation, next_offset, state FROM ${this.#database.schema}.consumer_commit
       WHERE group_name = $1 AND next_offset IS NOT NULL ORDER BY topic, partition`,
      [group],
    )
    return rows.map(commitOf)
  }

  async commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]> {
    const rows = await this.#database.query(
      `UPDATE ${this.#database.schema}.consumer_commit c SET next_offset = n.next_offset, state = n.state
       FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[])
         n (topic, partition, generation, next_offset, state)
       WHERE c.group_name = $1 AND c.topic = n.topic AND c.partition = n.partition AND c.generation = n.generation
       RETURNING c.topic, c.partition`,
      [group, ...columnsOf(commits), ...placesOf(commits)],
    )
    const saved = new Set(rows.map((row) => partitionName(String(row['topic']), Number(row['partition']))))
    return commits.map(({ topic, partition }) => saved.has(partitionName(topic, partition)))
  }

  /** With the state, the generations that may commit, and for a move the places. */
  async #save(
    group: string,
    state: GroupState,
    revision: number,
    granted: readonly (Grants[number] & Partial<StoredCommit>)[],
  ): Promise<boolean> {
    const { schema } = this.#database
    const saved =
      revision === 0
        ? `INSERT INTO ${schema}.consumer_group (name, revision, state)
           SELECT $1, 1, $3 WHERE $2::bigint = 0 ON CONFLICT DO NOTHING RETURNING 1`
        : `UPDATE ${schema}.consumer_group SET revision = revision + 1, state = $3
           WHERE name = $1 AND revision = $2 RETURNING 1`
    const row = only(
      await this.#database.query(
        `WITH saved AS (${saved}), granted AS (
           INSERT INTO ${schema}.consumer_commit AS c (group_name, topic, partition, generation, next_offset, state)
           SELECT $1, n.* FROM unnest($4::text[], $5::integer[], $6::bigint[], $7::bigint[], $8::text[])
             n (topic, partition, generation, next_offset, state) WHERE EXISTS (SELECT FROM saved)
           ON CONFLICT (group_name, topic, partition) DO UPDATE SET generation = excluded.generation,
             next_offset = coalesce(excluded.next_offset, c.next_offset),
             state = CASE WHEN excluded.next_offset IS NULL THEN c.state ELSE excluded.state END
         ) SELECT EXISTS (SELECT FROM saved) AS done`,
        [group, revision, JSON.stringify(state), ...columnsOf(granted), ...placesOf(granted)],
      ),
    )
    return row['done'] === true
  }

  async #inTurn<Result>(group: string, change: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(group)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last.set(group, promise)
    try {
      await before
      return await change()
    } finally {
      resolve()
      if (this.#last.get(group) === promise) this.#last.delete(group)
    }
  }
}

function columnsOf(commits: Grants): [string[], number[], number[]] {
  return [
    commits.map(({ topic }) => topic),
    commits.map(({ partition }) => partition),
    commits.map(({ generation }) => generation),
  ]
}

function placesOf(commits: readonly Partial<StoredCommit>[]): [(number | null)[], string[]] {
  return [commits.map(({ offset }) => offset ?? null), commits.map(({ state }) => state ?? '')]
}

function commitOf(row: Row): StoredCommit {
  return {
    topic: String(row['topic']),
    partition: Number(row['partition']),
    generation: Number(row['generation']),
    offset: Number(row['next_offset']),
    state: String(row['state']),
  }
}
