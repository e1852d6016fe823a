import { mostOf } from './counts.ts'
import { numberAt, type SchemaNode, schemaAt } from './node.ts'
import type { Fix } from './outcome.ts'
import { judge, type Question } from './question.ts'

/** `contains`, with how many items must fit it and may. */
export function compareContains(question: Question): void {
  const { comparison, writer, reader } = question
  const asked = schemaAt(reader, 'contains')
  if (asked === undefined) return
  const least = numberAt(reader, 'minContains') ?? 1
  const most = numberAt(reader, 'maxContains')
  const fits = (_: SchemaNode, given: SchemaNode): boolean => comparison.implies([given], asked)
  const enough = (node: SchemaNode, given: SchemaNode): boolean =>
    (numberAt(node, 'minContains') ?? 1) >= least && fits(node, given)
  const few = (node: SchemaNode, given: SchemaNode): boolean =>
    (numberAt(node, 'maxContains') ?? Number.POSITIVE_INFINITY) <= (most ?? 0) &&
    comparison.implies([asked], given)
  const some = (holds: (node: SchemaNode, given: SchemaNode) => boolean): boolean =>
    writer.plain.some((node) => {
      const given = schemaAt(node, 'contains')
      return given !== undefined && holds(node, given)
    })
  if (least === 0 || some(enough)) judge(question, 'contains', true)
  else if (some(fits)) refuseFewer(question, least)
  else judge(question, 'contains', false)
  if (most === undefined) return
  const covers = some((_, given) => comparison.implies([asked], given))
  judge(question, 'maxContains', mostOf(writer, 'maxItems') <= most || some(few), {
    fix: covers ? undefined : otherItems,
  })
}

/** "maxContains" counts other items than before. */
const otherItems: Fix = {
  reader: 'Remove "maxContains".',
  writer: 'Set "contains" and "maxContains" as they are where data is read.',
}

function refuseFewer({ reader, outcome }: Question, least: number): void {
  const message = `At least ${least} items must fit "contains" to be read, and fewer may be written.`
  outcome.breaks('minContains_tightened', reader, ['minContains'], message, {
    reader: 'Set "minContains" as it is where data is written.',
    writer: `Set "minContains" to ${least}.`,
  })
}
