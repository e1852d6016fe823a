import type { Conjunction } from './conjunction.ts'
import { keyword, numberAt, type SchemaNode } from './node.ts'
import type { Fix } from './outcome.ts'
import { judge, type Question } from './question.ts'

export interface NumberBound {
  readonly value: number
  readonly exclusive: boolean
}

/** Bounds and divisors; they say nothing of data that is no number. */
export function compareNumbers(question: Question): void {
  const { writer, reader } = question
  if (!writer.admits('integer', 'fraction')) return
  for (const side of ['minimum', 'maximum'] as const) {
    const asked = boundAt(reader, side)
    if (asked === undefined) continue
    const given = boundOf(writer, side)
    const name = asked.exclusive ? exclusiveOf(side) : side
    judge(question, name, given !== undefined && within(given, asked, side), {
      written: given?.value,
      fix: given && asked.exclusive && !given.exclusive ? inclusiveFix(side, given, asked) : undefined,
    })
  }
  compareMultiples(question)
}

/** The strictest bound that is known of what is written; `undefined` without one. */
export function boundOf(writer: Conjunction, side: 'minimum' | 'maximum'): NumberBound | undefined {
  const bounds = writer.plain.map((node) => boundAt(node, side)).filter((bound) => bound !== undefined)
  const values = writer.values?.filter((value) => typeof value === 'number')
  if (values !== undefined && values.length > 0) {
    bounds.push({
      value: values.reduce((a, b) => (side === 'minimum' ? Math.min(a, b) : Math.max(a, b))),
      exclusive: false,
    })
  }
  return bounds.reduce<NumberBound | undefined>(
    (strictest, bound) => (strictest && within(strictest, bound, side) ? strictest : bound),
    undefined,
  )
}

/** `minimum` with `exclusiveMinimum`, a number or, as draft-04 has it, `true` beside the bound. */
function boundAt(node: SchemaNode, side: 'minimum' | 'maximum'): NumberBound | undefined {
  const inclusive = numberAt(node, side)
  const exclusive = keyword(node, exclusiveOf(side))
  if (typeof exclusive === 'number') {
    const bound = { value: exclusive, exclusive: true }
    if (inclusive === undefined) return bound
    return within(bound, { value: inclusive, exclusive: false }, side)
      ? bound
      : { value: inclusive, exclusive: false }
  }
  return inclusive === undefined ? undefined : { value: inclusive, exclusive: exclusive === true }
}

function inclusiveFix(side: 'minimum' | 'maximum', given: NumberBound, asked: NumberBound): Fix {
  return {
    reader: `Use "${side}": ${given.value} instead of "${exclusiveOf(side)}".`,
    writer: `Set "${exclusiveOf(side)}" to ${asked.value}.`,
  }
}

function exclusiveOf(side: 'minimum' | 'maximum'): 'exclusiveMinimum' | 'exclusiveMaximum' {
  return side === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'
}

/** Whether what keeps the one bound keeps the other. */
function within(given: NumberBound, asked: NumberBound, side: 'minimum' | 'maximum'): boolean {
  if (given.value === asked.value) return given.exclusive || !asked.exclusive
  return side === 'minimum' ? given.value > asked.value : given.value < asked.value
}

function compareMultiples(question: Question): void {
  const { writer, reader } = question
  const asked = numberAt(reader, 'multipleOf')
  if (asked === undefined) return
  const given = writer.plain.map((node) => numberAt(node, 'multipleOf')).filter((each) => each !== undefined)
  const known = writer.admits('fraction') ? given : [...given, 1]
  judge(
    question,
    'multipleOf',
    known.some((each) => isMultiple(each, asked)),
  )
}

/** In decimals, as they are written: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, divisor: number): boolean {
  const [a, b] = [decimal(value), decimal(divisor)]
  const exponent = Math.min(a.exponent, b.exponent)
  const whole = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent)
  return whole(b) !== 0n && whole(a) % whole(b) === 0n
}

interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

function decimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}
