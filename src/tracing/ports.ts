/** A method that each port has and no other does. */
const telling = {
  subscribe: 'transport',
  appendDue: 'log',
  claim: 'outbox',
  handled: 'inbox',
  discard: 'dead-letter',
  readAll: 'streams',
  checkpoints: 'projections',
  saveSettings: 'schema',
} as const

/** Which port an object is; undefined for none. */
export function portNameOf(port: object): (typeof telling)[keyof typeof telling] | undefined {
  for (const [method, name] of Object.entries(telling)) if (method in port) return name
  return undefined
}
