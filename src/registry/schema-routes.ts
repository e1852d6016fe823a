import type { Context, Hono } from 'hono'
import { limits } from '../kernel/index.ts'
import {
  type EmbeddedRegistry,
  missingSchema,
  type StoredSchema,
  type StoredVersion,
  subjectOrContextOf,
  subjectText,
  type VersionEntry,
} from '../schema/index.ts'
import { schemaAnswer, versionAnswer } from './answers.ts'
import { contextIn, flag, idIn, paged } from './request.ts'

/** `/schemas…`: what an id or guid stands for. */
export function addSchemas(app: Hono, registry: EmbeddedRegistry, full: boolean): void {
  addIds(app, registry, full)

  app.get('/schemas/types', (c) => c.json(['JSON', 'AVRO']))

  app.get('/schemas/guids/:guid', async (c) => {
    const [found] = await guidIn(c, registry)
    return c.json(schemaAnswer(found, full))
  })

  app.get('/schemas/guids/:guid/ids', async (c) => {
    const found = await guidIn(c, registry)
    return c.json(found.map(({ context, id }) => ({ context, id })))
  })

  app.get('/schemas', async (c) => {
    const [deleted, latestOnly] = [flag(c, 'deleted'), flag(c, 'latestOnly')]
    const prefix = c.req.query('subjectPrefix') ?? ''
    const subjects = (await registry.store.subjects()).filter(({ subject }) =>
      subjectText(subject).startsWith(prefix),
    )
    const entries: VersionEntry[] = []
    for (const { subject } of subjects) {
      const wanted = (await registry.store.versions(subject)).filter((each) => deleted || !each.deleted)
      entries.push(...(latestOnly ? wanted.slice(-1) : wanted))
    }
    const versions: StoredVersion[] = []
    for (const { subject, version } of paged(c, entries, limits.registrySchemas)) {
      const found = await registry.store.version(subject, version)
      if (found !== undefined) versions.push(found)
    }
    return c.json(versions.map(versionAnswer))
  })
}

function addIds(app: Hono, registry: EmbeddedRegistry, full: boolean): void {
  app.get('/schemas/ids/:id', async (c) => c.json(schemaAnswer(await schemaIn(c, registry), full)))

  app.get('/schemas/ids/:id/schema', async (c) => c.body((await schemaIn(c, registry)).schema))

  app.get('/schemas/ids/:id/subjects', async (c) => {
    const names = (await usagesIn(c, registry)).map(({ subject }) => subjectText(subject))
    return c.json(paged(c, [...new Set(names)]))
  })

  app.get('/schemas/ids/:id/versions', async (c) => {
    const usages = await usagesIn(c, registry)
    return c.json(
      paged(
        c,
        usages.map(({ subject, version }) => ({ subject: subjectText(subject), version })),
      ),
    )
  })
}

/** Ids are counted for each context; a schema subject in the query names its own. */
function contextOfId(c: Context): string {
  const named = c.req.query('subject')
  return named === undefined ? contextIn(c) : subjectOrContextOf(named, contextIn(c)).context
}

async function schemaIn(c: Context, registry: EmbeddedRegistry): Promise<StoredSchema> {
  const id = idIn(c)
  const found = await registry.store.byId(contextOfId(c), id)
  if (found === undefined) throw missingSchema(`Schema id ${id}`)
  return found
}

async function usagesIn(c: Context, registry: EmbeddedRegistry): Promise<readonly VersionEntry[]> {
  const { context, id } = await schemaIn(c, registry)
  const usages = await registry.store.usages(context, id)
  return usages.filter((each) => flag(c, 'deleted') || !each.deleted)
}

async function guidIn(
  c: Context,
  registry: EmbeddedRegistry,
): Promise<readonly [StoredSchema, ...StoredSchema[]]> {
  const guid = (c.req.param('guid') ?? '').toLowerCase()
  const [first, ...rest] = await registry.store.byGuid(guid)
  if (first === undefined) throw missingSchema(`Schema guid ${JSON.stringify(guid.slice(0, 100))}`)
  return [first, ...rest]
}
