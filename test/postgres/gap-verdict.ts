import type { GapLine } from './gap-run.ts'

/** The time that a look, a batch and a busy machine may take beside the slowest transaction. */
const roomMs = 1_500

/** What is wrong with a run, a sentence each; a run without faults applied proves nothing. */
export function faultsOf(line: GapLine): readonly string[] {
  const { missed, phantoms, doubled, reordered, longestWaitMs, slowestTransactionMs, kills, rolledBack } =
    line
  const faults: string[] = []
  if (missed + phantoms + doubled + reordered > 0)
    faults.push('Events are missed, made up, doubled or reordered.')
  if (longestWaitMs > slowestTransactionMs + roomMs)
    faults.push(
      `An event waited ${longestWaitMs} ms, longer than the slowest transaction, ${slowestTransactionMs} ms.`,
    )
  if (kills === 0 || rolledBack === 0 || line.committed === 0)
    faults.push('Without kills, rollbacks and commits this run proves nothing.')
  return faults
}
