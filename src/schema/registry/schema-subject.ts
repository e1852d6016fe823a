import { limits, shown, TidingsError } from '../../kernel/index.ts'

/** A schema subject: a name within a context. Each context counts its own schema ids; a name alone is in the default one. */
export interface SchemaSubject {
  readonly context: string
  /** Empty for what is set for the whole context. */
  readonly name: string
}

export const defaultContext = '.'

/** What holds for everything, where neither the schema subject nor its context says otherwise. */
export const everything: SchemaSubject = { context: defaultContext, name: '' }

const qualified = /^:(\.[^:]*):(.*)$/s

/**
 * The schema subject of a name such as `com.example.orders.created` or `:.staging:com.example.orders.created`.
 * @param context of names that name none.
 * @throws `name_invalid` for an empty or too long name, for `.` and `..`, which no path of a URL can hold, and for control characters.
 */
export function schemaSubjectOf(text: string, context: string = defaultContext): SchemaSubject {
  const subject = subjectOrContextOf(text, context)
  if (isName(subject.name)) return subject
  throw new TidingsError(
    'name_invalid',
    `A schema subject cannot be called ${shown(text)}. Use 1 to ${limits.schemaSubjectLength} characters without control characters, and more than dots.`,
  )
}

/** As {@link schemaSubjectOf}, and for `:.staging:` what is set for that context. @throws `name_invalid` */
export function subjectOrContextOf(text: string, context: string = defaultContext): SchemaSubject {
  const [, named = context, name = text] = qualified.exec(text) ?? []
  const subject = { context: named, name }
  if (isContext(named) && (name === '' || isName(name))) return subject
  throw new TidingsError(
    'name_invalid',
    `${shown(text)} names no schema subject and no context. Write a name, or a context before it as in ":.staging:orders".`,
  )
}

/** The context that a URL names as `.staging`, `staging` or `:.staging:`. @throws `name_invalid` */
export function contextOf(text: string): string {
  const [, inColons] = qualified.exec(text) ?? []
  const named = inColons ?? text
  return subjectOrContextOf('', named.startsWith('.') ? named : `.${named}`).context
}

/** The name with its context before it, unless that is the default one. */
export function subjectText({ context, name }: SchemaSubject): string {
  return context === defaultContext ? name : `:${context}:${name}`
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= limits.schemaSubjectLength && !unusable.test(name)
}

function isContext(context: string): boolean {
  return context.startsWith('.') && context.length <= limits.nameLength && !/[:\p{Cc}]/u.test(context)
}

/** Lone surrogates are in no UTF-8, so neither in a URL nor in a file. */
const unusable = /^\.{1,2}$|\p{Cc}|\p{Cs}/u
