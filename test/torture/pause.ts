import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { pausePlaces } from './pause-place.ts'
import type { Life } from './processes.ts'
import type { Fault, Stage } from './run.ts'

const settleMs = 500
/** In the midst of the takeover, and when it is long over. */
const oversleepsMs = [100, 1_000]
const longestWayMs = 5_000

/**
 * SIGSTOP of one member in a handler, in the transaction of an effect, with a commit on its way, or anywhere; SIGCONT
 * after its lease has ended, at once or when others have long taken over.
 */
export const pauseOne: Fault = async (stage) => {
  const { random, tell, isMember } = stage
  let member: Life | undefined
  while (member === undefined) {
    await setTimeout(random.next() * settleMs)
    member = await stopSome(stage)
  }
  while (await isMember(member.name)) await setTimeout(1)
  const longestMs = oversleepsMs[Math.floor(random.next() * oversleepsMs.length)] ?? 0
  await setTimeout(random.next() * longestMs)
  tell({ kind: 'resumed', target: member.name })
  member.child.kill('SIGCONT')
}

/** Undefined where the one that was chosen died before it stopped: an event has killed it. */
async function stopSome({ processes, random, tell }: Stage): Promise<Life | undefined> {
  const members = processes.living.filter(({ role }) => role.startsWith('member'))
  const member = members[Math.floor(random.next() * members.length)]
  if (member === undefined) return undefined
  const place = pausePlaces[Math.floor(random.next() * (pausePlaces.length + 1))]
  if (place !== undefined) member.child.send(place, () => undefined)
  else {
    tell({ kind: 'paused', target: member.name })
    member.child.kill('SIGSTOP')
  }
  return (await stopped(member)) ? member : undefined
}

/** A member without partitions may need a while to come to the place. False when it is dead instead. */
async function stopped({ name, child }: Life): Promise<boolean> {
  const deadline = performance.now() + longestWayMs
  while (child.exitCode === null && child.signalCode === null) {
    if (/^State:\s+T/m.test(statusOf(child.pid))) return true
    if (performance.now() > deadline) throw new Error(`${name} did not stop within ${longestWayMs} ms.`)
    await setTimeout(1)
  }
  return false
}

function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return '' // It has just died.
  }
}
