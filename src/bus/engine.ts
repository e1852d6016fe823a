import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { Capabilities, Probe, Transport, TransportAdmin } from '../log/index.ts'

/** What `openBus` takes and every adapter makes: a transport, its administration, and where dead letters go. */
export interface Engine<C extends Capabilities = Capabilities> extends Transport<C> {
  readonly admin: TransportAdmin<NoInfer<C>>
  readonly deadLetters: DeadLetterStore
  /**
   * Asks the server, now, which version it is and which settings decide what an acknowledged event survives; of these
   * topics, where settings are of topics. Capabilities say what an engine can do, this what it is set up for.
   */
  probe(topics: readonly string[]): Promise<Probe>
}
