import { limits, sleep, TidingsError } from '../kernel/index.ts'
import { partitionName } from '../log/index.ts'
import { broker, brokerError, isMissingTopic, isPassing } from './broker-errors.ts'
import { type Cluster, closedError, type Line } from './cluster.ts'
import { NumericMap, requests } from './requests.ts'

export interface ProducedRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  readonly value: Buffer | null
  readonly headers: Map<Buffer, Buffer>
  /** About what it takes in a batch. */
  readonly bytes: number
}

/** Who writes, to the brokers: each of its batches to a partition has a number, so that a repeated one is kept once. */
interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequences: Map<string, number>
}

interface Pending {
  readonly record: ProducedRecord
  /** When it is given up, by the monotonic clock. */
  readonly endMs: number
  readonly settle: (failure: Error | undefined) => void
}

/** Records that are sent together, and again under the same number until the outcome is known. */
interface Batch {
  readonly lane: Lane
  readonly pending: readonly Pending[]
  readonly identity: Identity
  readonly sequence: number
  /** An attempt was made whose outcome is not known. */
  uncertain: boolean
}

/** What waits for one partition. */
interface Lane {
  readonly topic: string
  readonly partition: number
  readonly waiting: Pending[]
  /** Sent, or to be sent again before anything else. */
  batch: Batch | undefined
  largestBatch: number
}

/**
 * Writes records, durable on all in-sync replicas (`acks=all`) and idempotent. What is handed over in one turn of the
 * event loop goes out together; one request at a time is on its way to each broker, which keeps the order of a partition
 * and fills the next request meanwhile.
 */
export class Producer {
  readonly #cluster: Cluster
  readonly #line: Line
  readonly #deliveryMs: number
  readonly #lanes = new Map<string, Lane>()
  readonly #busy = new Set<number>()
  #identity: Promise<Identity> | undefined
  #flushing = false
  #again = false
  #records = 0
  #bytes = 0
  #idle: () => void = () => undefined

  /** @param deliveryMs how long an unreachable broker is waited for before a publish fails. */
  constructor(cluster: Cluster, deliveryMs: number) {
    this.#cluster = cluster
    this.#line = cluster.line()
    this.#deliveryMs = deliveryMs
  }

  /**
   * One outcome for each record, when it is known: nothing, or why it is not known to be stored.
   * @throws `publish_overloaded` when too much waits already; nothing is taken then.
   */
  async send(records: readonly ProducedRecord[]): Promise<readonly (Error | undefined)[]> {
    if (this.#cluster.closed) throw closedError()
    const bytes = records.reduce((sum, record) => sum + record.bytes, 0)
    this.#checkRoom(records.length, bytes)
    this.#records += records.length
    this.#bytes += bytes
    const outcomes = records.map((record) => this.#enqueue(record))
    this.#flushSoon()
    return Promise.all(outcomes)
  }

  /** Fulfils when nothing waits. */
  async close(): Promise<void> {
    if (this.#records > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#line.close()
  }

  #checkRoom(records: number, bytes: number): void {
    const { publishPendingRecords, publishPendingBytes } = limits
    if (this.#records === 0) return
    if (this.#records + records <= publishPendingRecords && this.#bytes + bytes <= publishPendingBytes) return
    throw new TidingsError(
      'publish_overloaded',
      `${this.#records} record(s) wait for Kafka already. Publish more when some of them are stored.`,
    )
  }

  #enqueue(record: ProducedRecord): Promise<Error | undefined> {
    const { topic, partition } = record
    const name = partitionName(topic, partition)
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { topic, partition, waiting: [], batch: undefined, largestBatch: Number.POSITIVE_INFINITY }
      this.#lanes.set(name, lane)
    }
    const { waiting } = lane
    const endMs = this.#cluster.clock.monotonic() + this.#deliveryMs
    return new Promise((resolve) => {
      const settle = (failure: Error | undefined): void => {
        this.#records -= 1
        this.#bytes -= record.bytes
        resolve(failure)
        if (this.#records === 0) this.#idle()
      }
      waiting.push({ record, endMs, settle })
    })
  }

  #flushSoon(): void {
    if (this.#flushing) {
      this.#again = true
      return
    }
    this.#flushing = true
    this.#cluster.clock.defer(() => void this.#flush())
  }

  /** Sends what can be sent now to each broker that has no request of ours. */
  async #flush(): Promise<void> {
    do {
      this.#again = false
      const ready = [...this.#lanes.values()].filter(
        (lane) => lane.batch === undefined && lane.waiting.length > 0,
      )
      try {
        await this.#fill(ready)
      } catch (error) {
        for (const lane of ready) fail(lane.waiting.splice(0), asError(error))
      }
    } while (this.#again)
    this.#flushing = false
  }

  /** Puts what waits into batches, by the broker that leads their partitions. */
  async #fill(lanes: readonly Lane[]): Promise<void> {
    if (lanes.length === 0) return
    const identity = await this.#identify()
    const byLeader = new Map<number, Batch[]>()
    for (const lane of lanes) {
      const leader = await this.#leaderOf(lane).catch((error: unknown) => {
        fail(lane.waiting.splice(0), asError(error))
      })
      if (leader === undefined || this.#busy.has(leader)) continue
      const batches = byLeader.get(leader) ?? []
      byLeader.set(leader, batches)
      batches.push(this.#batchOf(lane, identity))
    }
    for (const [leader, batches] of byLeader) void this.#deliver(leader, batches)
  }

  async #leaderOf({ topic, partition }: Lane): Promise<number> {
    const leader = (await this.#cluster.topic(topic, this.#deliveryMs)).leaders[partition]
    if (leader !== undefined) return leader
    throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
  }

  #batchOf(lane: Lane, identity: Identity): Batch {
    let bytes = 0
    let count = 0
    for (const { record } of lane.waiting) {
      bytes += record.bytes
      if (count > 0 && (bytes > limits.kafkaBatchBytes || count >= lane.largestBatch)) break
      count += 1
    }
    const name = partitionName(lane.topic, lane.partition)
    const sequence = identity.sequences.get(name) ?? 0
    identity.sequences.set(name, (sequence + count) % 2 ** 31)
    const batch = { lane, pending: lane.waiting.splice(0, count), identity, sequence, uncertain: false }
    lane.batch = batch
    return batch
  }

