import { limits, listed, Recent, TidingsError } from '../kernel/index.ts'
import type { Capabilities, DurabilityFinding, Needs } from '../log/index.ts'
import type { Engine } from './engine.ts'

/** `required`: an engine that can lose what it has acknowledged is refused. An engine in memory is known to. */
export type Durability<C extends Capabilities> = Needs<C, 'durableAck', 'memory', 'required'>

/** What this process was warned of already: programs open more than one bus. */
const warned = new Recent<true>(limits.warningsKept)

/**
 * Looks whether the engine keeps what it acknowledges. Where that is required, anything but safe is refused; else there
 * is one warning in a process for whatever is weak. Nobody needs to be warned that memory is not kept.
 * @throws `not_durable`
 */
export async function checkDurability(
  engine: Engine,
  topics: readonly string[],
  required: boolean,
): Promise<void> {
  const { durability } = await engine.probe(topics)
  const found = durability.filter(({ verdict }) => (required ? verdict !== 'safe' : verdict === 'weak'))
  if (found.length === 0) return
  const sentence = `${engine.capabilities.name} can lose what it has acknowledged: ${found.map(findingText).join(' ')}`
  if (required) throw new TidingsError('not_durable', sentence)
  if (warned.get(sentence)) return
  warned.set(sentence, true)
  process.emitWarning(`not_durable: ${sentence}`)
}

function findingText({ setting, value, topics, advice }: DurabilityFinding): string {
  const where = topics.length === 0 ? '' : ` of ${listed(topics)}`
  return `${setting}${where} is ${value}. ${advice}`
}
