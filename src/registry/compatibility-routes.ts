import type { Context, Hono } from 'hono'
import type { EmbeddedRegistry } from '../schema/index.ts'
import { definitionIn, jsonBody } from './body.ts'
import { flag, subjectNameIn, versionIn } from './request.ts'

/** `/compatibility…`: whether a schema could be registered, and with `verbose` why not. */
export function addCompatibility(app: Hono, registry: EmbeddedRegistry): void {
  const answer = async (c: Context, against?: number | 'latest'): Promise<Response> => {
    const name = await subjectNameIn(c, registry)
    const verdict = await registry.check(name, definitionIn(await jsonBody(c.req.raw)), against)
    const messages = flag(c, 'verbose') ? { messages: verdict.reasons } : {}
    return c.json({ is_compatible: verdict.compatible, ...messages })
  }
  app.post('/compatibility/subjects/:subject/versions', (c) => answer(c))
  app.post('/compatibility/subjects/:subject/versions/:version', (c) => answer(c, versionIn(c)))
}