  /** The outcome of some may not be known then: each of those is sent again by itself, and holds up its partition alone. */
  async #deliver(leader: number, batches: readonly Batch[]): Promise<void> {
    this.#busy.add(leader)
    const left = await this.#attempt(leader, batches)
    this.#busy.delete(leader)
    this.#flushSoon()
    for (const batch of left) void this.#deliverAgain(batch)
  }

  /** Until its outcome is known, to whichever broker leads its partition by then. */
  async #deliverAgain(batch: Batch): Promise<void> {
    const { clock } = this.#cluster
    let again = true
    for (let waitMs: number = limits.kafkaFirstBackoffMs; again; ) {
      await sleep(clock, waitMs)
      waitMs = Math.min(2 * waitMs, limits.kafkaLongestBackoffMs)
      try {
        this.#cluster.forget(batch.lane.topic)
        again = (await this.#attempt(await this.#leaderOf(batch.lane), [batch])).length > 0
      } catch (error) {
        again = !this.#cluster.closed && !this.#isLate(batch) && mayPass(error)
        if (!again) this.#fail(batch, asError(error))
      }
    }
    this.#flushSoon()
  }

  /** Sends batches once; returns those that are to be sent again. */
  async #attempt(leader: number, batches: readonly Batch[]): Promise<readonly Batch[]> {
    const [first] = batches
    if (first === undefined) return []
    try {
      const answer = await this.#cluster.ask(
        { node: leader },
        requests.produce,
        [allInSync, limits.kafkaRequestTimeoutMs, messagesOf(batches), optionsOf(first.identity, batches)],
        this.#line,
      )
      const codes = codesOf(answer)
      return batches.filter((batch) => this.#settle(batch, codes))
    } catch (error) {
      for (const batch of batches) batch.uncertain = true
      const late = batches.filter((batch) => this.#isLate(batch) || !mayPass(error))
      for (const batch of late) this.#fail(batch, asError(error))
      return batches.filter((batch) => !late.includes(batch))
    }
  }

  /** True when the batch is to be sent again. */
  #settle(batch: Batch, codes: ReadonlyMap<string, number>): boolean {
    const { lane } = batch
    const code = codes.get(partitionName(lane.topic, lane.partition)) ?? broker.requestTimedOut
    if (code === broker.ok || code === broker.duplicateSequence) {
      lane.batch = undefined
      for (const { settle } of batch.pending) settle(undefined)
      return false
    }
    if (isTooLarge(code) && batch.pending.length > 1) return this.#apart(batch)
    if (lost.has(code)) return this.#anew(batch)
    if (hasTooFewReplicas.has(code) || isPassing(code) || isMissingTopic(code)) {
      if (!this.#isLate(batch)) return true
    }
    this.#fail(batch, produceError(code, lane.topic))
    return false
  }

  /** The topic takes no batch as large as this one: its records go out one by one. */
  #apart(batch: Batch): boolean {
    const { lane } = batch
    lane.largestBatch = 1
    this.#takeBack(batch)
    lane.waiting.unshift(...batch.pending)
    lane.batch = undefined
    return false
  }

  /** The brokers do not know this producer any more: what was not stored is written under a new identity. */
  #anew(batch: Batch): boolean {
    this.#identity = undefined
    batch.lane.waiting.unshift(...batch.pending)
    batch.lane.batch = undefined
    return false
  }

  #fail(batch: Batch, error: Error): void {
    if (batch.uncertain) this.#identity = undefined
    else this.#takeBack(batch)
    batch.lane.batch = undefined
    fail(batch.pending, error)
  }

  /** Nothing was written under the batch's numbers: the next one has them. */
  #takeBack({ lane, identity, sequence }: Batch): void {
    identity.sequences.set(partitionName(lane.topic, lane.partition), sequence)
  }

  #isLate(batch: Batch): boolean {
    return this.#cluster.clock.monotonic() >= (batch.pending[0]?.endMs ?? 0)
  }

  #identify(): Promise<Identity> {
    this.#identity ??= this.#newIdentity().catch((error: unknown) => {
      this.#identity = undefined
      throw error
    })
    return this.#identity
  }

  #newIdentity(): Promise<Identity> {
    return this.#cluster.patiently(async () => {
      const answer = await this.#cluster.ask('any', requests.initProducerId, [null, 60_000, -1n, -1])
      if (answer.errorCode !== broker.ok) throw brokerError(answer.errorCode, 'Opening a producer')
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch, sequences: new Map() }
    }, this.#deliveryMs)
  }
}

