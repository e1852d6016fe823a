import { TidingsError } from '../kernel/index.ts'

/** Answers of a broker by their numbers in Kafka's protocol. */
export const broker = {
  ok: 0,
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  offsetMetadataTooLarge: 12,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  topicDenied: 29,
  groupDenied: 30,
  clusterDenied: 31,
  topicExists: 36,
  invalidReplication: 38,
  notController: 41,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  transactionalIdDenied: 53,
  storageError: 56,
  unknownProducer: 59,
  nonEmptyGroup: 68,
  groupNotFound: 69,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  memberIdRequired: 79,
  fencedInstance: 82,
  unstableOffsetCommit: 88,
  throttled: 89,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
  fencedMemberEpoch: 110,
  unreleasedInstance: 111,
  staleMemberEpoch: 113,
} as const

const codes = (...names: readonly (keyof typeof broker)[]): ReadonlySet<number> =>
  new Set(names.map((name) => broker[name]))

const passing = codes(
  'leaderNotAvailable',
  'notLeader',
  'requestTimedOut',
  'brokerNotAvailable',
  'replicaNotAvailable',
  'coordinatorLoading',
  'coordinatorNotAvailable',
  'notCoordinator',
  'notController',
  'storageError',
  'fencedLeaderEpoch',
  'unknownLeaderEpoch',
  'unstableOffsetCommit',
  'throttled',
)
const missingTopic = codes('unknownTopic', 'unknownTopicId', 'inconsistentTopicId')
const denied = codes('topicDenied', 'groupDenied', 'clusterDenied', 'transactionalIdDenied')

/** True for what a broker answers while leaders or coordinators move: asked again it will answer otherwise. */
export function isPassing(code: number): boolean {
  return passing.has(code)
}

export function isMissingTopic(code: number): boolean {
  return missingTopic.has(code)
}

/** The name of an answer in Kafka's documentation, or its number. */
export function answerName(code: number): string {
  const found = Object.entries(broker).find(([, number]) => number === code)
  return found === undefined ? `error ${code}` : `error ${code}, ${found[0]}`
}

/** @param doing what was asked, as in "Committing the offsets of group "billing"". */
export function brokerError(code: number, doing: string, cause?: unknown): TidingsError {
  if (isMissingTopic(code))
    return new TidingsError('topic_missing', `${doing}: the topic is not there.`, { cause })
  if (code === broker.invalidTopic) {
    const sentence = `${doing}: Kafka's names have at most 249 letters, digits, dots, dashes and underscores, and one of dead letters has those of its topic and group in it.`
    return new TidingsError('name_invalid', sentence, { cause })
  }
  if (code === broker.inconsistentProtocol) {
    const sentence = `${doing}: the group has members of another library, or with another groupProtocol. Give this one a name of its own, or stop them first.`
    return new TidingsError('option_invalid', sentence, { cause })
  }
  if (denied.has(code)) {
    return new TidingsError(
      'access_denied',
      `${doing}: Kafka does not allow it to these credentials (${answerName(code)}). Give them the rights that docs/kafka.md lists.`,
      { cause },
    )
  }
  return new TidingsError(
    'engine_unreachable',
    `${doing}: Kafka answered with ${answerName(code)}. Look into the log of its brokers, and try again.`,
    { cause },
  )
}
