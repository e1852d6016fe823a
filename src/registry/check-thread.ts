/** The thread of a `CheckWorker`: it does one task after the other, and says when it takes one up. */
import { parentPort } from 'node:worker_threads'
import { type CheckOutcome, type CheckTask, outcomeOf } from './check-task.ts'

export type CheckMessage = 'begun' | CheckOutcome

const tell = (message: CheckMessage): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is a thread, not a window
  parentPort?.postMessage(message)
}

parentPort?.on('message', (task: CheckTask) => {
  tell('begun')
  void outcomeOf(task).then(tell)
})
