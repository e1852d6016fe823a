/** Runs `drain` when the process is asked to end; asked a second time, it ends at once. Returns how to stop listening. */
export function onShutdown(signals: readonly NodeJS.Signals[], drain: () => void): () => void {
  let asked = false
  const listener = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(128 + (signal === 'SIGINT' ? 2 : 15))
    asked = true
    drain()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
