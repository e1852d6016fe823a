import { createHash } from 'node:crypto'
import { checkOptionNames, shown, TidingsError } from '../kernel/index.ts'
import type { StreamDefinition } from './define-stream.ts'

/** State that is saved now and then, so that loading need not read all events. */
export interface SnapshotOptions {
  /** After how many events of a stream its state is saved: 1 or more. */
  readonly every: number
  /** The version of the code that makes state of events: raise it with every change to what it makes. */
  readonly version: number
}

const optionNames = { every: true, version: true } as const satisfies Record<keyof SnapshotOptions, true>

/** @throws `option_invalid` */
export function checkSnapshots(where: string, options: SnapshotOptions): void {
  checkOptionNames(`snapshots of ${where}`, options, optionNames)
  for (const name of ['every', 'version'] as const) {
    if (Number.isSafeInteger(options[name]) && options[name] >= 1) continue
    throw new TidingsError(
      'option_invalid',
      `snapshots of ${where} have ${shown(options[name])} as ${name}. Give a whole number from 1.`,
    )
  }
}

/**
 * What state is saved under: whose it is, the version of the code that makes it, and a fingerprint of the events that it
 * is made of, with their newest versions and schemas. Where any of these has changed, there is no snapshot.
 */
export function snapshotKey(stream: StreamDefinition, reducer: string, { version }: SnapshotOptions): string {
  return `${reducer}/${version}/${fingerprintOf(stream)}`
}

const fingerprints = new WeakMap<StreamDefinition, string>()

function fingerprintOf(stream: StreamDefinition): string {
  const known = fingerprints.get(stream)
  if (known !== undefined) return known
  const parts = stream.events.map((definition) => {
    const { type, newestVersion } = definition
    return [type, newestVersion, definition.schemaOf(newestVersion)]
  })
  const fingerprint = createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)
  fingerprints.set(stream, fingerprint)
  return fingerprint
}
