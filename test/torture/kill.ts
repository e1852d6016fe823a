import { setTimeout } from 'node:timers/promises'
import type { Fault } from './run.ts'

/** From a process that has hardly started to one whose members have settled, after a takeover. */
const longestLifeMs = 1_500

/** SIGKILL of one process at some time; its next life begins at once. */
export const killOne: Fault = async ({ processes, random }) => {
  await setTimeout(random.next() * longestLifeMs)
  const { living } = processes
  const victim = living[Math.floor(random.next() * living.length)]
  if (victim !== undefined) await processes.kill(victim)
}
