import type { CloudEvent } from '../event/index.ts'
import { type Issue, TidingsError } from '../kernel/index.ts'
import { issuesText } from '../schema/index.ts'
import { dataschemaIn } from './dataschema.ts'
import type { EventHistory } from './event-history.ts'
import type { VersionedEvent } from './event-selector.ts'
import type { EventVersion } from './event-version.ts'
import { after, upcast } from './upcast.ts'

/** The event in the newest version that the code has. */
export function decodeNewest(
  history: EventHistory,
  event: CloudEvent,
  version: number,
): VersionedEvent | Promise<VersionedEvent> {
  const written = decodeWritten(history, event, version)
  const { newest } = history
  if (written.version === newest.version) return written
  return after(upcast(history, version, event.data), (data) => {
    const issues = newest.issues(data)
    if (issues.length === 0) return { version: newest.version, event: inVersion(event, newest.version, data) }
    throw invalidData(`What the upcasters of ${history.type} made of version ${version}`, newest, issues)
  })
}

/** The event in the version it was written in; one that is newer than the code, in the code's newest if that fits. */
export function decodeWritten(history: EventHistory, event: CloudEvent, version: number): VersionedEvent {
  if (version > history.newest.version) return decodeNewer(history, event, version)
  const written = history.at(version)
  const issues = written.issues(event.data)
  if (issues.length === 0) return { version, event }
  throw invalidData(`The data of ${history.type} in the event ${event.id}`, written, issues)
}

function decodeNewer({ type, newest }: EventHistory, event: CloudEvent, version: number): VersionedEvent {
  const issues = newest.issues(event.data)
  if (issues.length === 0) return { version: newest.version, event }
  throw new TidingsError(
    'version_newer',
    `The event ${event.id} has version ${version} of ${type}, the code has it up to ${newest.version}, and the data does not fit that: ${issuesText(issues)}. Deploy code that declares version ${version}.`,
  )
}

/** Its `dataschema` names the version that its data now has. */
function inVersion(event: CloudEvent, version: number, data: unknown): CloudEvent {
  const dataschema = dataschemaIn(event, version)
  return dataschema === undefined ? { ...event, data } : { ...event, data, dataschema }
}

function invalidData(what: string, { version }: EventVersion, issues: readonly Issue[]): TidingsError {
  return new TidingsError(
    'data_invalid',
    `${what} is not valid in version ${version}: ${issuesText(issues)}.`,
    {
      details: { issues },
    },
  )
}
