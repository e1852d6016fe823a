import { createHash } from 'node:crypto'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { ErrorEntry } from './entries.ts'

const fingerprintLength = 10

/**
 * What the journal keeps of an error. Two have one fingerprint when their reason and the frame that threw them are the
 * same: ids in a message, and the line that a build has moved it to, tell nothing apart.
 */
export function errorEntryOf(error: Error): ErrorEntry {
  const reason = isTidingsError(error) ? error.code : error.name
  const message = error.message.split('\n', 1)[0] ?? ''
  const content = JSON.stringify([reason, topFrameOf(error) ?? message])
  return {
    reason,
    message: message.slice(0, limits.journalMessageLength),
    fingerprint: createHash('sha256').update(content).digest('hex').slice(0, fingerprintLength),
  }
}

/** The function and file of the first frame that is not of Node, without folders, line and column. */
function topFrameOf({ stack = '' }: Error): string | undefined {
  for (const line of stack.split('\n')) {
    const [, called = '', path] = /^\s+at (?:(.*?) \()?(.*?)(?::\d+)*\)?$/.exec(line) ?? []
    if (path !== undefined && !path.startsWith('node:'))
      return `${called.replace(/^async /, '')} ${path.replace(/.*[\\/]/, '')}`
  }
  return undefined
}
