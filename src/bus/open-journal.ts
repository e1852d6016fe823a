import { defaultSchemaBase, type Topic } from '../catalog/index.ts'
import { journalCatalog, journalTopic } from '../journal/index.ts'
import { createIds, systemClock, systemRandom } from '../kernel/index.ts'
import { type Capabilities, capabilityMissing } from '../log/index.ts'
import { Tracing } from '../tracing/index.ts'
import type { BusOptions } from './bus-options.ts'
import type { Engine } from './engine.ts'
import { BusJournal } from './journal.ts'
import { inNamespace } from './namespace.ts'
import { openTopic } from './open-topic.ts'
import { EventMaker } from './publisher.ts'
import { RecordMaker } from './record-maker.ts'

export interface OpenedJournal {
  readonly journal: BusJournal
  close(): Promise<void>
}

/** @throws `capability_missing` for an engine that cannot be read from again. */
export async function openJournalOf<C extends Capabilities>(
  engine: Engine<C>,
  options: BusOptions<C, readonly Topic[]>,
): Promise<OpenedJournal | undefined> {
  const { journal: wanted = false, namespace, source, schemaBase = defaultSchemaBase } = options
  if (wanted === false) return undefined
  const own: Engine = engine
  if (wanted === true && !own.capabilities.replay.start) {
    throw capabilityMissing(
      own.capabilities.name,
      'replay',
      "it keeps no journal that could be read. Name another engine for it: journal: await sqlite('journal.db').",
    )
  }
  const target = wanted === true ? own : inNamespace<Capabilities>(wanted, namespace)
  await openTopic(target.admin, journalTopic)
  const { clock = systemClock, random = systemRandom } = options
  journalCatalog.compile()
  const ids = createIds(clock, random)
  const tracing = new Tracing({ system: engine.capabilities.name, clock, random, telemetry: undefined })
  const events = new EventMaker({ catalog: journalCatalog, source, schemaBase, clock, random, ids, tracing })
  const maker = new RecordMaker(events, journalCatalog, target.capabilities)
  const journal = new BusJournal({ engine: target, maker, service: source, clock })
  const close = async (): Promise<void> => {
    if (wanted !== true) await target.close()
  }
  return { journal, close }
}
