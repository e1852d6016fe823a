import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Config, defineConfig, isTidingsError, TidingsError } from '../index.ts'

const fileName = 'tidings.config.ts'

/** Reads a configuration: the file named, else `tidings.config.ts` of the folder. A relative SQLite file is beside it. */
export async function readConfiguration(named: string | undefined, cwd: string): Promise<Config | undefined> {
  const file = configurationFile(named, cwd)
  if (existsSync(file)) {
    const config = checked(file, await load(file))
    const { registry, outboxes = {}, streams = [], projections = [] } = config
    const folder = dirname(file)
    return {
      ...config,
      url: resolvedUrl(config.url, folder),
      outboxes: Object.fromEntries(
        Object.entries(outboxes).map(([name, url]) => [name, resolvedUrl(url, folder)]),
      ),
      streams: streams.map((each) => ({ ...each, url: resolvedUrl(each.url, folder) })),
      projections: projections.map((each) => ({
        ...each,
        url: resolvedUrl(each.url, folder),
        streams: resolvedUrl(each.streams, folder),
      })),
      registry: registry === undefined ? undefined : resolvedUrl(registry, folder),
    }
  }
  if (named === undefined) return undefined
  throw new TidingsError('config_missing', `There is no file ${file}. Check what --config names.`)
}

/** Where the configuration is, whether it is there or not. */
export function configurationFile(named: string | undefined, cwd: string): string {
  return resolve(cwd, named ?? fileName)
}

/** @throws `config_missing`, saying what to do about it. */
export function configurationMissing(reason: string): TidingsError {
  return new TidingsError(
    'config_missing',
    `${reason} Write a ${fileName} in this folder (\`export default defineConfig({ catalog, url })\`), or name one with --config.`,
  )
}

async function load(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    return module.default
  } catch (error) {
    if (isTidingsError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new TidingsError('config_invalid', `${file} cannot be loaded: ${reason}`, { cause: error })
  }
}

function checked(file: string, config: unknown): Config {
  const fault = faultOf(config)
  if (fault === undefined) return defineConfig(config as Config)
  throw new TidingsError(
    'config_invalid',
    `${file} ${fault}. Write \`export default defineConfig({ catalog, url: 'sqlite:shop.db' })\`.`,
  )
}

function faultOf(config: unknown): string | undefined {
  if (typeof config !== 'object' || config === null) return 'has no configuration as its default export'
  const { url, catalog, outboxes = {}, streams, projections } = config as { [_ in keyof Config]?: object }
  if (typeof url !== 'string') return 'has no url'
  if (Object.values(outboxes).some((each) => typeof each !== 'string'))
    return "has outboxes that are not URLs by name, as in { orders: 'sqlite:orders.db' }"
  if (streams !== undefined && !isListed(streams, ['url']))
    return "has streams that are not a list of { url: 'sqlite:orders.db', of: [order] }"
  if (projections !== undefined && !isListed(projections, ['url', 'streams']))
    return "has projections that are not a list of { url: 'sqlite:views.db', streams: 'sqlite:orders.db', of: [openOrders] }"
  const isCatalog = typeof catalog === 'object' && catalog !== null && 'definitionOf' in catalog
  return catalog === undefined || isCatalog ? undefined : 'has a catalog that defineCatalog did not make'
}

/** A list of what has these URLs and `of`, a list. */
function isListed(value: unknown, urls: readonly string[]): boolean {
  if (!Array.isArray(value)) return false
  return value.every(
    (each: Readonly<Record<string, unknown>>) =>
      Array.isArray(each?.['of']) && urls.every((name) => typeof each[name] === 'string'),
  )
}

/** A URL whose relative SQLite file is made absolute, also where it is a parameter; `connect` decodes what is encoded here. */
export function resolvedUrl(url: string, folder: string): string {
  if (url.startsWith('eventbridge:') && URL.canParse(url)) return withResolvedStore(new URL(url), folder)
  const [, file] = /^sqlite:(.+)$/s.exec(url) ?? []
  if (file === undefined || file === ':memory:' || isAbsolute(file)) return url
  return `sqlite:${join(encodeURI(folder), file)}`
}

function withResolvedStore(url: URL, folder: string): string {
  const store = url.searchParams.get('deadLetters')
  if (store !== null) url.searchParams.set('deadLetters', resolvedUrl(store, folder))
  return url.href
}
