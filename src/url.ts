import { shown, TidingsError } from './kernel/index.ts'
import { capabilityMissing } from './log/index.ts'

/** Engines that keep events alone: what lives in a database beside a caller's rows needs another one. */
const withoutTables: ReadonlySet<string> = new Set(['kafka', 'amqp', 'amqps', 'eventbridge'])

/** Opens what a URL names by its scheme. @throws `url_invalid` for another scheme, `capability_missing` for an engine that lacks it. */
export function openUrl<Opened>(
  url: string,
  schemes: Readonly<Record<string, (rest: string) => Promise<Opened>>>,
  what = 'engine',
): Promise<Opened> {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(url) ?? []
  const open = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (open !== undefined) return open(rest)
  const known = Object.keys(schemes)
    .map((name) => `${name}:`)
    .join(' or ')
  if (withoutTables.has(scheme)) {
    throw capabilityMissing(
      scheme,
      what,
      `it keeps events alone. Name a database for the ${what}, with a URL that begins with ${known}.`,
    )
  }
  throw new TidingsError(
    'url_invalid',
    `${shown(url)} names no ${what}. A URL begins with ${known}, as in sqlite:shop.db.`,
  )
}

/**
 * The file that stands after `sqlite:`. Two slashes would begin the name of a host, which a file has none of; the third
 * begins an absolute path.
 * @throws `url_invalid`
 */
export function fileOf(rest: string): string {
  if (/^\/\/(?!\/)/.test(rest)) {
    const file = rest.slice(2) || 'shop.db'
    throw new TidingsError(
      'url_invalid',
      `sqlite:${rest} begins with the name of a host. Write sqlite:${file}, or sqlite:///${file} for a file in the root folder.`,
    )
  }
  const file = decoded(rest.replace(/^\/\/(?=\/)/, ''))
  if (file !== '') return file
  throw new TidingsError('url_invalid', 'sqlite: names no file. Write sqlite:shop.db.')
}

/** What names of regions and of registries are made of. */
const glueUrl = /^glue:\/\/([a-z0-9-]*)(?:\/([\w$#.-]*))?(?:\?(.*))?$/

/**
 * The parts of `glue://eu-central-1/shop?endpoint=http://127.0.0.1:5000`. Each may be left out, as in `glue:///`.
 * @throws `url_invalid`
 */
export function glueAddress(url: string): {
  readonly region: string | undefined
  readonly registryName: string | undefined
  readonly endpoint: string | undefined
} {
  const [, region, registryName, query = ''] = glueUrl.exec(url) ?? []
  const { endpoint, ...others } = Object.fromEntries(new URLSearchParams(query))
  if (region === undefined || Object.keys(others).length > 0) {
    throw new TidingsError(
      'url_invalid',
      `${shown(url)} names no registry of AWS Glue. Write glue://eu-central-1/my-registry, with ?endpoint=http://… for another address.`,
    )
  }
  return { region: region || undefined, registryName: registryName || undefined, endpoint }
}

function decoded(file: string): string {
  try {
    return decodeURIComponent(file)
  } catch (cause) {
    throw new TidingsError(
      'url_invalid',
      `sqlite:${file} has a % that begins no escape. Write %25 for a % in the name of a file.`,
      { cause },
    )
  }
}