const allInSync = -1
const lost: ReadonlySet<number> = new Set([
  broker.outOfOrderSequence,
  broker.unknownProducer,
  broker.invalidProducerEpoch,
])
const hasTooFewReplicas: ReadonlySet<number> = new Set([
  broker.notEnoughReplicas,
  broker.notEnoughReplicasAfterAppend,
])

function isTooLarge(code: number): boolean {
  return code === broker.messageTooLarge || code === broker.recordListTooLarge
}

function produceError(code: number, topic: string): TidingsError {
  if (isTooLarge(code)) {
    return new TidingsError(
      'event_too_large',
      `Topic "${topic}" takes no record as large as this. Raise its max.message.bytes, or publish less.`,
    )
  }
  return brokerError(code, `Writing to topic "${topic}"`)
}

function fail(pending: readonly Pending[], error: Error): void {
  for (const { settle } of pending) settle(error)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function mayPass(error: unknown): boolean {
  return error instanceof TidingsError && error.kind === 'unreachable'
}

type Produce = Parameters<typeof requests.produce.async>
type Answer = Awaited<ReturnType<typeof requests.produce.async>>

function messagesOf(batches: readonly Batch[]): Produce[3] {
  return batches.flatMap(({ pending }) =>
    // The client's types leave out that a value may be null, which its encoding takes.
    pending.map(({ record }) => ({ ...record, key: record.key as Buffer, value: record.value as Buffer })),
  )
}

function optionsOf({ producerId, producerEpoch }: Identity, batches: readonly Batch[]): Produce[4] {
  const sequences = new NumericMap()
  for (const { lane, sequence } of batches) sequences.set(`${lane.topic}:${lane.partition}`, sequence)
  return { producerId, producerEpoch, sequences, compression: 'none' }
}

function codesOf(answer: Answer): ReadonlyMap<string, number> {
  const codes = new Map<string, number>()
  if (typeof answer === 'boolean') return codes
  for (const { name, partitionResponses } of answer.responses) {
    for (const { index, errorCode } of partitionResponses) codes.set(partitionName(name, index), errorCode)
  }
  return codes
}
