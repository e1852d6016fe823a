import { type Format } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'

const urlSchemes = /^(?:https?|ftp):\/\//i

/** The formats that are asserted. `url` is not that of ajv-formats, whose pattern takes quadratic time. */
export const formats: Readonly<Record<string, Format>> = {
  ...fullFormats,
  url: (text: string) => urlSchemes.test(text) && URL.canParse(text),
}
