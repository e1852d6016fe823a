/** What an engine says of the server or file behind it, once it has looked. */
export interface Probe {
  /** Of the server: `15.14`, or what its protocol tells of it. */
  readonly version: string
  /** Everything that decides what an acknowledged event survives. */
  readonly durability: readonly DurabilityFinding[]
}

/** One setting, as it was found, and what follows from it. */
export interface DurabilityFinding {
  /** As the engine's own documentation calls it: `fsync`, `min.insync.replicas`. */
  readonly setting: string
  readonly value: string
  /** The topics it holds for; none for the whole engine. */
  readonly topics: readonly string[]
  /**
   * `safe` · `weak`: what was acknowledged can be lost, and another value would keep it · `volatile`: the engine is made to
   * keep nothing · `unknown`: this user may not read it.
   */
  readonly verdict: 'safe' | 'weak' | 'volatile' | 'unknown'
  /** What may be lost, and what to do about it, as a sentence; empty where it is safe. */
  readonly advice: string
}
