export interface Mail {
  readonly to: string
  readonly subject: string
}

export interface Mailer {
  /** Sends once for a key, however often it is asked. @throws when the mail bounces. */
  send(mail: Mail, key: string): Promise<void>
}
