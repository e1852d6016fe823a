import { shown, TidingsError } from './kernel/index.ts'

/** Opens what a URL names by its scheme. @throws `url_invalid` for another scheme. */
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
