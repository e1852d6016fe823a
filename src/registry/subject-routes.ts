import type { Hono } from 'hono'
import {
  defaultContext,
  type EmbeddedRegistry,
  missingSubject,
  missingVersion,
  type SchemaSubject,
  type StoredVersion,
  subjectText,
} from '../schema/index.ts'
import { registeredAnswer, versionAnswer } from './answers.ts'
import { definitionIn, givenNumber, jsonBody } from './body.ts'
import { Fault, faultCodes } from './faults.ts'
import { contextIn, flag, namedSubjectIn, paged, subjectIn, subjectNameIn, versionIn } from './request.ts'

/** `/subjects…`: registering, finding and deleting versions. */
export function addSubjects(app: Hono, registry: EmbeddedRegistry): void {
  addLists(app, registry)
  addVersions(app, registry)
  addDeletions(app, registry)

  app.post('/subjects/:subject/versions', async (c) => {
    const name = await subjectNameIn(c, registry)
    const body = await jsonBody(c.req.raw)
    const given = { id: givenNumber(body, 'id'), version: givenNumber(body, 'version') }
    return c.json(registeredAnswer(await registry.register(name, definitionIn(body), given)))
  })

  app.post('/subjects/:subject', async (c) => {
    const subject = await subjectIn(c, registry)
    const name = subjectText(subject)
    const definition = definitionIn(await jsonBody(c.req.raw))
    const deleted = flag(c, 'deleted')
    await checkSubject(registry, subject, deleted)
    const found = await registry.lookUp(name, definition, { deleted })
    if (found !== undefined) return c.json(versionAnswer(found))
    throw new Fault(
      faultCodes.schemaMissing,
      `Schema subject "${name}" has no version with this schema. Register it first.`,
    )
  })
}

function addLists(app: Hono, registry: EmbeddedRegistry): void {
  app.get('/subjects', async (c) => {
    const context = contextIn(c)
    const prefix = c.req.query('subjectPrefix') ?? (context === defaultContext ? ':*:' : '')
    const all = await registry.store.subjects()
    const wanted = all.filter(({ deleted }) =>
      flag(c, 'deletedOnly') ? deleted : flag(c, 'deleted') || !deleted,
    )
    const names = wanted.filter(({ subject }) => hasPrefix(subject, prefix, context))
    return c.json(
      paged(
        c,
        names.map(({ subject }) => subjectText(subject)),
      ),
    )
  })

  app.get('/subjects/:subject/versions', async (c) => {
    const subject = await subjectIn(c, registry)
    const [deleted, deletedOnly] = [flag(c, 'deleted'), flag(c, 'deletedOnly')]
    const all = await registry.store.versions(subject)
    const wanted = all.filter((version) => (deletedOnly ? version.deleted : deleted || !version.deleted))
    if (wanted.length === 0) throw missingSubject(subjectText(subject))
    const asNegative = flag(c, 'deletedAsNegative')
    const numbers = wanted.map((each) => (each.deleted && asNegative ? -each.version : each.version))
    return c.json(paged(c, numbers))
  })
}

/** A prefix may name a context before it; `:*:` stands for all contexts. */
function hasPrefix(subject: SchemaSubject, prefix: string, context: string): boolean {
  if (prefix.startsWith(':*:')) return subject.name.startsWith(prefix.slice(3))
  if (prefix.startsWith(':')) return `:${subject.context}:${subject.name}`.startsWith(prefix)
  return subject.context === context && subject.name.startsWith(prefix)
}

function addVersions(app: Hono, registry: EmbeddedRegistry): void {
  app.get('/subjects/:subject/metadata', async (c) => {
    const subject = await subjectIn(c, registry)
    const values = c.req.queries('value') ?? []
    const wanted = (c.req.queries('key') ?? []).map((key, at) => [key, values[at]] as const)
    const deleted = flag(c, 'deleted')
    await checkSubject(registry, subject, deleted)
    const fits = ({ metadata }: StoredVersion): boolean =>
      wanted.every(([key, value]) => metadata?.properties?.[key] === value)
    const found = await registry.newestWhere(subjectText(subject), fits, { deleted })
    if (found !== undefined) return c.json(versionAnswer(found))
    throw new Fault(
      faultCodes.schemaMissing,
      `Schema subject "${subjectText(subject)}" has no version with this metadata. Look at its versions.`,
    )
  })

  app.get('/subjects/:subject/versions/:version', async (c) =>
    c.json(
      versionAnswer(
        await versionAt(registry, await subjectIn(c, registry), versionIn(c), flag(c, 'deleted')),
      ),
    ),
  )

  app.get('/subjects/:subject/versions/:version/schema', async (c) => {
    const { schema } = await versionAt(
      registry,
      await subjectIn(c, registry),
      versionIn(c),
      flag(c, 'deleted'),
    )
    return c.body(schema)
  })

  app.get('/subjects/:subject/versions/:version/referencedby', async (c) => {
    const subject = await subjectIn(c, registry)
    const { version } = await versionAt(registry, subject, versionIn(c), true)
    const referrers = await registry.store.referrers(subject, version)
    const wanted = referrers.filter((each) => flag(c, 'deleted') || !each.deleted)
    return c.json(paged(c, [...new Set(wanted.map(({ id }) => id))]))
  })
}

/** Of the name itself, so that no alias deletes what others use. */
function addDeletions(app: Hono, registry: EmbeddedRegistry): void {
  app.delete('/subjects/:subject', async (c) =>
    c.json(await registry.deleteSubject(subjectText(namedSubjectIn(c)), { permanent: flag(c, 'permanent') })),
  )

  app.delete('/subjects/:subject/versions/:version', async (c) => {
    const version = versionIn(c)
    const deletion = { permanent: flag(c, 'permanent') }
    return c.json(await registry.deleteVersion(subjectText(namedSubjectIn(c)), version, deletion))
  })
}

/** @throws 40401 and 40402 */
export async function versionAt(
  registry: EmbeddedRegistry,
  subject: SchemaSubject,
  version: number | 'latest',
  deleted: boolean,
): Promise<StoredVersion> {
  const name = subjectText(subject)
  const found = await registry.version(name, version, { deleted })
  if (found !== undefined) return found
  await checkSubject(registry, subject, deleted)
  throw missingVersion(name, version)
}

/** @throws 40401 */
async function checkSubject(
  registry: EmbeddedRegistry,
  subject: SchemaSubject,
  deleted: boolean,
): Promise<void> {
  const all = await registry.store.versions(subject)
  if (!all.some((version) => deleted || !version.deleted)) throw missingSubject(subjectText(subject))
}
