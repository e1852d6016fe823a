import { expect, test } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import { type Answer, CloudProxy, type PassingRequest } from './cloud-proxy.fixture.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'
import { busUrl, describeOnMoto } from './moto.fixture.ts'

const isPutEvents = ({ target }: PassingRequest): boolean => target === 'AWSEvents.PutEvents'

interface Entry {
  readonly Detail: string
}

/** How the events of a test, a group that sees them, and what happens to requests are put together. */
async function through(
  answer: (request: PassingRequest, nth: number) => Answer,
  events: number,
): Promise<{ readonly seen: readonly number[]; readonly requests: readonly number[] }> {
  await using proxy = await CloudProxy.open()
  await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }) })
  const seen: number[] = []
  const requests: number[] = []
  const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.push(event.data.number))
  const running = group.run()
  await group.joined()
  proxy.answer = (request) => {
    if (!isPutEvents(request)) return undefined
    requests.push((JSON.parse(request.body.toString()).Entries as Entry[]).length)
    return answer(request, requests.length)
  }
  await publish(ground, 0, events)
  await until('all are through', () => new Set(seen).size === events)
  await group.stop()
  await running
  return { seen, requests }
}

describeOnMoto('Publishing to EventBridge', () => {
  test('fills requests: a tenth of a request for each event, however they are published', async () => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }) })
    const requests: number[] = []
    proxy.answer = (request) => {
      if (!isPutEvents(request)) return undefined
      const entries = JSON.parse(request.body.toString()).Entries as Entry[]
      requests.push(entries.length)
      return { status: 200, body: { FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: '1' })) } }
    }
    await publish(ground, 0, 1_000)
    const one = (number: number): Promise<void> => ground.bus.publish(placed, { number })
    await Promise.all(Array.from({ length: 1_000 }, (_, number) => one(number)))
    expect(requests.reduce((sum, entries) => sum + entries, 0)).toBe(2_000)
    expect(requests.length / 2_000).toBeLessThanOrEqual(0.11)
  })

  test('sends again when it is throttled', async () => {
    const throttled = { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }
    const { seen } = await through((_, nth) => (nth <= 3 ? throttled : undefined), 100)
    expect(seen.length).toBe(100)
  })

  test('sends again the entries that were not taken, and no others', async () => {
    const taken: string[] = []
    const { requests } = await through(({ body }, nth) => {
      if (nth > 1) return undefined
      // Said to be taken are the others: they are not passed on, so none of them is seen unless it is sent again.
      const entries = JSON.parse(body.toString()).Entries as Entry[]
      taken.push(...entries.map(({ Detail }) => Detail))
      return {
        status: 200,
        body: {
          FailedEntryCount: entries.length,
          Entries: entries.map((__, index) => ({
            ErrorCode: index % 2 === 0 ? 'ThrottlingException' : 'InternalFailure',
            ErrorMessage: 'Later.',
          })),
        },
      }
    }, 25)
    expect(taken).toHaveLength(10)
    expect(requests.reduce((sum, entries) => sum + entries, 0)).toBe(35)
  })

  test('names the entries that are refused, and takes the rest', async () => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }) })
    proxy.answer = (request) =>
      isPutEvents(request)
        ? {
            status: 200,
            body: {
              FailedEntryCount: 1,
              Entries: [
                { EventId: '1' },
                { ErrorCode: 'InvalidArgument', ErrorMessage: 'No.' },
                { EventId: '3' },
              ],
            },
          }
        : undefined
    const publishing = ground.bus.publishAll([1, 2, 3].map((number) => placed.create({ number })))
    const failed = await publishing.catch((error: unknown) => error)
    expect(
      isTidingsError(failed, 'publish_failed') && failed.details.failed.map(({ index }) => index),
    ).toEqual([1])
  })

  test('fails when its time is over, and says what it waited for', async () => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }), deliveryMs: 500 })
    await proxy.refuse()
    await expect(ground.bus.publish(placed, { number: 1 })).rejects.toMatchObject({
      code: 'publish_failed',
      message: expect.stringContaining('EventBridge has not taken it within 500 ms'),
    })
    await proxy.accept()
  })
})

describeOnMoto('An event that EventBridge would refuse', () => {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/orders',
    type: 'com.example.orders.placed',
    data: 1,
  } as const
  test.each([
    ['with a type of more than 128 characters', { type: 'x'.repeat(129) }, 'event_invalid'],
    ['with a source of AWS', { source: 'aws.orders' }, 'event_invalid'],
    ['of more than 256 KiB', { data: 'x'.repeat(262_144) }, 'event_too_large'],
  ])('%s is refused before it is sent', async (_, fields, code) => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }) })
    const topic = `${ground.namespace}.orders`
    const record = { topic, partition: 0, event: { ...event, ...fields }, notBefore: undefined }
    await expect(ground.transport.publish([record], { tx: undefined })).rejects.toMatchObject({ code })
    expect(proxy.passed.get('PutEvents')).toBeUndefined()
  })

  test('is one that fits to the byte when it is not', async () => {
    await using ground = await openGround()
    const topic = `${ground.namespace}.orders`
    const sent = (length: number): Promise<void> => {
      const record = {
        topic,
        partition: 0,
        event: { ...event, data: 'x'.repeat(length) },
        notBefore: undefined,
      }
      return ground.transport.publish([record], { tx: undefined })
    }
    const rest = JSON.stringify({ ...event, data: '' }).length + event.source.length + event.type.length
    const most = 262_144 - rest - `tidings:${topic}/0`.length
    await sent(most)
    await expect(sent(most + 1)).rejects.toMatchObject({ code: 'event_too_large' })
  })
})

/** As the SDK says that it finds none. */
async function credentials(): Promise<never> {
  throw Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  })
}

describeOnMoto('Opening EventBridge', () => {
  test.each([
    ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
    ['ExpiredTokenException', 'The security token included in the request is expired'],
  ])('is refused with credentials that are wrong or expired: %s', async (name, message) => {
    await using proxy = await CloudProxy.open()
    proxy.answer = () => ({ status: 400, body: { __type: name, message } })
    await expect(openGround({ url: busUrl({ endpoint: proxy.url }) })).rejects.toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining(name),
    })
  })

  test('is refused without credentials', async () => {
    await expect(openGround({ credentials })).rejects.toMatchObject({ code: 'access_denied' })
  })

  test('says when nobody answers', { timeout: 30_000 }, async () => {
    await using proxy = await CloudProxy.open()
    await proxy.refuse()
    await expect(openGround({ url: busUrl({ endpoint: proxy.url }) })).rejects.toMatchObject({
      code: 'engine_unreachable',
    })
    await proxy.accept()
  })
})

describeOnMoto('Credentials that expire while a program runs', () => {
  test('fail what is published, and members go on once there are others', async () => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }) })
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 10)
    await until('the first are through', () => seen.size === 10)
    proxy.answer = () => ({
      status: 400,
      body: { __type: 'ExpiredTokenException', message: 'It is expired.' },
    })
    await expect(ground.bus.publish(placed, { number: 10 })).rejects.toMatchObject({
      code: 'publish_failed',
      cause: expect.objectContaining({ code: 'access_denied' }),
    })
    proxy.answer = () => undefined
    await publish(ground, 10, 20)
    await until('the others are through', () => seen.size === 20)
    await group.stop()
    await running
  })
})
