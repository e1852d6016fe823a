import type { Catalog } from '../catalog/index.ts'
import { type Config, connectRegistry, TidingsError } from '../index.ts'
import type { SchemaRegistry } from '../schema/index.ts'
import { configurationMissing, readConfiguration, resolvedUrl } from './configuration.ts'
import type { EngineOptions } from './engine.ts'
import type { Io } from './io.ts'

export interface RegistryOptions extends EngineOptions {
  readonly registry?: string
}

export const registryHelp =
  'the schema registry, as http://localhost:8081; by default what the configuration says'

/** Whether a registry is only looked at, so that a file that is not there is an error, or written to. */
export type RegistryUse = 'look' | 'write'

/** Opens the registry that --registry or the configuration names. */
export async function withRegistry<Result>(
  options: RegistryOptions,
  io: Io,
  to: RegistryUse,
  use: (registry: SchemaRegistry, config: Config | undefined) => Promise<Result>,
): Promise<Result> {
  // With --registry alone the configuration is a help, not a need: looking never depends on code that may be broken.
  const needed = options.registry === undefined || options.config !== undefined
  const config = needed ? await readConfiguration(options.config, io.cwd) : undefined
  const url = options.registry === undefined ? config?.registry : resolvedUrl(options.registry, io.cwd)
  if (url === undefined) {
    throw new TidingsError(
      'config_missing',
      'No schema registry is named: give --registry http://localhost:8081, or set registry in the configuration.',
    )
  }
  return using(await openRegistry(url, io, to), (registry) => use(registry, config))
}

/** The catalog of the configuration. @throws `config_missing` */
export async function readCatalog(
  options: EngineOptions,
  { cwd }: Io,
): Promise<Config & { readonly catalog: Catalog }> {
  const config = await readConfiguration(options.config, cwd)
  if (config?.catalog === undefined) throw configurationMissing('What is checked is a catalog.')
  return { ...config, catalog: config.catalog }
}

/** A token has no place on a command line, where others see it. */
export function openRegistry(url: string, { env }: Io, to: RegistryUse): Promise<SchemaRegistry> {
  const token = env['TIDINGS_REGISTRY_TOKEN']
  const create = to === 'write'
  return connectRegistry(url, token === undefined ? { create } : { create, auth: { token } })
}

export async function using<Result>(
  registry: SchemaRegistry,
  use: (registry: SchemaRegistry) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(registry)
  } finally {
    await registry.close()
  }
}
