import type { Capabilities } from '../log/index.ts'
import { countText } from './text.ts'

export interface CapabilityRow {
  /** As in `capabilities`, and in the compile error where it is missing. */
  readonly capability: string
  readonly value: string
  readonly about: string
}

/** What an engine declares, in words; the same for the command and for the page that compares engines. */
export function capabilityRows(capabilities: Capabilities): readonly CapabilityRow[] {
  const { order, replay, lag, handover, fencing, hold, delay, maxBytes, durableAck, handleWithinMs } =
    capabilities
  const places = Object.entries(replay).flatMap(([place, can]) => (can ? [place] : []))
  return [
    row('order', order === 'partition' ? 'per partition' : 'none', 'events of one key are handled in order'),
    row('replay', places.length === 0 ? 'no' : places.join(', '), 'where reading again may begin'),
    row('lag', lag, 'how far a group is behind'),
    row('handover', handover, 'whether the next owner of a partition waits for the last one'),
    row('fencing', yesOrNo(fencing), 'a member that lost its partition commits nothing'),
    row('hold', yesOrNo(hold), "`afterDeadLetter: 'hold'`"),
    row('delay', yesOrNo(delay), '`publish(…, { notBefore })`'),
    row(
      'callerTransaction',
      yesOrNo(capabilities.callerTransaction),
      '`publish(…, { tx })`, without an outbox',
    ),
    row('durableAck', durableAck, 'what an acknowledged event has reached, if the server is set up for it'),
    row(
      'handleWithinMs',
      handleWithinMs === undefined ? 'any time' : countText(handleWithinMs),
      'attempts of an event and the waits between, in all',
    ),
    row('trustedRecords', yesOrNo(capabilities.trustedRecords), 'records are only ours, with a checksum'),
    row('maxBytes', countText(maxBytes), 'of one event'),
  ]
}

function row(capability: string, value: string, about: string): CapabilityRow {
  return { capability, value, about }
}

function yesOrNo(can: boolean): string {
  return can ? 'yes' : 'no'
}
