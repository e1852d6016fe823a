import { type Clock, isTidingsError, limits, sleep, TidingsError } from '../kernel/index.ts'
import { brokerError, isMissingTopic, isPassing } from './broker-errors.ts'
import { connectionError, isAnswer } from './connection-errors.ts'
import { ConnectionPool, type KafkaRequest, requests, type SASLOptions } from './requests.ts'

export interface ClusterOptions {
  readonly brokers: readonly Node[]
  readonly clientId: string
  readonly tls: Readonly<Record<string, unknown>> | undefined
  readonly sasl: SASLOptions | undefined
  /** Copies of each partition of topics that are created; the brokers' default unless it is said. */
  readonly replication?: number | undefined
  /** One request, and connecting. */
  readonly requestTimeoutMs: number
}

export interface Node {
  readonly host: string
  readonly port: number
}

export interface TopicMetadata {
  readonly name: string
  readonly id: string
  /** The broker that leads each partition; -1 while none does. */
  readonly leaders: readonly number[]
  /** Copies of each partition; of the one with the fewest. */
  readonly replicas: number
}

/** Who shall answer: any broker, one of them, or the coordinator of a group. */
export type Target = 'any' | { readonly node: number } | { readonly group: string }

/** What is known of a Kafka cluster, and the way to ask its brokers. */
export class Cluster {
  readonly clock: Clock
  readonly #options: ClusterOptions
  readonly #lines = new Set<Line>()
  readonly #nodes = new Map<number, Node>()
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #coordinators = new Map<string, number>()
  readonly #line: Line
  #closed = false

  constructor(options: ClusterOptions, clock: Clock) {
    this.#options = options
    this.clock = clock
    this.#line = this.line()
  }

  get closed(): boolean {
    return this.#closed
  }

  get replication(): number | undefined {
    return this.#options.replication
  }

  get nodes(): readonly number[] {
    return [...this.#nodes.keys()]
  }

  /**
   * Connections of their own: a broker answers one connection's requests in turn, and some of them wait.
   * @param member whose they are: a broker says of a member how its client is called, whatever else it does not know.
   */
  line(waitMs = 0, member?: string): Line {
    const clientId = clientIdOf(this.#options.clientId, member)
    const line = new Line({ ...this.#options, clientId }, waitMs, (closed) => this.#lines.delete(closed))
    this.#lines.add(line)
    return line
  }

  /**
   * Asks once. What the broker answers of single topics, partitions or groups stands in the answer, with its codes.
   * @throws `engine_unreachable`, `access_denied`, `engine_closed`.
   */
  async ask<Args extends unknown[], Answer>(
    target: Target,
    request: KafkaRequest<Args, Answer>,
    args: Args,
    line: Line = this.#line,
  ): Promise<Answer> {
    if (this.#closed) throw closedError()
    const nodes = await this.#nodesOf(target)
    const connection = await line.connect(nodes)
    try {
      return await request.async(connection, ...args)
    } catch (error) {
      if (isAnswer<Answer>(error)) return error.response
      throw connectionError(error, nodes)
    }
  }

  /** Repeats while the engine cannot be reached or its answer will pass, at most for `limits.kafkaPatienceMs`. */
  async patiently<Result>(
    attempt: () => Promise<Result>,
    patienceMs: number = limits.kafkaPatienceMs,
  ): Promise<Result> {
    const endMs = this.clock.monotonic() + patienceMs
    for (
      let waitMs: number = limits.kafkaFirstBackoffMs;
      ;
      waitMs = Math.min(2 * waitMs, limits.kafkaLongestBackoffMs)
    ) {
      try {
        return await attempt()
      } catch (error) {
        const mayPass = isTidingsError(error) && error.kind === 'unreachable' && !this.#closed
        if (!mayPass || this.clock.monotonic() + waitMs > endMs) throw error
        await sleep(this.clock, waitMs)
      }
    }
  }

  /** What is known of a topic without asking. */
  known(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  /** @throws `topic_missing`. */
  async topic(name: string, patienceMs: number = limits.kafkaPatienceMs): Promise<TopicMetadata> {
    const known = this.#topics.get(name)
    if (known !== undefined && !known.leaders.includes(-1)) return known
    return this.patiently(async () => {
      const [found] = await this.refresh([name])
      if (found !== undefined) return found
      throw new TidingsError(
        'topic_missing',
        `Kafka has no topic "${name}". Open a bus with it in the catalog, which creates it.`,
      )
    }, patienceMs)
  }

  /** What is there of these topics, or all that are; asks the cluster. */
  async refresh(names: readonly string[] | null): Promise<readonly TopicMetadata[]> {
    const answer = await this.ask('any', requests.metadata, [
      names === null ? null : [...names],
      false,
      false,
    ])
    this.#nodes.clear()
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port })
    const found: TopicMetadata[] = []
    for (const { errorCode, name, topicId, isInternal, partitions } of answer.topics) {
      if (name === null || name === undefined || isInternal) continue
      if (errorCode !== 0) {
        this.#topics.delete(name)
        if (!isMissingTopic(errorCode)) throw brokerError(errorCode, `Looking for topic "${name}"`)
        continue
      }
      const leaders = partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ leaderId }) => leaderId)
      const replicas = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length))
      const topic = { name, id: topicId, leaders, replicas }
      this.#topics.set(name, topic)
      found.push(topic)
    }
    return found
  }

  /** What is known of a topic is not so any more. */
  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  /** The answer says who coordinates a group no more, or not yet. */
  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group)
  }

  /** Asks the coordinator of a group until its answer has no code that passes. */
  askCoordinator<Args extends unknown[], Answer>(
    group: string,
    request: KafkaRequest<Args, Answer>,
    args: Args,
    codeOf: (answer: Answer) => number,
  ): Promise<Answer> {
    return this.patiently(async () => {
      const answer = await this.ask({ group }, request, args).catch((error: unknown) => {
        this.forgetCoordinator(group)
        throw error
      })
      const code = codeOf(answer)
      if (!isPassing(code)) return answer
      this.forgetCoordinator(group)
      throw brokerError(code, `Asking for group "${group}"`)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#lines].map((line) => line.close()))
  }

  async #nodesOf(target: Target): Promise<readonly Node[]> {
    if (target === 'any') return [...this.#nodes.values(), ...this.#options.brokers]
    const id = 'node' in target ? target.node : await this.#coordinatorOf(target.group)
    const node = this.#nodes.get(id)
    if (node !== undefined) return [node]
    await this.refresh([])
    const found = this.#nodes.get(id)
    if (found !== undefined) return [found]
    throw new TidingsError('engine_unreachable', `Kafka's broker ${id} is not there now. It is asked again.`)
  }

  async #coordinatorOf(group: string): Promise<number> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return known
    const answer = await this.ask('any', requests.findCoordinator, [0, [group]])
    const [found] = answer.coordinators
    if (found === undefined || found.errorCode !== 0) {
      throw brokerError(found?.errorCode ?? -1, `Looking for the coordinator of group "${group}"`)
    }
    this.#nodes.set(found.nodeId, { host: found.host, port: found.port })
    this.#coordinators.set(group, found.nodeId)
    return found.nodeId
  }
}

