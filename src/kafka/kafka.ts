import type { Engine } from '../bus/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { KafkaOptions as BindingOptions } from '../event/index.ts'
import { type Clock, limits, systemClock } from '../kernel/index.ts'
import type { Probe, TransportAdmin } from '../log/index.ts'
import { KafkaAdmin } from './admin.ts'
import type { KafkaCapabilities } from './capabilities.ts'
import { Cluster } from './cluster.ts'
import { KafkaDeadLetterStore } from './dead-letter-store.ts'
import type { ForeignRecords } from './foreign-records.ts'
import { GroupSettingsLog } from './group-settings.ts'
import { readKafkaUrl } from './kafka-url.ts'
import { probeCluster } from './probe.ts'
import { Producer } from './producer.ts'
import { RecordDecoder } from './record-decoder.ts'
import type { SASLOptions } from './requests.ts'
import { KafkaTransport } from './transport.ts'

export interface KafkaOptions {
  readonly clock?: Clock | undefined
  /** How this program is called in the brokers' logs and quotas. Default `tidings`. */
  readonly clientId?: string | undefined
  /** Options of `tls.connect`, for brokers behind TLS; `{}` trusts what Node trusts. Default: what the URL says. */
  readonly tls?: Readonly<Record<string, unknown>> | undefined
  /** Mechanism PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 with `username` and `password`, OAUTHBEARER with `token`; each may be a function that fetches it. Default: what the URL says. */
  readonly sasl?: SASLOptions | undefined
  /** How events are written: attributes as headers and data as the value (`binary`, the default), or all in one JSON value. Both are read. */
  readonly mode?: BindingOptions['mode'] | undefined
  /**
   * How members agree: `classic`, where they divide partitions themselves and a session lasts as long as the group says,
   * or `consumer` (KIP-848), where the brokers do, with sessions as long as they say. All members of a group alike. Default `classic`.
   */
  readonly groupProtocol?: 'classic' | 'consumer' | undefined
  /** A member that is started again within its session, under the same name, has its partitions back without a rebalance. Default false. */
  readonly staticMembers?: boolean | undefined
  /** Copies of each partition of topics that are created. Default: what the brokers do. */
  readonly replication?: number | undefined
  /** By topic, what records are that others write there and that are no CloudEvents. */
  readonly records?: Readonly<Record<string, ForeignRecords>> | undefined
  /** How long a publish waits for a broker that does not answer, in ms. Default 30 s. */
  readonly deliveryMs?: number | undefined
}

/** The Kafka engine: topics and groups are Kafka's own, so that its tools and other programs see and share them. */
export class KafkaEngine extends KafkaTransport implements Engine<KafkaCapabilities> {
  readonly admin: TransportAdmin
  readonly deadLetters: DeadLetterStore
  readonly #cluster: Cluster
  readonly #close: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor(cluster: Cluster, options: KafkaOptions) {
    const { mode = 'binary', groupProtocol = 'classic', staticMembers = false } = options
    const deliveryMs = options.deliveryMs ?? limits.kafkaDeliveryMs
    const producer = new Producer(cluster, deliveryMs)
    const settings = new GroupSettingsLog(cluster, producer)
    const decoder = new RecordDecoder(options.records ?? {})
    const admin = new KafkaAdmin({ cluster, settings, decoder })
    super({ cluster, producer, settings, decoder, mode, groupProtocol, staticMembers, deliveryMs }, () =>
      admin.appended(),
    )
    const deadLetters = new KafkaDeadLetterStore(
      cluster,
      producer,
      async ({ group, topic, partition, generation }) =>
        (await this.holds(group, topic, partition, generation)) ? generation : undefined,
    )
    this.#cluster = cluster
    this.admin = admin
    this.deadLetters = deadLetters
    this.#close = async () => {
      await super.close()
      deadLetters.close()
      settings.close()
      admin.close()
      await producer.close()
      await cluster.close()
    }
  }

  probe(topics: readonly string[]): Promise<Probe> {
    return probeCluster(this.#cluster, topics)
  }

  override close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }
}

/**
 * Opens a Kafka cluster as an engine. A publish is fulfilled when all in-sync replicas have it.
 * @param url `kafka://host:port`, with further brokers after commas; `?tls=true` and `name:password@` where they are needed.
 * @throws `url_invalid`, `engine_unreachable`, `access_denied`.
 */
export async function kafka(url: string, options: KafkaOptions = {}): Promise<KafkaEngine> {
  const address = readKafkaUrl(url)
  const { clock = systemClock, clientId = 'tidings' } = options
  const cluster = new Cluster(
    {
      brokers: address.brokers,
      clientId,
      tls: options.tls ?? (address.tls ? {} : undefined),
      sasl: options.sasl ?? address.sasl,
      replication: options.replication,
      requestTimeoutMs: limits.kafkaRequestTimeoutMs,
    },
    clock,
  )
  try {
    await cluster.patiently(() => cluster.refresh([]))
  } catch (error) {
    await cluster.close()
    throw error
  }
  return new KafkaEngine(cluster, options)
}
