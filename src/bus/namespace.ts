import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
  deadLetterId,
  firstPage,
} from '../dead-letter/index.ts'
import { checkName, isTidingsError } from '../kernel/index.ts'
import {
  type Assignment,
  type Capabilities,
  type Fence,
  type GroupPart,
  groupMissing,
  type Subscription,
  type TransportAdmin,
} from '../log/index.ts'
import type { Engine } from './engine.ts'

/**
 * An engine as one namespace sees it: every topic and group it names is called `<namespace>.<name>` on the engine, so
 * that two environments share one without seeing each other. Everything above uses the plain names.
 */
export function inNamespace<C extends Capabilities>(
  engine: Engine<C>,
  namespace: string | undefined,
): Engine<C> {
  if (namespace === undefined) return engine
  checkName('A namespace', namespace)
  const names = new Names(namespace)
  return {
    capabilities: engine.capabilities,
    publish: (records, options) =>
      engine.publish(
        records.map((record) => ({ ...record, topic: names.outside(record.topic) })),
        options,
      ),
    subscribe: async (request) => {
      const topics = request.topics.map((topic) => names.outside(topic))
      return namedSubscription(
        names,
        await engine.subscribe({ ...request, group: names.outside(request.group), topics }),
      )
    },
    admin: namedAdmin(names, engine.admin),
    deadLetters: namedDeadLetters(names, engine.deadLetters),
    probe: async (topics) => {
      const { version, durability } = await engine.probe(topics.map((topic) => names.outside(topic)))
      const inside = durability.map((each) => ({
        ...each,
        topics: each.topics.map((topic) => names.inside(topic)),
      }))
      return { version, durability: inside }
    },
    close: () => engine.close(),
  }
}

class Names {
  readonly #prefix: string

  constructor(namespace: string) {
    this.#prefix = `${namespace}.`
  }

  outside(name: string): string {
    return this.#prefix + name
  }

