const width = 30

/** A bar on stderr for people; silent where there is no terminal. Returns how far it got so far to be told. */
export function progressBar(total: number, what: string): (done: number) => void {
  const { stderr } = process
  if (!stderr.isTTY) return () => undefined
  return (done) => {
    const filled = Math.round((width * done) / total)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
    stderr.write(`\r${bar} ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${what}`)
    if (done === total) stderr.write('\n')
  }
}
