export {
  type DeadLetter,
  type DeadLetterPlace,
  type DeadLetterState,
  deadLetterId,
  discardReasonOf,
  failureOf,
} from './dead-letter.ts'
export {
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterStore,
  firstPage,
} from './dead-letter-store.ts'
