import { TidingsError } from './errors.ts'
import { limits } from './limits.ts'

/** A key `__proto__` however it is escaped. The quote that opens a key never follows a backslash. */
const prototypeKey =
  /(?<!\\)"(?:_|\\u005f){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006f)(?:t|\\u0074)(?:o|\\u006f)(?:_|\\u005f){2}"\s*:/i

/**
 * Refuses JSON text that is dangerous to parse and use. It does not look whether it is JSON at all.
 * @param levels how deep arrays and objects may nest; by default `limits.jsonDepth`.
 * @throws `json_too_deep` · `json_unsafe` for a key `__proto__`, which a careless merge would turn into a prototype.
 */
export function checkJsonText(text: string, levels: number = limits.jsonDepth): void {
  if (opensMoreThan(text, levels) && nestsDeeperThan(text, levels)) throw tooDeep(levels)
  if ((text.includes('__proto__') || text.includes('\\u00')) && prototypeKey.test(text)) {
    throw new TidingsError(
      'json_unsafe',
      'The JSON has a key "__proto__", which could change the prototype of other objects. Rename the key.',
    )
  }
}

export function tooDeep(levels: number): TidingsError<'json_too_deep'> {
  return new TidingsError(
    'json_too_deep',
    `The JSON nests arrays and objects more than ${levels} levels deep. Make the data flatter.`,
  )
}

/** Almost every event opens fewer brackets than it may nest, which native searches find out quickly. */
function opensMoreThan(text: string, count: number): boolean {
  let opened = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++opened > count) return true
    }
  }
  return false
}

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function nestsDeeperThan(text: string, levels: number): boolean {
  let level = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBrace || code === openBracket) {
      if (++level > levels) return true
    } else if (code === closeBrace || code === closeBracket) level--
  }
  return false
}
