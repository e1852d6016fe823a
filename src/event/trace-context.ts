import { limits } from '../kernel/index.ts'

/** A place in a trace (W3C Trace Context): which trace, which span of it, whether it may be recorded. */
export interface TraceContext {
  /** 32 hex digits in lower case, not all zero. */
  readonly traceId: string
  /** 16 hex digits in lower case, not all zero. */
  readonly spanId: string
  /** 8 bits; the lowest says that the trace is sampled. */
  readonly traceFlags: number
  /** What tracing systems say of the trace, each in its own words. */
  readonly tracestate: string | undefined
}

/**
 * The context that an event or a request carries. What is none is ignored, whoever wrote it: undefined for a `traceparent`
 * that is not as W3C Trace Context §3.2 has it, and no `tracestate` where that is longer than `limits.tracestateLength`
 * characters or not as §3.3 has it. Those rules are for text from outside: nothing is thrown.
 */
export function readTraceContext({
  traceparent,
  tracestate,
}: {
  readonly traceparent?: unknown
  readonly tracestate?: unknown
}): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > limits.traceparentLength) return undefined
  const [, version = 'ff', traceId = zeros, spanId = zeros, flags = '', more] = form.exec(traceparent) ?? []
  // A later version may have more fields; what is known of it stays where it is (§3.2.4).
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (isZero(traceId) || isZero(spanId)) return undefined
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & knownFlags,
    tracestate: usableTracestate(tracestate),
  }
}

/** The context as the `traceparent` of an event or a request. */
export function traceparentOf({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & knownFlags}`
}

/** The lowest bit of the flags. */
export const sampledFlag = 1

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const zeros = '0'
/** Sampled, and that the trace id is random; what the others mean is not known, so they are not passed on (§3.2.2.5). */
const knownFlags = 3

function isZero(id: string): boolean {
  return !/[^0]/.test(id)
}

function usableTracestate(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > limits.tracestateLength) return undefined
  const members = text.split(',').filter((member) => member.trim() !== '')
  if (members.length === 0 || members.length > limits.tracestateMembers) return undefined
  return members.every((member) => stateMember.test(member)) ? text : undefined
}

/** A key, of one tenant of a system perhaps, and a value that ends in no space (§3.3.1.3). */
const stateMember =
  /^[ \t]*[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e][ \t]*$/
