import { keyword } from './node.ts'
import type { Question } from './question.ts'
import { typesNamed, typesText } from './types.ts'

/** `type`; an integer is a number. */
export function compareTypes({ writer, reader, outcome }: Question): void {
  const type = keyword(reader, 'type')
  if (type === undefined) return
  const [written, read] = [writer.types, typesNamed(type)]
  const [before, after] = [typesText(written), typesText(read)]
  if (written.isSubsetOf(read)) {
    const widened = written.size > 0 && written.size < read.size && before !== after
    if (widened) outcome.allows('type_relaxed', reader, ['type'], `${after} is read, ${before} is written.`)
    return
  }
  const kind =
    before === 'anything' ? 'type_added' : written.isDisjointFrom(read) ? 'type_changed' : 'type_tightened'
  outcome.breaks(kind, reader, ['type'], `${before} may be written, and only ${after} is read.`, {
    reader: before === 'anything' ? 'Remove "type".' : `Allow ${before} as well: a list of types, or anyOf.`,
    writer: `Write only ${after}.`,
  })
}
