import type { Catalog } from './catalog/index.ts'
import { checkOptionNames } from './kernel/index.ts'

/** What `tidings.config.ts` says, so that commands need no options. */
export interface Config {
  /** What may be published. Only commands that publish need it. */
  readonly catalog?: Catalog | undefined
  /** The engine, as `connect` takes it: `sqlite:shop.db`. A relative file is beside the configuration. */
  readonly url: string
  readonly namespace?: string | undefined
  /** The outboxes of services by name, each as `connectOutbox` takes it: `{ orders: 'sqlite:orders.db' }`. */
  readonly outboxes?: Readonly<Record<string, string>> | undefined
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
