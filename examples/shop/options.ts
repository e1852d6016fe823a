import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'
import { type Place, placeOf } from './stores/place.ts'

export const help = `npm start -- [options]

Runs the shop: four services that talk only through events, on SQLite files. Without
options it lets customers order until Ctrl-C and shows what happens.

  --url sqlite:FILE   the log; the services' own files lie beside it
                      (default: a fresh folder, which is removed at the end)
  --url kafka://HOST  the log is there, in a namespace of its own, or on any other engine
                      that connect() knows, such as amqp://HOST; the services' files lie
                      in a fresh folder, or with --files
  --url postgres://…  the log is there, and so are the services' data, a schema for each
  --store postgres:// the services' data are there; so is the log, or with --url elsewhere
  --files FILE        with a log elsewhere: the orders; the other files lie beside it
  --split             every service as a process of its own, started again when it ends
  --port N            where the orders service listens on 127.0.0.1 (default: 8080, else any)
  --speed N|max       orders in a second (default: 10 generated ones; from a file, max)
  --seed N            generates other orders (default: 1)
  --orders FILE       takes real orders from a file instead, one JSON object a line
  --exit              with --orders: ends when every service has caught up
  --json              a JSON summary as the last line on stdout instead of the live page
  --help
`

export interface ShopProgramOptions {
  /** Where the services' data and the log are; undefined for a fresh folder. */
  readonly place: Place | undefined
  /** With a fresh folder: the URL of a log that is not in it. */
  readonly url: string | undefined
  /** Whether every service is a process of its own. */
  readonly split: boolean
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
  const given = parse(args)
  if (given.help) return 'help'
  const { port, speed, seed, orders, exit = false, json = false, split = false } = given
  if (exit && orders === undefined)
    throw new UsageError('--exit needs --orders FILE: generated orders have no end.')
  if (speed === 'max' && orders === undefined) throw new UsageError('--speed max needs --orders FILE.')
  return {
    ...placeIn(given),
    split,
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
      store: text,
      files: text,
      split: flag,
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

interface Given {
  readonly url?: string | undefined
  readonly store?: string | undefined
  readonly files?: string | undefined
}

/** The log is where the data are, and the data where the log is, unless both are said. Brokers keep no data: they are in files. */
function placeIn({ url, store, files }: Given): Pick<ShopProgramOptions, 'place' | 'url'> {
  if (store !== undefined && files !== undefined)
    throw new UsageError('--store and --files both say where the data are. Leave one out.')
  if (files !== undefined) return { place: placeOf({ file: files }, elsewhere(url)), url }
  if (store !== undefined) return { place: placeOf({ store: storeIn(store) }, url ?? store), url }
  if (url === undefined || isBroker(url)) return { place: undefined, url }
  if (isPostgres(url)) return { place: placeOf({ store: storeIn(url) }, url), url }
  return { place: { file: fileIn(url) }, url: undefined }
}

function elsewhere(url = ''): string {
  if (isBroker(url) || isPostgres(url)) return url
  throw new UsageError('--files needs a log elsewhere, as --url kafka://HOST.')
}

function storeIn(url: string): string {
  if (isPostgres(url) && URL.canParse(url)) return url
  throw new UsageError(
    `--store is ${JSON.stringify(url)}. Write postgres://USER:PASSWORD@HOST/DATABASE, or --files FILE for files.`,
  )
}

/** What is neither a file nor a database; whether there is such an engine, opening it says. */
function isBroker(url: string): boolean {
  return /^(?!sqlite:|postgres(ql)?:)[a-z][a-z0-9+.-]*:\/\/./.test(url)
}

function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

function fileIn(url: string): string {
  const file = decoded(/^sqlite:(?:\/\/(?=\/))?(?!\/\/)([^:].*)$/s.exec(url)?.[1])
  if (file !== undefined) return file
  throw new UsageError(
    `--url is ${JSON.stringify(url)}. Write sqlite:FILE, as in sqlite:shop.db, postgres://HOST/DATABASE, kafka://HOST or amqp://HOST.`,
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
