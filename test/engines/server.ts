/** A server that tests run against. A file for each beside this one, listed in `servers.ts`. */
export interface Server {
  /** As in `npm run engines -- start postgres`, and in the name of the variable that tests find its URL in. */
  readonly name: string
  /** Beginnings of names in the paths of its tests: of folders, or of files. */
  readonly testsIn: readonly string[]
  /** Why it cannot be had on this machine, as a sentence; undefined when it can. */
  missing(): string | undefined
  /** Puts it on this machine, as root of a Debian; only ever when it was asked for. */
  install(): void
  /**
   * Starts it on loopback and a free port, and fulfils when it answers.
   * @param folder its own: data and logs. What is there of an earlier start is used again.
   */
  start(folder: string): Promise<Running>
  /** What the process is sent that ends it in order. */
  readonly stopSignal: NodeJS.Signals
}

export interface Running {
  readonly url: string
  readonly pid: number
  readonly version: string
}

/** Where tests find the URL of a server. */
export function urlVariable(name: string): string {
  return `TIDINGS_${name.toUpperCase()}_URL`
}
