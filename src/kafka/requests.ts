import {
  type API,
  apiVersionsV4,
  ConnectionPool,
  consumerGroupDescribeV0,
  consumerGroupHeartbeatV1,
  createTopicsV7,
  deleteGroupsV2,
  deleteRecordsV2,
  describeConfigsV4,
  describeGroupsV5,
  describeLogDirsV4,
  compressionsAlgorithmsByBitmask,
  createAPI,
  fetchV13,
  findCoordinatorV4,
  heartbeatV4,
  incrementalAlterConfigsV1,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV5,
  listGroupsV5,
  listOffsetsV7,
  metadataV12,
  offsetCommitV9,
  offsetFetchV8,
  produceV9,
  syncGroupV5,
} from '@platformatic/kafka'
import { type FetchAnswer, fetchAnswerOf } from './fetch-answer.ts'

interface Requests {
  readonly apiVersions: typeof apiVersionsV4.api
  readonly consumerGroupDescribe: typeof consumerGroupDescribeV0.api
  readonly consumerGroupHeartbeat: typeof consumerGroupHeartbeatV1.api
  readonly createTopics: typeof createTopicsV7.api
  readonly deleteGroups: typeof deleteGroupsV2.api
  readonly deleteRecords: typeof deleteRecordsV2.api
  readonly describeConfigs: typeof describeConfigsV4.api
  readonly describeGroups: typeof describeGroupsV5.api
  readonly describeLogDirs: typeof describeLogDirsV4.api
  readonly fetch: API<Parameters<typeof fetchV13.createRequest>, FetchAnswer>
  readonly findCoordinator: typeof findCoordinatorV4.api
  readonly heartbeat: typeof heartbeatV4.api
  readonly alterConfigs: typeof incrementalAlterConfigsV1.api
  readonly initProducerId: typeof initProducerIdV4.api
  readonly joinGroup: typeof joinGroupV7.api
  readonly leaveGroup: typeof leaveGroupV5.api
  readonly listGroups: typeof listGroupsV5.api
  readonly listOffsets: typeof listOffsetsV7.api
  readonly metadata: typeof metadataV12.api
  readonly offsetCommit: typeof offsetCommitV9.api
  readonly offsetFetch: typeof offsetFetchV8.api
  readonly produce: typeof produceV9.api
  readonly syncGroup: typeof syncGroupV5.api
}

/**
 * The seam over the client: its connections and the requests of Kafka's protocol, each in one version that brokers since
 * 3.8 answer. Its Consumer, Producer and Admin are not used: they rejoin and repeat a commit by themselves, which would
 * let a member that has lost its partition write over its successor. The answer to a Fetch is read by us, from its bytes.
 */
export const requests: Requests = {
  apiVersions: apiVersionsV4.api,
  consumerGroupDescribe: consumerGroupDescribeV0.api,
  consumerGroupHeartbeat: consumerGroupHeartbeatV1.api,
  createTopics: createTopicsV7.api,
  deleteGroups: deleteGroupsV2.api,
  deleteRecords: deleteRecordsV2.api,
  describeConfigs: describeConfigsV4.api,
  describeGroups: describeGroupsV5.api,
  describeLogDirs: describeLogDirsV4.api,
  fetch: createAPI(
    fetchV13.api.key,
    fetchV13.api.version,
    fetchV13.createRequest,
    (_id, _key, _version, answer) => fetchAnswerOf(answer.buffer.slice(answer.position, answer.length)),
  ),
  findCoordinator: findCoordinatorV4.api,
  heartbeat: heartbeatV4.api,
  alterConfigs: incrementalAlterConfigsV1.api,
  initProducerId: initProducerIdV4.api,
  joinGroup: joinGroupV7.api,
  leaveGroup: leaveGroupV5.api,
  listGroups: listGroupsV5.api,
  listOffsets: listOffsetsV7.api,
  metadata: metadataV12.api,
  offsetCommit: offsetCommitV9.api,
  offsetFetch: offsetFetchV8.api,
  produce: produceV9.api,
  syncGroup: syncGroupV5.api,
}

export { type API as KafkaRequest, ConnectionPool }
export {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  NumericMap,
  type SASLOptions,
} from '@platformatic/kafka'

/** @param kind of compression, by its number in the attributes of a batch. @throws for one that is not known. */
export function decompress(kind: number, bytes: Buffer): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[kind]
  if (algorithm !== undefined) return algorithm.decompressSync(bytes)
  throw new RangeError(`Kafka's records are compressed in a way (${kind}) that is not known.`)
}
