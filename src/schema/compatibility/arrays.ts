import { compareContains } from './contains.ts'
import { mostOf } from './counts.ts'
import { type ItemModel, itemAt, itemsAt } from './item-model.ts'
import { keyword } from './node.ts'
import { acceptsAnything } from './object-model.ts'
import { judge, type Question } from './question.ts'

/** Items by position and further ones, `uniqueItems`, `contains`. */
export function compareArrays(question: Question): void {
  if (!question.writer.admits('array')) return
  compareItems(question)
  if (keyword(question.reader, 'uniqueItems') === true) {
    const holds = question.writer.plain.some((node) => keyword(node, 'uniqueItems') === true)
    judge(question, 'uniqueItems', holds || mostOf(question.writer, 'maxItems') <= 1)
  }
  compareContains(question)
}

function compareItems(question: Question): void {
  const { writer, reader } = question
  const read = itemsAt(reader)
  const written = writer.plain.map(itemsAt)
  if (isTuple(read) && written.some(isList) && question.comparison.strict) refuseTuple(question)
  const most = mostOf(writer, 'maxItems')
  const described = Math.max(read.prefix.length, ...written.map(({ prefix }) => prefix.length))
  for (let position = 0; position < Math.min(described, most); position++) {
    compareItem(question, read, written, position)
  }
  if (described >= most || read.rest === undefined || read.rest.schema === true) return
  const known = written.flatMap((model) => itemAt(model, described))
  if (known.some(({ schema }) => schema === false)) return
  const part = question.comparison.accepts(known, read.rest)
  if (part.broken && (known.length === 0 || read.rest.schema === false)) return refuseRest(question, read)
  question.outcome.include(part)
}

/** Draft-07 writes both as `items`: a list of schemas, or one for all items. */
function isTuple({ prefix, prefixKeyword }: ItemModel): boolean {
  return prefix.length > 0 && prefixKeyword === 'items'
}

function isList({ prefix, rest, restKeyword }: ItemModel): boolean {
  return prefix.length === 0 && restKeyword === 'items' && rest !== undefined && !acceptsAnything(rest)
}

function refuseTuple({ reader, outcome }: Question): void {
  const message = 'Items are described by position where data is read, and all alike where it is written.'
  outcome.breaks('items_changed', reader, ['items'], message, {
    reader: 'Keep one schema for all items.',
    writer: 'Describe the items by position, as they are read.',
  })
}

function refuseRest({ reader, outcome }: Question, { restKeyword }: ItemModel): void {
  const message = 'Items may be written that are not read, or are read only if they fit a schema.'
  outcome.breaks(`${restKeyword}_tightened`, reader, [restKeyword], message, {
    reader: `Remove "${restKeyword}".`,
    writer: `Set "${restKeyword}" and what stands beside it as it is where data is read.`,
  })
}

/** One position, which either side may describe by its place or among the further items. */
function compareItem(
  { comparison, reader, outcome }: Question,
  read: ItemModel,
  written: readonly ItemModel[],
  position: number,
): void {
  const at: readonly [string, number] = [read.prefixKeyword, position]
  const known = written.flatMap((model) => itemAt(model, position))
  if (known.some(({ schema }) => schema === false)) return
  const isPlaced = written.some(({ prefix }) => position < prefix.length)
  const item = read.prefix[position] ?? read.rest
  if (item === undefined) return outcome.allows('item_removed', reader, at, 'The item is read as anything.')
  const part = comparison.accepts(known, item)
  if (item.schema === false && part.broken) {
    return outcome.breaks('item_removed', reader, at, 'The item may be written and is not read.', {
      reader: 'Describe the item as it is written.',
      writer: `Close the array: "maxItems": ${position}.`,
    })
  }
  if (known.length > 0 || !part.broken) {
    if (!isPlaced) outcome.allows('item_added', reader, at, 'The item is described only where it is read.')
    return outcome.include(part)
  }
  const message = 'Anything may be written at this position, because arrays are open where they are written.'
  outcome.breaks('item_added', reader, at, message, {
    reader: 'Give the item the schema {}.',
    writer: `Describe the item as it is read, or close the array: "maxItems": ${position}.`,
  })
}
