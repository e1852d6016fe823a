import type { Conjunction } from './conjunction.ts'
import { keyword, schemaMapAt, stringsAt } from './node.ts'
import type { Question } from './question.ts'

/**
 * A name that becomes required breaks, with two exceptions that Confluent makes: a property with a `default` counts as
 * there, although validators never fill it in, and a name that `properties` does not list is not looked at.
 */
export function compareRequired({ comparison, writer, reader, wanted, outcome }: Question): void {
  const names = stringsAt(reader, 'required')
  if (names.length === 0 || !writer.admits('object')) return
  const written = writer.required
  names.forEach((name, position) => {
    if (written.has(name)) return
    const at = ['required', position]
    const text = JSON.stringify(name)
    const excuse = comparison.exact ? undefined : excuseOf(wanted, name)
    if (excuse !== undefined) {
      return outcome.allows(
        'required_changed',
        reader,
        at,
        `${text} may be missing in what is written, ${excuse}.`,
      )
    }
    outcome.breaks(
      'required_added',
      reader,
      at,
      `${text} may be missing in what is written, and must be there to be read.`,
      {
        // A default is no fix: it passes, but nobody fills it in.
        reader: `Leave ${text} optional, or give the new version an upcaster.`,
        writer: `Keep ${text} required.`,
      },
    )
  })
}

function excuseOf({ plain }: Conjunction, name: string): string | undefined {
  const described = plain.map((node) => schemaMapAt(node, 'properties'))
  const schemas = described.map((properties) => properties.get(name)).filter((schema) => schema !== undefined)
  if (schemas.some((schema) => keyword(schema, 'default') !== undefined)) return 'and has a default'
  if (schemas.length > 0 || described.every(({ size }) => size === 0)) return undefined
  return 'and "properties" does not list it'
}
