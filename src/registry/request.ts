import type { Context } from 'hono'
import { limits } from '../kernel/index.ts'
import {
  contextOf,
  defaultContext,
  type EmbeddedRegistry,
  type SchemaSubject,
  schemaSubjectOf,
  subjectText,
} from '../schema/index.ts'
import { Fault, faultCodes } from './faults.ts'

/** The context that the path begins with, else the default one. */
export function contextIn(c: Context): string {
  const named = c.req.param('context')
  return named === undefined ? defaultContext : contextOf(named)
}

/** The schema subject in the path itself, also where it is an alias. */
export function namedSubjectIn(c: Context): SchemaSubject {
  return schemaSubjectOf(c.req.param('subject') ?? '', contextIn(c))
}

/** The schema subject in the path, or the one that it is an alias of; the alias of that is not looked at. */
export async function subjectIn(c: Context, { store }: EmbeddedRegistry): Promise<SchemaSubject> {
  const named = namedSubjectIn(c)
  const { config } = await store.state(named)
  return config?.alias === undefined ? named : schemaSubjectOf(config.alias, named.context)
}

/** Its name, with its context. */
export async function subjectNameIn(c: Context, registry: EmbeddedRegistry): Promise<string> {
  return subjectText(await subjectIn(c, registry))
}

/** @throws 42202 for anything but a number from 1, `latest` and -1. */
export function versionIn(c: Context): number | 'latest' {
  const text = c.req.param('version') ?? ''
  if (text === 'latest' || text === '-1') return 'latest'
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new Fault(
    faultCodes.versionInvalid,
    `${JSON.stringify(text.slice(0, 100))} is no version. Ask for a number from 1, or for "latest".`,
  )
}

/** @throws 40403 for what cannot be an id. */
export function idIn(c: Context): number {
  const text = c.req.param('id') ?? ''
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new Fault(
    faultCodes.schemaMissing,
    `${JSON.stringify(text.slice(0, 100))} is no schema id. Ids are numbers from 1.`,
  )
}

export function flag(c: Context, name: string): boolean {
  return c.req.query(name) === 'true'
}

/** The part of a list that `offset` and `limit` ask for. */
export function paged<Item>(
  c: Context,
  items: readonly Item[],
  most: number = limits.registryPage,
): readonly Item[] {
  const offset = count(c.req.query('offset')) ?? 0
  const limit = count(c.req.query('limit')) ?? most
  return items.slice(offset, offset + Math.min(limit, most))
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
