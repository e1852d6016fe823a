/** Aborts when the process is asked to end. The bus hears it too, and drains; asked a second time, the process ends. */
export function onSignals(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  if (process.env['npm_lifecycle_event'] !== undefined) onOrphaned(() => stop.abort())
  return stop.signal
}

/** npm hands a signal to the shell it has started, which ends and tells nobody: the shop would run on unseen. */
function onOrphaned(stop: () => void): void {
  const parent = process.ppid
  const looking = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(looking)
    stop()
  }, 200)
  looking.unref()
}

/** Fulfils when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
