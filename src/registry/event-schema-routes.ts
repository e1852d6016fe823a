import type { Hono } from 'hono'
import { codeVersionOf, publishedVersion } from '../catalog/index.ts'
import { type EmbeddedRegistry, missingVersion, schemaSubjectOf, subjectText } from '../schema/index.ts'
import { versionIn } from './request.ts'
import { versionAt } from './subject-routes.ts'

/** `<schemaBase>/<type>/<version>`: the schema that the `dataschema` of an event names. The schema subject is its type. */
export function addEventSchemas(app: Hono, registry: EmbeddedRegistry, schemaBase: string): void {
  const base = schemaBase.replace(/\/+$/, '')
  app.get(`${base}/:type/:version{[1-9][0-9]*}`, async (c) => {
    const subject = schemaSubjectOf(c.req.param('type'))
    const version = versionIn(c)
    const published = await publishedVersion(registry, c.req.param('type'), Number(version))
    const found = published?.registered ?? (await versionAt(registry, subject, version, true))
    if (codeVersionOf(found) !== version) throw missingVersion(subjectText(subject), version)
    return c.body(found.schema)
  })
}
