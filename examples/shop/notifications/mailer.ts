export interface Mail {
  readonly to: string
  readonly subject: string
}

export interface Mailer {
  /** Sends once for a key, however often it is asked. @throws when the mail bounces. */
  send(mail: Mail, key: string): Promise<void>
}

/** What was sent, for whoever looks. */
export interface SentMails {
  sent(): Promise<number>
  /** The latest first. */
  latest(most: number): Promise<readonly Mail[]>
}

/** Stands for a mail service elsewhere: it remembers what it has sent, and lets some mail bounce. */
export interface FakeMailer extends Mailer, SentMails {
  close(): Promise<void>
}

/** What mail services call the address that never accepts anything. */
const bouncing = 'bounce@'

/** @throws when this mail bounces. */
export function checkMailbox({ to }: Mail): void {
  if (to.startsWith(bouncing)) throw new Error(`550 ${to}: mailbox unavailable`)
}
