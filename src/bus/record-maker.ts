import type { Catalog, EventDefinition, NewEvent } from '../catalog/index.ts'
import { type CloudEvent, currentFlow, currentTrace, type Flow, runInFlow } from '../event/index.ts'
import type { Capabilities } from '../log/index.ts'
import {
  type CheckedBatch,
  type CheckedOptions,
  checkBatch,
  checkMade,
  checkPublish,
  notBeforeMs,
} from './publish-options.ts'
import type { CreatedRecord, EventMaker, Publishing } from './publisher.ts'

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
    operation: Publishing['operation'],
  ): CreatedRecord {
    checkPublish(definition, options)
    const { tx: _tx, notBefore, causedBy: cause, ...attributes } = options
    return this.#record(definition.create(data, attributes), { notBefore, causedBy: cause }, operation)
  }

  /** @param call what the caller called, for errors. */
  many(call: string, events: readonly NewEvent[], options: CheckedBatch): readonly CreatedRecord[] {
    checkBatch(call, events, options)
    const inTrace = tracesOf(events)
    return events.map((made, index) => {
      checkMade(call, made, index)
      return inTrace(made, () => this.#record(made, options, 'create'))
    })
  }

  /** Whole CloudEvents, from elsewhere: id, source and time stay. */
  whole(call: string, events: readonly CloudEvent[]): readonly CreatedRecord[] {
    checkBatch(call, events, {})
    const publishing = { notBefore: undefined, operation: 'create', cause: undefined } as const
    return events.map((event) => this.#maker.recordOf(event, publishing))
  }

  #record(
    made: NewEvent,
    { notBefore, causedBy: cause }: CheckedBatch,
    operation: Publishing['operation'],
  ): CreatedRecord {
    const definition = this.#catalog.definitionOf(made.type)
    const notBeforeOrNow = notBeforeMs(notBefore, this.#capabilities)
    return this.#maker.record(definition, made, { notBefore: notBeforeOrNow, operation, cause })
  }
}

type InTrace = <Result>(made: NewEvent, make: () => Result) => Result

/**
 * Where no trace is at work, events of one call that are of the same flow begin one together: what an aggregate tells
 * others in one append is not torn apart.
 */
function tracesOf(events: readonly NewEvent[]): InTrace {
  const isInFlow = currentFlow() !== undefined || currentTrace() !== undefined
  if (events.length < 2 || isInFlow) return (_made, make) => make()
  const begun = new Map<string, Flow>()
  return ({ correlationid }, make) => {
    if (correlationid === undefined) return make()
    const flow = begun.get(correlationid) ?? { cause: undefined, trace: undefined }
    begun.set(correlationid, flow)
    return runInFlow(flow, make)
  }
}
