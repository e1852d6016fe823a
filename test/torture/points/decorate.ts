import type { InboxStore } from '../../../src/inbox/index.ts'
import type { Batch, Subscription } from '../../../src/log/index.ts'
import type { OutboxStore } from '../../../src/outbox/index.ts'
import type { SqliteEngine } from '../../../src/sqlite/index.ts'
import type { Striker } from './strike.ts'

/** Calls of ports as steps: each named method of the object, under the name of its point. */
function steps<Target extends object>(
  target: Target,
  points: Readonly<Record<string, string>>,
  striker: Striker,
): Target {
  return new Proxy(target, {
    get(of, name): unknown {
      const member: unknown = Reflect.get(of, name)
      if (typeof member !== 'function') return member
      const point = points[String(name)]
      if (point === undefined) return member.bind(of)
      return (...given: unknown[]) => striker.step(point, () => Reflect.apply(member, of, given) as unknown)
    },
  })
}

export function withOutboxSteps<Store extends OutboxStore>(store: Store, striker: Striker): Store {
  return steps(store, { lead: 'lead', claim: 'claim', settle: 'settle', resign: 'resign' }, striker)
}

export function withInboxSteps<Transact>(
  inbox: InboxStore<Transact>,
  striker: Striker,
): InboxStore<Transact> {
  const looked = steps(inbox, { handled: 'look up' }, striker)
  return {
    handled: (...given) => looked.handled(...given),
    record: (claim) => inbox.record(claim),
    prune: (...given) => inbox.prune(...given),
    close: () => inbox.close(),
    transaction(claim) {
      const transact = inbox.transaction(claim)
      if (typeof transact !== 'function') return transact
      const step = (...given: unknown[]): unknown =>
        striker.step('transact', () => Reflect.apply(transact, undefined, given) as unknown)
      return step as Transact
    },
  }
}

/** In place: the engine is handed on as it is. */
export function addEngineSteps(engine: SqliteEngine, striker: Striker): void {
  const publish = engine.publish.bind(engine)
  const subscribe = engine.subscribe.bind(engine)
  engine.publish = (...given) => striker.step('publish', () => publish(...given))
  engine.subscribe = async (request) => {
    const subscription = await striker.step('join', () => subscribe(request))
    return withSubscriptionSteps(subscription, striker)
  }
}

function withSubscriptionSteps(subscription: Subscription, striker: Striker): Subscription {
  const points = { commit: 'commit progress', close: 'leave' }
  const named = steps(subscription, points, striker)
  return new Proxy(named, {
    get(of, name): unknown {
      return name === Symbol.asyncIterator ? () => deliveries(subscription, striker) : Reflect.get(of, name)
    },
  })
}

async function* deliveries(subscription: Subscription, striker: Striker): AsyncGenerator<Batch> {
  const batches = subscription[Symbol.asyncIterator]()
  for (;;) {
    const next = await striker.step('deliver', async () => batches.next())
    if (next.done) return
    yield next.value
  }
}
