export { type KafkaCapabilities, kafkaCapabilities } from './capabilities.ts'
export type { ForeignRecords } from './foreign-records.ts'
export { KafkaEngine, type KafkaOptions, kafka } from './kafka.ts'
