import type { Hono } from 'hono'
import { defaultContext, type EmbeddedRegistry, subjectText } from '../schema/index.ts'
import { Fault, faultCodes } from './faults.ts'
import { contextIn } from './request.ts'

/** `/contexts`: those that have schema subjects. What is set for one goes when it is deleted, which it has to be empty for. */
export function addContexts(app: Hono, registry: EmbeddedRegistry): void {
  app.get('/contexts', async (c) => {
    const subjects = await registry.store.subjects()
    return c.json([...new Set([defaultContext, ...subjects.map(({ subject }) => subject.context)])])
  })

  app.delete('/contexts/:context', async (c) => {
    const context = contextIn(c)
    if (context === defaultContext) {
      throw new Fault(faultCodes.notPermitted, 'The default context is always there. Delete another one.')
    }
    const inUse = (await registry.store.subjects()).find(({ subject }) => subject.context === context)
    if (inUse !== undefined) {
      throw new Fault(
        faultCodes.contextInUse,
        `Context "${context}" has the schema subject "${subjectText(inUse.subject)}"${inUse.deleted ? ', which is deleted softly' : ''}. Delete all of its schema subjects permanently first.`,
      )
    }
    await registry.change({ context, name: '' }, () => ({ config: undefined, mode: undefined }))
    return c.body(null, 204)
  })
}
