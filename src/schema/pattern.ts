import { RE2JS } from 're2js'

interface Pattern {
  test(text: string): boolean
  /** Ajv keeps patterns under this name. */
  toString(): string
}

/**
 * Patterns run on RE2, in time linear in the text: no value can make one run forever. `code` is what Ajv would write
 * into a file; none is written here.
 */
export const linearPattern: ((source: string) => Pattern) & { code: string } = Object.assign(
  (source: string): Pattern => {
    const pattern = compiled(source)
    return { test: (text) => pattern.test(text), toString: () => source }
  },
  { code: 'linearPattern' },
)

function compiled(source: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `the pattern ${JSON.stringify(source)} does not run on RE2 (${reason.replace('error parsing regexp: ', '')}). Write it without look-ahead, look-behind and back-references, or use a format.`,
      { cause },
    )
  }
}
