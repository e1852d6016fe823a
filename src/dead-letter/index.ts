export {
  type DeadLetter,
  type DeadLetterPlace,
  type DeadLetterState,
  deadLetterId,
  discardedFor,
  discardReasonOf,
  failureOf,
  placesOf,
  requestedAnew,
} from './dead-letter.ts'
export {
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterStore,
  firstPage,
  type OwnDeadLetterStore,
} from './dead-letter-store.ts'
