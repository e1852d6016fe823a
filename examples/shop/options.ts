import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

export const help = `npm start -- [options]

Runs the shop: four services that talk only through events, on SQLite files. Without
options it lets customers order until Ctrl-C and shows what happens.

  --url sqlite:FILE   the log; the services' own files lie beside it
                      (default: a fresh folder, which is removed at the end)
  --url kafka://HOST  the log is there, in a namespace of its own; the services' files
                      lie in a fresh folder, or with --files
  --files FILE        with a log elsewhere: the orders; the other files lie beside it
  --port N            where the orders service listens on 127.0.0.1 (default: 8080, else any)
  --speed N|max       orders in a second (default: 10 generated ones; from a file, max)
  --seed N            generates other orders (default: 1)
  --orders FILE       takes real orders from a file instead, one JSON object a line
  --exit              with --orders: ends when every service has caught up
  --json              a JSON summary as the last line on stdout instead of the live page
  --help
`

export interface ShopProgramOptions {
  readonly file: string | undefined
  /** The URL of a log that is no file. */
  readonly url: string | undefined
  readonly port: number | undefined
  /** Undefined: orders of a file as fast as possible, generated ones at their usual pace. */
  readonly ordersPerSecond: number | undefined
  readonly seed: number
  readonly ordersFile: string | undefined
  readonly exit: boolean
  readonly json: boolean
}

/** @returns `'help'` when that is what was asked for. @throws `UsageError` */
export function readOptions(args: readonly string[]): ShopProgramOptions | 'help' {
  const { url, files, port, speed, seed, orders, exit = false, json = false, help: asked } = parse(args)
  if (asked) return 'help'
  if (exit && orders === undefined)
    throw new UsageError('--exit needs --orders FILE: generated orders have no end.')
  if (speed === 'max' && orders === undefined) throw new UsageError('--speed max needs --orders FILE.')
  return {
    ...logIn(url, files),
    port: port === undefined ? undefined : wholeNumber('--port', port, 65_535),
    ordersPerSecond: speed === undefined ? undefined : ordersPerSecond(speed),
    seed: seed === undefined ? 1 : wholeNumber('--seed', seed, 2 ** 32 - 1),
    ordersFile: orders,
    exit,
    json,
  }
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean' } as const
    const options = {
      url: text,
      files: text,
      port: text,
      speed: text,
      seed: text,
      orders: text,
      exit: flag,
      json: flag,
      help: flag,
    }
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function logIn(url: string | undefined, files: string | undefined): Pick<ShopProgramOptions, 'file' | 'url'> {
  if (url !== undefined && /^(kafka|postgres|postgresql):\/\//.test(url)) return { file: files, url }
  if (files !== undefined) throw new UsageError('--files needs a log elsewhere, as --url kafka://HOST.')
  return { file: url === undefined ? undefined : fileIn(url), url: undefined }
}

function fileIn(url: string): string {
  const file = decoded(/^sqlite:(?:\/\/(?=\/))?(?!\/\/)([^:].*)$/s.exec(url)?.[1])
  if (file !== undefined) return file
  throw new UsageError(
    `--url is ${JSON.stringify(url)}. Write sqlite:FILE, as in sqlite:shop.db, or kafka://HOST.`,
  )
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function ordersPerSecond(speed: string): number | undefined {
  if (speed === 'max') return undefined
  const value = Number(speed)
  if (value > 0 && value <= 10_000) return value
  throw new UsageError(`--speed is ${JSON.stringify(speed)}. Give orders in a second, up to 10000, or max.`)
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= most) return value
  throw new UsageError(`${name} is ${JSON.stringify(text)}. Give a whole number from 0 to ${most}.`)
}
