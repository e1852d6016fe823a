import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import { limits } from '../kernel/index.ts'
import type { Aws } from './aws.ts'
import { isAbsent } from './aws-errors.ts'

export interface NewQueue {
  readonly name: string
  readonly fifo: boolean
  /** Undefined: as long as SQS keeps anything. */
  readonly retentionMs: number | undefined
  /** Rules that may send to it. */
  readonly ruleArns: readonly string[]
}

export interface FoundQueue {
  readonly url: string
  readonly arn: string
}

/** Undefined where there is none. */
export async function findQueue(aws: Aws, name: string, owner?: string): Promise<FoundQueue | undefined> {
  const request = { QueueName: name, ...(owner !== undefined && { QueueOwnerAWSAccountId: owner }) }
  return orAbsent(() =>
    aws.ask(`Looking for queue ${name}`, async () => {
      const { QueueUrl: url = '' } = await aws.queues.send(new GetQueueUrlCommand(request))
      return found(aws, url)
    }),
  )
}

/** The queue of an ARN. */
export function queueOfArn(aws: Aws, arn: string): Promise<FoundQueue | undefined> {
  const [, , , , owner, name = ''] = arn.split(':')
  return findQueue(aws, name, owner)
}

/** A queue by its URL. @throws `option_invalid` for one that is not there. */
export function givenQueue(aws: Aws, url: string): Promise<FoundQueue> {
  return aws.ask(`Looking at the given queue ${url}`, () => found(aws, url))
}

async function found(aws: Aws, url: string): Promise<FoundQueue> {
  const { QueueArn: arn = '' } = await attributes(aws, url, ['QueueArn'])
  return { url, arn }
}

async function attributes(
  aws: Aws,
  url: string,
  names: QueueAttributeName[],
): Promise<Partial<Record<QueueAttributeName, string>>> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names })
  return (await aws.queues.send(command)).Attributes ?? {}
}

/** SQS takes no name again for a minute that a queue had which was deleted: that is waited for. */
export async function createQueue(aws: Aws, queue: NewQueue): Promise<FoundQueue> {
  const create = async (): Promise<FoundQueue> => {
    const command = new CreateQueueCommand({ QueueName: queue.name, Attributes: attributesOf(queue) })
    const { QueueUrl: url = '' } = await aws.queues.send(command)
    return found(aws, url)
  }
  const created = await aws.ask(`Creating queue ${queue.name}`, create, limits.sqsDeletedMs)
  if (queue.ruleArns.length === 0) return created
  // Whom it takes events from names its own ARN.
  await aws.ask(`Opening queue ${queue.name} to its rule`, () =>
    aws.queues.send(
      new SetQueueAttributesCommand({
        QueueUrl: created.url,
        Attributes: { Policy: policyOf(created, queue) },
      }),
    ),
  )
  return created
}

function attributesOf({ fifo, retentionMs = limits.sqsRetentionMs }: NewQueue): Record<string, string> {
  const { sqsRetentionMs, sqsLeastRetentionMs } = limits
  const keptMs = Math.min(sqsRetentionMs, Math.max(sqsLeastRetentionMs, retentionMs))
  return {
    MessageRetentionPeriod: String(Math.ceil(keptMs / 1_000)),
    VisibilityTimeout: String(limits.sqsVisibilityMs / 1_000),
    // EventBridge sends no ids of its own to a FIFO queue.
    ...(fifo && { FifoQueue: 'true', ContentBasedDeduplication: 'true' }),
  }
}

function policyOf({ arn }: FoundQueue, { ruleArns }: NewQueue): string {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: arn,
    Condition: { ArnEquals: { 'aws:SourceArn': ruleArns } },
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

/** How many wait in a queue or are in somebody's hands, as far as SQS knows. A queue that is not there has none. */
export async function countIn(aws: Aws, url: string): Promise<number> {
  const counts = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const satisfies QueueAttributeName[]
  const said = await orAbsent(() => aws.ask('Counting in a queue', () => attributes(aws, url, [...counts])))
  return counts.reduce((sum, name) => sum + Number(said?.[name] ?? 0), 0)
}

export async function purgeQueue(aws: Aws, url: string): Promise<void> {
  await aws.ask(
    'Emptying a queue',
    () => aws.queues.send(new PurgeQueueCommand({ QueueUrl: url })),
    limits.sqsDeletedMs,
  )
}

export async function deleteQueue(aws: Aws, url: string): Promise<void> {
  await orAbsent(() =>
    aws.ask('Deleting a queue', () => aws.queues.send(new DeleteQueueCommand({ QueueUrl: url }))),
  )
}

/** Undefined for what is not there. */
async function orAbsent<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && isAbsent(error.cause)) return undefined
    throw error
  }
}