  has(name: string): boolean {
    return name.startsWith(this.#prefix)
  }

  inside(name: string): string {
    return name.slice(this.#prefix.length)
  }
}

function namedSubscription(names: Names, subscription: Subscription): Subscription {
  const inside = new WeakMap<Assignment, Assignment>()
  const outside = new WeakMap<Assignment, Assignment>()
  const insideOf = (assignment: Assignment): Assignment => {
    const known = inside.get(assignment)
    if (known !== undefined) return known
    const named = { ...assignment, topic: names.inside(assignment.topic) }
    inside.set(assignment, named)
    outside.set(named, assignment)
    return named
  }
  const outsideOf = (assignment: Assignment): Assignment => outside.get(assignment) ?? assignment
  return {
    get assigned() {
      return subscription.assigned.map(insideOf)
    },
    commit: async (progress) => {
      const refused = await subscription.commit(
        progress.map((each) => ({ ...each, assignment: outsideOf(each.assignment) })),
      )
      return refused.map(insideOf)
    },
    pause: (assignment) => subscription.pause(outsideOf(assignment)),
    resume: (assignment) => subscription.resume(outsideOf(assignment)),
    release: (assignment) => subscription.release(outsideOf(assignment)),
    close: () => subscription.close(),
    async *[Symbol.asyncIterator]() {
      for await (const { assignment, records } of subscription) {
        const named = insideOf(assignment)
        yield { assignment: named, records: records.map((record) => ({ ...record, topic: named.topic })) }
      }
    },
  }
}

function namedAdmin(names: Names, admin: TransportAdmin): TransportAdmin {
  /** @throws `group_missing` in the names of the namespace. */
  const checkGroup = async (group: string): Promise<void> => {
    const known = (await admin.groups()).filter((each) => names.has(each.group))
    const inside = known.map((each) => names.inside(each.group))
    if (!inside.includes(group)) throw groupMissing(group, inside)
  }
  return {
    topics: async () =>
      (await admin.topics())
        .filter((topic) => names.has(topic.name))
        .map((topic) => ({
          ...topic,
          name: names.inside(topic.name),
          bounds: topic.bounds.map((each) => ({ ...each, topic: names.inside(each.topic) })),
        })),
    createTopic: async (topic) => ({
      ...(await admin.createTopic({ ...topic, name: names.outside(topic.name) })),
      name: topic.name,
    }),
    groups: async () =>
      (await admin.groups())
        .filter(({ group }) => names.has(group))
        .map((info) => ({
          ...info,
          group: names.inside(info.group),
          topics: info.topics.map((topic) => names.inside(topic)),
          paused: info.paused.map((part) => partOf(part, (topic) => names.inside(topic))),
          members: info.members.map(({ member, partitions }) => ({
            member,
            partitions: partitions.map((each) => ({ ...each, topic: names.inside(each.topic) })),
          })),
        })),
    lag: async (group) => {
      const lags = await admin.lag(group && names.outside(group)).catch(async (error: unknown) => {
        if (group !== undefined && isTidingsError(error, 'group_missing')) await checkGroup(group)
        throw error
      })
      return lags
        .filter((each) => names.has(each.group))
        .map((each) => ({ ...each, group: names.inside(each.group), topic: names.inside(each.topic) }))
    },
    seek: async (group, topic, to, options) => {
      await checkGroup(group)
      return admin.seek(names.outside(group), names.outside(topic), to, options)
    },
    pause: async (group, part = {}) => {
      await checkGroup(group)
      return admin.pause(
        names.outside(group),
        partOf(part, (topic) => names.outside(topic)),
      )
    },
    resume: async (group, part = {}) => {
      await checkGroup(group)
      return admin.resume(
        names.outside(group),
        partOf(part, (topic) => names.outside(topic)),
      )
    },
    forget: async (group) => {
      await checkGroup(group)
      return admin.forget(names.outside(group))
    },
    read: async (topic, partition, from, limit) =>
      (await admin.read(names.outside(topic), partition, from, limit)).map((record) => ({
        ...record,
        topic,
      })),
    offsetOf: (topic, partition, place) => admin.offsetOf(names.outside(topic), partition, place),
    truncate: (topic, partition, before) => admin.truncate(names.outside(topic), partition, before),
    watch: (changed) => admin.watch(changed),
  }
}

function partOf(part: GroupPart, name: (topic: string) => string): GroupPart {
  return part.topic === undefined ? part : { ...part, topic: name(part.topic) }
}

function namedDeadLetters(names: Names, store: DeadLetterStore): DeadLetterStore {
  const outward = (letter: DeadLetter): DeadLetter => renamed(letter, (name) => names.outside(name))
  const inward = (letter: DeadLetter): DeadLetter => renamed(letter, (name) => names.inside(name))
  const ownerOutside = (owner: Fence): Fence => ({
    ...owner,
    group: names.outside(owner.group),
    topic: names.outside(owner.topic),
  })
  const idOutside = (id: string): string => mapId(id, (name) => names.outside(name))
  const idInside = (id: string): string => mapId(id, (name) => names.inside(name))
  const filterOutside = (filter: DeadLetterFilter = {}): DeadLetterFilter => ({
    ...filter,
    group: filter.group && names.outside(filter.group),
    topic: filter.topic && names.outside(filter.topic),
    groupPrefix: names.outside(filter.groupPrefix ?? ''),
  })
  return {
    put: (owner, entries) => store.put(ownerOutside(owner), entries.map(outward)),
    resolve: (owner, id) => store.resolve(ownerOutside(owner), idOutside(id)),
    open: async (group, topic, partition, states) => {
      const places = await store.open(names.outside(group), names.outside(topic), partition, states)
      return places.map((place) => ({ ...place, id: idInside(place.id) }))
    },
    request: async (ids) => (await store.request(ids.map(idOutside))).map(idInside),
    discard: (id, reason) => store.discard(idOutside(id), reason),
    get: async (id) => {
      const letter = await store.get(idOutside(id))
      return letter && inward(letter)
    },
    list: async (filter, page = firstPage) => {
      const { entries, next } = await store.list(filterOutside(filter), {
        ...page,
        after: page.after && idOutside(page.after),
      })
      return { entries: entries.map(inward), next: next && idInside(next) }
    },
    count: (filter) => store.count(filterOutside(filter)),
    watch: (changed) => store.watch(changed),
  }
}

function renamed(letter: DeadLetter, rename: (name: string) => string): DeadLetter {
  const { partition, offset } = letter
  const [group, topic] = [rename(letter.group), rename(letter.topic)]
  return { ...letter, group, topic, id: deadLetterId(group, { topic, partition, offset }) }
}

/** Names have no slash, so an id is its group, topic, partition and offset between slashes. */
function mapId(id: string, rename: (name: string) => string): string {
  const [group = '', topic = '', ...rest] = id.split('/')
  return [rename(group), rename(topic), ...rest].join('/')
}
