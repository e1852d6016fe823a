import { type Format } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isUtcDateTime } from './date-time.ts'

const urlSchemes = /^(?:https?|ftp):\/\//i

/**
 * The formats that are asserted. `url` is not that of ajv-formats, whose pattern takes quadratic time; `date-time` is
 * theirs with a short way for what programs write.
 */
export const formats: Readonly<Record<string, Format>> = {
  ...fullFormats,
  'date-time': preceded(fullFormats['date-time'], isUtcDateTime),
  url: (text: string) => urlSchemes.test(text) && URL.canParse(text),
}

/** The same format, which is not asked where `isCertain` knows that the text is valid. */
function preceded(format: Format, isCertain: (text: string) => boolean): Format {
  if (typeof format !== 'object' || !('validate' in format) || typeof format.validate !== 'function')
    return format
  const { validate } = format
  return (text: string) => isCertain(text) || Boolean(Reflect.apply(validate, undefined, [text]))
}
