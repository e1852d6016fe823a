import { InvalidArgumentError } from 'commander'
import type { Start } from '../log/index.ts'

/** Parses an option that is a place in a partition. */
export function placeOf(text: string): Start {
  if (text === 'start' || text === 'end') return text
  if (/^\d+$/.test(text)) return { offset: Number(text) }
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return { time: text }
  throw new InvalidArgumentError('It is start, end, a time like 2026-01-31T00:00:00Z, or an offset')
}
