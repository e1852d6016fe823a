import { connectOutbox, TidingsError } from '../index.ts'
import type { OutboxStore } from '../outbox/index.ts'
import { configurationMissing, readConfiguration, resolvedUrl } from './configuration.ts'
import type { EngineOptions } from './engine.ts'
import type { Io } from './io.ts'
import { namesText } from './text.ts'

export interface OutboxOptions extends EngineOptions {
  readonly store?: string
}

/** An outbox that a command looks after. */
export interface NamedOutbox {
  readonly name: string
  readonly store: OutboxStore
}

/** Opens the outbox that is named, or all of the configuration, creating nothing; closes them after the use. */
export async function withOutboxes<Result>(
  named: string | undefined,
  options: OutboxOptions,
  io: Io,
  use: (outboxes: readonly NamedOutbox[]) => Promise<Result>,
): Promise<Result> {
  const opened: NamedOutbox[] = []
  try {
    for (const [name, url] of await urlsOf(named, options, io)) {
      opened.push({ name, store: await connectOutbox(url, { create: false }) })
    }
    return await use(opened)
  } finally {
    for (const { store } of opened) await store.close()
  }
}

/** @throws `config_missing` where none is named, `config_invalid` for one that the configuration does not have. */
async function urlsOf(
  named: string | undefined,
  { store, config }: OutboxOptions,
  { cwd }: Io,
): Promise<readonly (readonly [name: string, url: string])[]> {
  if (store !== undefined) return [[named ?? store, resolvedUrl(store, cwd)]]
  const outboxes = Object.entries((await readConfiguration(config, cwd))?.outboxes ?? {})
  if (outboxes.length === 0) {
    throw configurationMissing(
      "No outbox is named: give --store sqlite:FILE, or outboxes: { orders: 'sqlite:orders.db' } in the configuration.",
    )
  }
  if (named === undefined) return outboxes
  const found = outboxes.filter(([name]) => name === named)
  if (found.length > 0) return found
  const names = namesText(outboxes.map(([name]) => name))
  throw new TidingsError(
    'config_missing',
    `The configuration has no outbox ${JSON.stringify(named)}. It has ${names}.`,
  )
}
