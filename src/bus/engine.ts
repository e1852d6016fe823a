import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { Capabilities, Transport, TransportAdmin } from '../log/index.ts'

/** What `openBus` takes and every adapter makes: a transport, its administration, and where dead letters go. */
export interface Engine<C extends Capabilities = Capabilities> extends Transport<C> {
  readonly admin: TransportAdmin
  readonly deadLetters: DeadLetterStore
}
