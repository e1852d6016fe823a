import { compareFurtherProperties } from './further-properties.ts'
import { type SchemaNode } from './node.ts'
import {
  acceptsAnything,
  hasNoProperties,
  isOpen,
  type ObjectModel,
  objectAt,
  readersFor,
  schemasFor,
} from './object-model.ts'
import type { Question } from './question.ts'

/** The properties that either side names, and the further ones. */
export function compareProperties(question: Question): void {
  const { writer, reader } = question
  if (!writer.admits('object') || hasNoProperties(writer)) return
  const read = objectAt(reader)
  const written = writer.plain.map(objectAt)
  const names = new Set([
    ...read.properties.keys(),
    ...written.flatMap(({ properties }) => [...properties.keys()]),
  ])
  for (const name of names) compareProperty(question, name, read, written)
  compareFurtherProperties(question, read, written)
}

function compareProperty(
  question: Question,
  name: string,
  read: ObjectModel,
  written: readonly ObjectModel[],
): void {
  const { comparison, reader, outcome } = question
  const known = written.flatMap((model) => schemasFor(model, name, comparison.patterns))
  if (known.some(({ schema }) => schema === false)) {
    if (read.properties.has(name)) {
      outcome.allows('property_added', reader, ['properties', name], `${quoted(name)} is never written.`)
    }
    return
  }
  const isNamed = written.some(({ properties }) => properties.has(name))
  const readers = readersFor(read, name, comparison.patterns)
  if (isNamed && !read.properties.has(name)) {
    return compareRemoved(question, name, known, readers, read)
  }
  for (const schema of readers) {
    if (isNamed || schema !== read.properties.get(name)) outcome.include(comparison.accepts(known, schema))
    else compareAdded(question, name, known, schema, written)
  }
}

/** Only what is written names the property: to what reads it is a further one. */
function compareRemoved(
  { comparison, reader, outcome }: Question,
  name: string,
  known: readonly SchemaNode[],
  readers: readonly SchemaNode[],
  { rest, restKeyword }: ObjectModel,
): void {
  const at = ['properties', name]
  const refusing = readers.find(({ schema }) => schema === false)
  if (refusing === undefined) {
    outcome.allows('property_removed', reader, at, `${quoted(name)} is not described where data is read.`)
    for (const schema of readers) outcome.include(comparison.accepts(known, schema))
    return
  }
  const message = `${quoted(name)} may be written, and objects are closed where data is read.`
  if (comparison.lenient) return outcome.allows('property_removed', reader, at, message)
  outcome.breaks('property_removed', reader, at, message, {
    reader:
      refusing === rest
        ? `Keep ${quoted(name)}, set "${restKeyword}" to true, or use the policy lenient.`
        : `Leave out the pattern that refuses ${quoted(name)}, or use the policy lenient.`,
    writer: `Do not add ${quoted(name)} before it can be read everywhere, or use the policy lenient.`,
  })
}

/** Only what reads names the property: it breaks unless everything that may be written under its name fits. */
function compareAdded(
  { comparison, reader, outcome }: Question,
  name: string,
  known: readonly SchemaNode[],
  schema: SchemaNode,
  written: readonly ObjectModel[],
): void {
  const at = ['properties', name]
  if (acceptsAnything(schema)) {
    return outcome.allows('property_added', reader, at, `${quoted(name)} may have any value.`)
  }
  const message = `${quoted(name)} may be written with any value, because objects are open where data is written.`
  const passesLenient = written.every(isOpen)
  if (comparison.lenient && passesLenient) {
    return outcome.allows('property_added', reader, at, message)
  }
  const part = comparison.accepts(known, schema)
  if (!part.broken) {
    outcome.allows('property_added', reader, at, `Whatever is written as ${quoted(name)} can be read.`)
    return outcome.include(part)
  }
  if (!known.every(acceptsAnything)) return outcome.include(part)
  const upcaster = 'add it in a version with an upcaster'
  const choices = passesLenient ? `, ${upcaster}, or use the policy lenient` : `, or ${upcaster}`
  outcome.breaks('property_added', reader, at, message, {
    reader: `Give ${quoted(name)} the schema {}${choices}.`,
    writer: `Keep ${quoted(name)}, or close the object: "additionalProperties": false.`,
  })
}

function quoted(name: string): string {
  return JSON.stringify(name)
}
