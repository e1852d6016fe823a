import { type Bus, type Engine, inNamespace } from '../bus/index.ts'
import { connect, openBus } from '../index.ts'
import { configurationMissing, readConfiguration, resolvedUrl } from './configuration.ts'
import type { Io } from './io.ts'

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
  use: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const needed = options.url === undefined || options.config !== undefined
  const config = needed ? await readConfiguration(options.config, cwd) : undefined
  const url = options.url === undefined ? config?.url : resolvedUrl(options.url, cwd)
  if (url === undefined)
    throw configurationMissing('No engine is named: give --url sqlite:FILE, or a configuration.')
  const engine = await connect(url, { create: false })
  try {
    return await use(inNamespace(engine, options.namespace ?? config?.namespace))
  } finally {
    await engine.close()
  }
}

/** Opens a bus for publishing what the catalog of the configuration knows. */
export async function withBus<Result>(
  options: EngineOptions & { readonly source?: string },
  { cwd }: Io,
  use: (bus: Bus, catalog: Parameters<typeof openBus>[0]['catalog']) => Promise<Result>,
): Promise<Result> {
  const config = await readConfiguration(options.config, cwd)
  if (config === undefined) {
    throw configurationMissing('Events are published through a catalog, which says what is valid.')
  }
  const { catalog, schemaBase } = config
  const transport = await connect(options.url === undefined ? config.url : resolvedUrl(options.url, cwd))
  try {
    const bus = await openBus({
      transport,
      catalog,
      schemaBase,
      source: options.source ?? config.source ?? '/tidings/cli',
      namespace: options.namespace ?? config.namespace,
    })
    return await use(bus, catalog)
  } finally {
    await transport.close()
  }
}
