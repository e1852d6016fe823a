import type { DatabaseSync } from 'node:sqlite'
import type { DurabilityFinding } from '../log/index.ts'
import { pragma } from './database.ts'

const levels = ['OFF', 'NORMAL', 'FULL', 'EXTRA']

/** The settings of a connection that decide what a commit has reached: what is weak is refused before it is used. */
export function durabilityOf(database: DatabaseSync, file: string): readonly DurabilityFinding[] {
  const synchronous = Number(pragma(database, 'synchronous'))
  const journal = String(pragma(database, 'journal_mode'))
  if (file === ':memory:') {
    const advice = 'Nothing outlives the process. Name a file for what has to be kept.'
    return [{ setting: 'journal_mode', value: journal, topics: [], verdict: 'volatile', advice }]
  }
  return [
    { setting: 'journal_mode', value: journal, ...judged(journal === 'wal', 'Set PRAGMA journal_mode=WAL.') },
    {
      setting: 'synchronous',
      value: levels[synchronous] ?? String(synchronous),
      ...judged(synchronous >= 2, 'A power cut can undo commits. Set PRAGMA synchronous=FULL.'),
    },
  ]
}

function judged(safe: boolean, advice: string): Pick<DurabilityFinding, 'topics' | 'verdict' | 'advice'> {
  return safe ? { topics: [], verdict: 'safe', advice: '' } : { topics: [], verdict: 'weak', advice }
}
