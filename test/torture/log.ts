import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Engine, inNamespace } from '../../src/bus/index.ts'
import { connect } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

/** A log that is no file of the run: a server's, in a namespace of the run's own. */
export interface Elsewhere {
  readonly url: string
  readonly namespace: string
}

const noteOf = (folder: string): string => join(folder, 'log.json')

/** Lets every process of the run open its log there. */
export function keepLogElsewhere(folder: string, elsewhere: Elsewhere): void {
  writeFileSync(noteOf(folder), JSON.stringify(elsewhere))
}

/** The log of a run: in its folder, unless that says where else. */
export async function openLog(folder: string): Promise<Engine> {
  if (!existsSync(noteOf(folder))) return sqlite(join(folder, 'log.db'))
  const { url, namespace }: Elsewhere = JSON.parse(readFileSync(noteOf(folder), 'utf8'))
  return inNamespace(await connect(url), namespace)
}
