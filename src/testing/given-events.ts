import type { DeliveryOf, DeliveryReport, Publisher } from '../bus/index.ts'
import type {
  Catalog,
  EventSelector,
  NewEvent,
  Opened,
  Topic,
  TypesOf,
  VersionedEvent,
} from '../catalog/index.ts'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import { type Harness, harness } from './harness.ts'
import { readTopics } from './read-topics.ts'

/** What one handler did with the events that were given. */
export interface HandlerOutcome {
  /** The events that it published. */
  readonly published: readonly CloudEvent[]
  /** Deliveries that it finished, and those that it did not: each event has one attempt. */
  readonly handled: readonly DeliveryReport[]
  readonly failed: readonly DeliveryReport[]
  /** What it threw first. */
  readonly error: Error | undefined
}

export interface GivenEvents<in Types extends string> {
  /**
   * Runs one handler as a group would: events are checked, brought to the selected version, and handed over in order per
   * key. Its second argument publishes. The promise's `then` takes the expectation.
   */
  when<Selected extends VersionedEvent>(
    selector: EventSelector<Selected> & Opened<Selected['event']['type'], Types>,
    handler: (delivery: DeliveryOf<Selected, never>, publisher: Publisher<Types>) => unknown,
  ): Promise<HandlerOutcome>
}

/** A test of one handler, on a bus of its own. */
export function givenEvents<const Topics extends readonly Topic[]>(
  catalog: Catalog<Topics>,
  events: readonly NewEvent<TypesOf<Catalog<Topics>>>[],
): GivenEvents<TypesOf<Catalog<Topics>>> {
  const named = events.map((event, index) => ({ ...event, id: event.id ?? `given-${index + 1}` }))
  const ids = new Set(named.map(({ id }) => id))
  return {
    async when(selector, handler) {
      await using opened = await harness({
        catalog,
        groups: (bus) => [
          bus.group('handler', { retry: { attempts: 1 } }).on(selector, (delivery) => handler(delivery, bus)),
        ],
      })
      await opened.publishAll(named)
      await opened.settled()
      return outcomeOf(opened, await publishedBeside(opened, ids))
    },
  }
}

function outcomeOf({ handled, failed }: Harness<never>, published: readonly CloudEvent[]): HandlerOutcome {
  return { published, handled, failed, error: failed[0]?.error }
}

/** The events in the log that were not given. */
async function publishedBeside(
  { bus }: Harness<never>,
  ids: ReadonlySet<string>,
): Promise<readonly CloudEvent[]> {
  const names = new Set((await bus.admin.topics()).map(({ name }) => name))
  const events = (await readTopics(bus.admin, names)).map(({ encoded }) => decodeEvent(encoded))
  return events.filter(({ id }) => !ids.has(id))
}
