import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { limits } from '../kernel/index.ts'
import type { Aws } from './aws.ts'

/** A message as SQS gave it. */
export interface ReceivedMessage {
  readonly id: string
  /** What it is deleted and prolonged by, while this member has it. */
  readonly handle: string
  readonly body: string
  /** ms since the Unix epoch. */
  readonly sentAt: number
  /** How often it was given to somebody, now included. */
  readonly receives: number
  readonly attributes: Readonly<Record<string, string>>
}

export interface ReceiveOptions {
  readonly most: number
  readonly waitMs: number
  readonly visibilityMs: number
  readonly signal: AbortSignal
}

/** The messages of one SQS queue, ten to a request. */
export class MessageQueue {
  readonly url: string
  readonly #aws: Aws
  readonly #fifo: boolean

  constructor(aws: Aws, url: string) {
    this.#aws = aws
    this.url = url
    this.#fifo = url.endsWith('.fifo')
  }

  /** @throws what AWS says; `AbortError` when the signal aborts. */
  async receive({ most, waitMs, visibilityMs, signal }: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: Math.min(most, limits.sqsRequestEntries),
      WaitTimeSeconds: Math.floor(waitMs / 1_000),
      VisibilityTimeout: Math.ceil(visibilityMs / 1_000),
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      MessageAttributeNames: ['All'],
    })
    const { Messages = [] } = await this.#aws.queues.send(command, { abortSignal: signal })
    return Messages.map(receivedOf)
  }

  /** Fulfils when they are gone for good; one whose handle is out of date belongs to somebody else. */
  async remove(handles: readonly string[]): Promise<void> {
    await inTens(handles, (Entries) =>
      this.#aws.ask('Deleting events from a queue', async () => {
        const command = new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries })
        const { Failed = [] } = await this.#aws.queues.send(command)
        const passing = Failed.find(({ SenderFault }) => SenderFault !== true)
        if (passing !== undefined) throw serverFault(passing.Code)
      }),
    )
  }

  /** Keeps them from others for so long; 0 gives them back. Fulfils with the handles that are out of date. */
  async keep(handles: readonly string[], forMs: number): Promise<ReadonlySet<string>> {
    const lost = new Set<string>()
    const VisibilityTimeout = Math.ceil(forMs / 1_000)
    await inTens(handles, async (ids) => {
      const Entries = ids.map((entry) => ({ ...entry, VisibilityTimeout }))
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries })
      const { Failed = [] } = await this.#aws.queues.send(command)
      for (const { Id, SenderFault } of Failed)
        if (SenderFault === true) lost.add(ids.find((entry) => entry.Id === Id)?.ReceiptHandle ?? '')
    })
    return lost
  }

  async send(body: string, attributes: Readonly<Record<string, string>>): Promise<void> {
    const group = { MessageGroupId: 'tidings', MessageDeduplicationId: randomUUID() }
    const command = new SendMessageCommand({
      QueueUrl: this.url,
      MessageBody: body,
      MessageAttributes: Object.fromEntries(Object.entries(attributes).map(asAttribute)),
      ...(this.#fifo && group),
    })
    await this.#aws.ask('Sending to a queue', () => this.#aws.queues.send(command))
  }
}

function asAttribute([name, StringValue]: [string, string]): [string, MessageAttributeValue] {
  return [name, { DataType: 'String', StringValue }]
}

function receivedOf({
  MessageId,
  ReceiptHandle,
  Body,
  Attributes,
  MessageAttributes,
}: Message): ReceivedMessage {
  const attributes = Object.entries(MessageAttributes ?? {}).flatMap(([name, { StringValue }]) =>
    StringValue === undefined ? [] : [[name, StringValue] as const],
  )
  return {
    id: MessageId ?? '',
    handle: ReceiptHandle ?? '',
    body: Body ?? '',
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
    receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
    attributes: Object.fromEntries(attributes),
  }
}

interface Entry {
  readonly Id: string
  readonly ReceiptHandle: string
}

/** All of them are asked for, also when one request fails. @throws the first failure. */
async function inTens(handles: readonly string[], ask: (entries: Entry[]) => Promise<void>): Promise<void> {
  const requests: Promise<void>[] = []
  for (let from = 0; from < handles.length; from += limits.sqsRequestEntries) {
    const part = handles.slice(from, from + limits.sqsRequestEntries)
    requests.push(ask(part.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))))
  }
  const failed = (await Promise.allSettled(requests)).find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function serverFault(code = 'InternalFailure'): Error {
  return Object.assign(new Error(`SQS says ${code}.`), { name: code, $metadata: { httpStatusCode: 503 } })
}
