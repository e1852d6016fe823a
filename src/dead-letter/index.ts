export { type DeadLetter, type DeadLetterState, deadLetterId, failureOf } from './dead-letter.ts'
export type { DeadLetterFilter, DeadLetterPage, DeadLetterStore } from './dead-letter-store.ts'
