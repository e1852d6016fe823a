import type { Engine } from './bus/index.ts'
import { type Clock, shown, TidingsError } from './kernel/index.ts'

export interface ConnectOptions {
  readonly clock?: Clock | undefined
  /** False to open only what is there, for looking: a file that is missing or has no log is then an error. Default true. */
  readonly create?: boolean | undefined
}

/** Makes the engine of a URL's scheme; each client is loaded only when its scheme is used. */
const schemes: Readonly<Record<string, (rest: string, options: ConnectOptions) => Promise<Engine>>> = {
  memory: async (_, options) => (await import('./memory/index.ts')).memory(options),
  sqlite: async (file, options) => {
    const path = fileOf(file)
    return (await import('./sqlite/index.ts')).sqlite(path, options)
  },
}

/**
 * Opens the engine that a URL names, chosen at run time: `sqlite:FILE` or `memory:`. A relative file lies in the
 * working folder; `sqlite:/var/shop.db` and `sqlite:///var/shop.db` are absolute.
 * @throws `url_invalid` for another scheme, and what opening the engine throws.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Engine> {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(url) ?? []
  const open = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (open !== undefined) return open(rest, options)
  const known = Object.keys(schemes)
    .map((name) => `${name}:`)
    .join(' or ')
  throw new TidingsError(
    'url_invalid',
    `${shown(url)} names no engine. A URL begins with ${known}, as in sqlite:shop.db.`,
  )
}

/** Two slashes would begin the name of a host, which a file has none of; the third begins an absolute path. */
function fileOf(rest: string): string {
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
