/** The thread of a `Striker`: it kills the process while a step is under way. */
import { workerData } from 'node:worker_threads'
import { nowUs } from '../history.ts'
import { signals } from './strike.ts'

const signal = new Int32Array(workerData as SharedArrayBuffer)

for (;;) {
  const said = Atomics.load(signal, 0)
  if (said !== signals.armed) Atomics.wait(signal, 0, said)
  else strikeOnce()
}

function strikeOnce(): void {
  Atomics.store(signal, 0, signals.ready)
  while (Atomics.load(signal, 0) === signals.ready);
  const untilUs = nowUs() + (signal[1] ?? 0)
  while (nowUs() < untilUs && Atomics.load(signal, 0) === signals.go);
  if (signal[2] === 0 || Atomics.load(signal, 0) === signals.go) process.kill(process.pid, 'SIGKILL')
}
