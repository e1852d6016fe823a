import type { Context, Hono } from 'hono'
import {
  type EmbeddedRegistry,
  type RegistryMode,
  type SchemaSubject,
  subjectOrContextOf,
  subjectText,
} from '../schema/index.ts'
import { jsonBody } from './body.ts'
import { configIn, modeIn } from './config.ts'
import { Fault, faultCodes } from './faults.ts'
import { contextIn, flag } from './request.ts'

/** `/config` and `/mode`, for everything, for a context and for one schema subject. */
export function addSettings(app: Hono, registry: EmbeddedRegistry): void {
  for (const path of ['/config', '/config/:subject']) addConfig(app, registry, path)
  for (const path of ['/mode', '/mode/:subject']) addMode(app, registry, path)
}

function addConfig(app: Hono, registry: EmbeddedRegistry, path: string): void {
  app.get(path, async (c) => {
    const subject = settingsSubjectIn(c)
    const { config } = await registry.store.state(subject)
    if (subject.name === '' || flag(c, 'defaultToGlobal')) {
      return c.json((await registry.inForce(subject)).config)
    }
    if (config === undefined) throw noConfig(subject)
    return c.json(config)
  })

  app.put(path, async (c) => {
    const subject = settingsSubjectIn(c)
    const body = await jsonBody(c.req.raw)
    const given = configIn(body)
    await registry.change(subject, ({ config, mode }) => ({
      config: { ...config, ...given },
      mode,
    }))
    const { compatibilityLevel: compatibility, ...rest } = given
    return c.json({ ...(compatibility === undefined ? {} : { compatibility }), ...rest })
  })

  app.delete(path, async (c) => {
    const subject = settingsSubjectIn(c)
    const before = await registry.inForce(subject)
    await registry.change(subject, ({ config, mode }) => {
      if (config === undefined && subject.name !== '') throw noConfig(subject)
      return { config: undefined, mode }
    })
    return c.json(before.config)
  })
}

function addMode(app: Hono, registry: EmbeddedRegistry, path: string): void {
  app.get(path, async (c) => {
    const subject = settingsSubjectIn(c)
    const { mode } = await registry.store.state(subject)
    if (subject.name === '' || flag(c, 'defaultToGlobal')) {
      return c.json({ mode: (await registry.inForce(subject)).mode })
    }
    if (mode === undefined) throw noMode(subject)
    return c.json({ mode })
  })

  app.put(path, async (c) => {
    const subject = settingsSubjectIn(c)
    const mode = modeIn(await jsonBody(c.req.raw))
    if (mode === 'IMPORT' && !flag(c, 'force')) await checkEmpty(registry, subject)
    await registry.change(subject, ({ config }) => ({ config, mode }))
    return c.json({ mode })
  })

  app.delete(path, async (c) => {
    const subject = settingsSubjectIn(c)
    let before: RegistryMode | undefined
    await registry.change(subject, ({ config, mode }) => {
      if (mode === undefined && subject.name !== '') throw noMode(subject)
      before = mode
      return { config, mode: undefined }
    })
    return c.json({ mode: before ?? 'READWRITE' })
  })
}

/** Without a schema subject in the path: what is set for the whole context. */
function settingsSubjectIn(c: Context): SchemaSubject {
  return subjectOrContextOf(c.req.param('subject') ?? '', contextIn(c))
}

/** @throws 42205 when imported numbers could meet those that are there. */
async function checkEmpty(registry: EmbeddedRegistry, { context, name }: SchemaSubject): Promise<void> {
  const all = await registry.store.subjects()
  const inTheWay = all.find(
    ({ subject }) => subject.context === context && (name === '' || subject.name === name),
  )
  if (inTheWay === undefined) return
  throw new Fault(
    faultCodes.notPermitted,
    `"${subjectText(inTheWay.subject)}" has versions, whose numbers an import could meet. Import into an empty context, or send force=true.`,
  )
}

function noConfig(subject: SchemaSubject): Fault {
  return new Fault(
    faultCodes.configMissing,
    `Nothing is configured for "${subjectText(subject)}" itself. Ask with defaultToGlobal=true for what holds there.`,
  )
}

function noMode(subject: SchemaSubject): Fault {
  return new Fault(
    faultCodes.modeMissing,
    `No mode is set for "${subjectText(subject)}" itself. Ask with defaultToGlobal=true for what holds there.`,
  )
}