type Connection = Awaited<ReturnType<ConnectionPool['get']>>

/** One connection to each broker that is asked through it. */
export class Line {
  readonly #pool: ConnectionPool
  readonly #forget: (line: Line) => void

  /** @param waitMs how much longer than a request a broker may take its time: it waits for members or records. */
  constructor(
    { clientId, tls, sasl, requestTimeoutMs }: ClusterOptions,
    waitMs: number,
    forget: (line: Line) => void,
  ) {
    this.#pool = new ConnectionPool(clientId, {
      connectTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs + waitMs,
      maxInflights: limits.kafkaRequests,
      ...(tls !== undefined && { tls }),
      ...(sasl !== undefined && { sasl }),
    })
    // A connection that fails is told to whoever asks through it; an error without a listener would end the process.
    this.#pool.on('connecting', ({ connection }) => connection.on('error', () => undefined))
    this.#forget = forget
  }

  /** @throws `engine_unreachable`, `access_denied`. */
  async connect(nodes: readonly Node[]): Promise<Connection> {
    let failure: unknown
    for (const node of nodes) {
      try {
        return await this.#pool.get({ ...node })
      } catch (error) {
        failure = error
      }
    }
    throw connectionError(failure, nodes)
  }

  async close(): Promise<void> {
    this.#forget(this)
    await this.#pool.close()
  }
}

function clientIdOf(clientId: string, member: string | undefined): string {
  return member === undefined ? clientId : `${clientId}#${member}`
}

/** The name of a member by how its client is called; undefined for one of another library. */
export function memberOf(clientId: string): string | undefined {
  const at = clientId.indexOf('#')
  return at < 0 ? undefined : clientId.slice(at + 1)
}

export function closedError(): TidingsError {
  return new TidingsError('engine_closed', 'The connection to Kafka is closed. Open the engine again.')
}
