import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { groups } from './catalog.ts'
import type { Handling } from './history.ts'

/**
 * What comes of an event in a group, whoever handles it: most are `handled` · one that `lingers` is, but takes its time ·
 * one that `stumbles` fails in its first
 * attempts · one that `fails` does so in every attempt · one that `kills` ends its process in every attempt.
 */
export type Conduct = 'handled' | 'lingers' | 'stumbles' | 'fails' | 'kills'

export const stumbles = 2

/** A prime, so that events that kill are of any key. Rare: each costs a process for every attempt. */
const oneKillerIn = 503

export function conductOf({ group, number }: Handling): Conduct {
  if (number % oneKillerIn === 310 && groups[number % groups.length] === group) return 'kills'
  if (number % 50 === 0) return 'fails'
  if (number % 50 === 25) return 'stumbles'
  return number % 10 === 2 ? 'lingers' : 'handled'
}

/** From now on the event is handled, as after a deployment that mends what was wrong. */
export function mend(folder: string, handling: Handling): void {
  writeFileSync(mendedFile(folder, handling), '')
}

export const isMended = (folder: string, handling: Handling): boolean =>
  existsSync(mendedFile(folder, handling))

const mendedFile = (folder: string, { group, key, number }: Handling): string =>
  join(folder, `${group} ${key} ${number}.mended`)
