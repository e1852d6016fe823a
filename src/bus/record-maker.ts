import type { Catalog, EventDefinition, NewEvent } from '../catalog/index.ts'
import { type CloudEvent, causedBy } from '../event/index.ts'
import type { Capabilities, OutgoingRecord } from '../log/index.ts'
import {
  type CheckedBatch,
  type CheckedOptions,
  checkBatch,
  checkMade,
  checkPublish,
  notBeforeMs,
} from './publish-options.ts'
import type { EventMaker } from './publisher.ts'

/** From what a caller publishes to the records of an engine: all of it is checked here, for the bus and its outboxes. */
export class RecordMaker {
  readonly #maker: EventMaker
  readonly #catalog: Catalog
  readonly #capabilities: Capabilities

  constructor(maker: EventMaker, catalog: Catalog, capabilities: Capabilities) {
    this.#maker = maker
    this.#catalog = catalog
    this.#capabilities = capabilities
  }

  one(
    definition: EventDefinition,
    data: unknown,
    options: CheckedOptions & { readonly tx?: unknown },
  ): OutgoingRecord {
    checkPublish(definition, options)
    const { tx: _tx, notBefore, causedBy: cause, ...attributes } = options
    return this.#record(definition.create(data, attributes), { notBefore, causedBy: cause })
  }

  /** @param call what the caller called, for errors. */
  many(call: string, events: readonly NewEvent[], options: CheckedBatch): readonly OutgoingRecord[] {
    checkBatch(call, events, options)
    return events.map((made, index) => {
      checkMade(call, made, index)
      return this.#record(made, options)
    })
  }

  /** Whole CloudEvents, from elsewhere: id, source and time stay. */
  whole(call: string, events: readonly CloudEvent[]): readonly OutgoingRecord[] {
    checkBatch(call, events, {})
    return events.map((event) => this.#maker.recordOf(event, undefined))
  }

  #record(made: NewEvent, { notBefore, causedBy: cause }: CheckedBatch): OutgoingRecord {
    const definition = this.#catalog.definitionOf(made.type)
    const notBeforeOrNow = notBeforeMs(notBefore, this.#capabilities)
    return this.#maker.record(definition, cause ? withCause(made, cause) : made, notBeforeOrNow)
  }
}

function withCause(made: NewEvent, cause: CloudEvent): NewEvent {
  const { correlationid, causationid } = causedBy(cause)
  return {
    ...made,
    correlationid: made.correlationid ?? correlationid,
    causationid: made.causationid ?? causationid,
  }
}
