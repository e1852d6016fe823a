import type { Catalog } from './catalog/index.ts'

/** What `tidings.config.ts` says, so that commands need no options. */
export interface Config {
  readonly catalog: Catalog
  /** The engine, as `connect` takes it: `sqlite:shop.db`. A relative file is beside the configuration. */
  readonly url: string
  readonly namespace?: string | undefined
  /** The CloudEvents `source` of what the CLI publishes without one of its own. */
  readonly source?: string | undefined
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
}

/** Gives a configuration its type: `export default defineConfig({ … })`. */
export function defineConfig(config: Config): Config {
  return config
}
