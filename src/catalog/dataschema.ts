import type { CloudEvent } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'

/** The `schemaBase` unless a registry server, which serves the path, has another. */
export const defaultSchemaBase = 'tidings:schemas'

/** The `dataschema` of an event: `<schemaBase>/<type>/<version>`. */
export function dataschemaOf(schemaBase: string, type: string, version: number): string {
  return `${schemaBase}/${encodeURIComponent(type)}/${version}`
}

/**
 * The version that the event's data was written in, read off its `dataschema`; nothing is fetched.
 * @param assumeVersion of an event whose `dataschema` does not end in `/<type>/<version>`.
 * @throws `version_unknown` for such an event without `assumeVersion`.
 */
export function versionOf(event: CloudEvent, assumeVersion?: number): number {
  const version = writtenVersion(event) ?? assumeVersion
  if (version !== undefined) return version
  const dataschema = event.dataschema === undefined ? 'no dataschema' : `the dataschema ${event.dataschema}`
  throw new TidingsError(
    'version_unknown',
    `The event ${event.id} of type ${event.type} has ${dataschema}, which does not end in its type and a version. Set assumeVersion for events that others publish.`,
  )
}

/** The `dataschema` of the event with its data in another version; as it is where it names none. */
export function dataschemaIn(event: CloudEvent, version: number): string | undefined {
  const { dataschema } = event
  if (dataschema === undefined || writtenVersion(event) === undefined) return dataschema
  return `${dataschema.slice(0, dataschema.lastIndexOf('/') + 1)}${version}`
}

const versionNumber = /^[1-9]\d{0,8}$/

function writtenVersion({ dataschema, type }: CloudEvent): number | undefined {
  if (dataschema === undefined) return undefined
  const slash = dataschema.lastIndexOf('/')
  const version = dataschema.slice(slash + 1)
  if (!versionNumber.test(version)) return undefined
  const names =
    endsInSegment(dataschema, type, slash) || endsInSegment(dataschema, encodeURIComponent(type), slash)
  return names ? Number(version) : undefined
}

function endsInSegment(text: string, segment: string, end: number): boolean {
  return text.endsWith(segment, end) && text[end - segment.length - 1] === '/'
}
