import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { sessionTimeoutMs } from './catalog.ts'
import { pausePlaces } from './pause-place.ts'
import type { Life } from './processes.ts'
import type { Fault } from './run.ts'

const settleMs = 500
const longestOversleepMs = 1_000
const longestWayMs = 5_000

/**
 * SIGSTOP of one member in a handler, in the transaction of an effect, with a commit on its way, or anywhere; SIGCONT
 * when its lease has ended.
 */
export const pauseOne: Fault = async ({ processes, random, tell }) => {
  await setTimeout(random.next() * settleMs)
  const members = processes.living.filter(({ role }) => role.startsWith('member'))
  const member = members[Math.floor(random.next() * members.length)]
  if (member === undefined) return
  const place = pausePlaces[Math.floor(random.next() * (pausePlaces.length + 1))]
  if (place !== undefined) member.child.send(place)
  else {
    tell({ kind: 'paused', target: member.name })
    member.child.kill('SIGSTOP')
  }
  await stopped(member)
  await setTimeout(sessionTimeoutMs + random.next() * longestOversleepMs)
  tell({ kind: 'resumed', target: member.name })
  member.child.kill('SIGCONT')
}

/** A member without partitions may need a while to come to the place. */
async function stopped({ name, child }: Life): Promise<void> {
  const deadline = performance.now() + longestWayMs
  while (!/^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))) {
    if (performance.now() > deadline) throw new Error(`${name} did not stop within ${longestWayMs} ms.`)
    await setTimeout(1)
  }
}
