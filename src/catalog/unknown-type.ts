import { listed, nearest, TidingsError } from '../kernel/index.ts'

/** @param where what was searched, for the sentence: "the catalog". */
export function unknownType(type: string, where: string, known: Iterable<string>): TidingsError {
  const types = [...known]
  const near = nearest(type, types)
  const advice = near === undefined ? `It has ${listed(types)}.` : `Did you mean ${near}?`
  return new TidingsError(
    'type_unknown',
    `${where} has no event of type ${JSON.stringify(type.slice(0, 200))}. ${advice}`,
  )
}
