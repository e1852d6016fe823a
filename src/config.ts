import type { Catalog } from './catalog/index.ts'
import { checkOptionNames } from './kernel/index.ts'
import type { Aggregate, Decider, Projection, StreamDefinition } from './streams/index.ts'

/** What shows a stream: its definition, a decider or the class of its aggregates, which also show state. */
export type StreamSubject =
  // oxlint-disable-next-line typescript/no-explicit-any -- of all events
  | StreamDefinition<string, any>
  // oxlint-disable-next-line typescript/no-explicit-any -- of all states, commands and events
  | Decider<any, any, any>
  // oxlint-disable-next-line typescript/no-explicit-any -- of all events
  | { readonly stream: StreamDefinition<string, any>; readonly aggregate: new (id: string) => Aggregate<any> }

/** The streams of a service. */
export interface StreamsConfig {
  /** Where they are, as `connectStreams` takes it: `sqlite:orders.db`. A relative file is beside the configuration. */
  readonly url: string
  readonly of: readonly StreamSubject[]
}

/** The read models of a service. */
export interface ProjectionsConfig {
  /** Where they are, as `connectProjections` takes it. */
  readonly url: string
  /** Where the events are that they are made of, as `connectStreams` takes it. */
  readonly streams: string
  // oxlint-disable-next-line typescript/no-explicit-any -- of all databases
  readonly of: readonly Projection<any>[]
}

/** What `tidings.config.ts` says, so that commands need no options. */
export interface Config {
  /** What may be published. Only commands that publish need it. */
  readonly catalog?: Catalog | undefined
  /** The engine, as `connect` takes it: `sqlite:shop.db`. A relative file is beside the configuration. */
  readonly url: string
  readonly namespace?: string | undefined
  /** The outboxes of services by name, each as `connectOutbox` takes it: `{ orders: 'sqlite:orders.db' }`. */
  readonly outboxes?: Readonly<Record<string, string>> | undefined
  /** For `tidings streams`. */
  readonly streams?: readonly StreamsConfig[] | undefined
  /** For `tidings projections`. */
  readonly projections?: readonly ProjectionsConfig[] | undefined
  /** The schema registry, as `connectRegistry` takes it. */
  readonly registry?: string | undefined
  /** The CloudEvents `source` of what the CLI publishes without one of its own. */
  readonly source?: string | undefined
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
}

const optionNames = {
  catalog: true,
  url: true,
  namespace: true,
  outboxes: true,
  streams: true,
  projections: true,
  registry: true,
  source: true,
  schemaBase: true,
} as const satisfies Record<keyof Config, true>

/**
 * Gives a configuration its type: `export default defineConfig({ … })`.
 * @throws `option_invalid` for an option that is not known.
 */
export function defineConfig(config: Config): Config {
  checkOptionNames('The configuration', config, optionNames)
  return config
}
