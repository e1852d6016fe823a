import { type Bus, type Engine, inNamespace } from '../bus/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { type Config, connect, openBus, TidingsError } from '../index.ts'
import type { TransportAdmin } from '../log/index.ts'
import { configurationMissing, readConfiguration, resolvedUrl } from './configuration.ts'
import type { Io } from './io.ts'
import { namesText } from './text.ts'

/** The options of every command. */
export interface EngineOptions {
  readonly url?: string
  readonly config?: string
  readonly namespace?: string
}

/**
 * Opens the engine for looking: it creates nothing. With --url the configuration of the folder is not read, so that
 * looking never depends on code that may be broken.
 */
export async function withEngine<Result>(
  options: EngineOptions,
  { cwd }: Io,
  use: (engine: Engine, catalog: Catalog | undefined) => Promise<Result>,
): Promise<Result> {
  const { url, config } = await namedEngine(options, cwd)
  const engine = await connect(shared(url), { create: false })
  try {
    const namespace = options.namespace ?? config?.namespace
    const seen = inNamespace(engine, namespace)
    if (namespace !== undefined) await checkNamespace(namespace, seen.admin, engine.admin)
    return await use(seen, config?.catalog)
  } finally {
    await engine.close()
  }
}

/** What the options name, or the configuration. @throws `config_missing` */
export async function namedEngine(
  { url, config: file }: EngineOptions,
  cwd: string,
): Promise<{ readonly url: string; readonly config: Config | undefined }> {
  const needed = url === undefined || file !== undefined
  const config = needed ? await readConfiguration(file, cwd) : undefined
  const named = url === undefined ? config?.url : resolvedUrl(url, cwd)
  if (named !== undefined) return { url: named, config }
  throw configurationMissing('No engine is named: give --url sqlite:FILE, or a configuration.')
}

/** @throws `topic_missing` for a namespace that has nothing while others have something: it is mistyped. */
async function checkNamespace(namespace: string, inside: TransportAdmin, all: TransportAdmin): Promise<void> {
  const topics = await all.topics()
  if (topics.length === 0 || (await inside.topics()).length > 0) return
  const names = namesText(topics.map(({ name }) => name))
  throw new TidingsError(
    'topic_missing',
    `Namespace "${namespace}" has no topics. The log has ${names}: what stands before the last name is a namespace.`,
  )
}

/** @throws `url_invalid` for an engine that another process cannot see. */
function shared(url: string): string {
  if (!url.startsWith('memory:')) return url
  throw new TidingsError(
    'url_invalid',
    'memory: is seen by the process that opened it alone, so a command has nothing to look at and nowhere to publish. Name a file, as in --url sqlite:shop.db.',
  )
}

/** Opens a bus for publishing what the catalog of the configuration knows. */
export async function withBus<Result>(
  options: EngineOptions & { readonly source?: string },
  { cwd }: Io,
  use: (bus: Bus, catalog: Catalog) => Promise<Result>,
): Promise<Result> {
  const config = await readConfiguration(options.config, cwd)
  const catalog = config?.catalog
  if (config === undefined || catalog === undefined)
    throw configurationMissing('Events are published through a catalog, which says what is valid.')
  const url = options.url === undefined ? config.url : resolvedUrl(options.url, cwd)
  const transport = await connect(shared(url))
  try {
    const bus = await openBus({
      transport,
      catalog,
      schemaBase: config.schemaBase,
      source: options.source ?? config.source ?? '/tidings/cli',
      namespace: options.namespace ?? config.namespace,
    })
    return await use(bus, catalog)
  } finally {
    await transport.close()
  }
}
