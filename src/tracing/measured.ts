import type { Processing, ProcessingEnd } from './processing.ts'

/** A run of a handler whose end is told, once. */
export function measured(processing: Processing, ended: (end: ProcessingEnd) => void): Processing {
  let isOver = false
  return {
    cause: processing.cause,
    get trace() {
      return processing.trace
    },
    run: (stages) => processing.run(stages),
    end(end) {
      processing.end(end)
      if (!isOver) ended(end)
      isOver = true
    },
  }
}
