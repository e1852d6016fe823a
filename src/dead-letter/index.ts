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
  type OwnDeadLetterStore,
} from './dead-letter-store.ts'
