import { TidingsError } from '../index.ts'

/** The options of a command that shows a plan before it acts. */
export interface Confirmation {
  readonly yes?: true
  readonly dryRun?: true
}

/** @throws `option_invalid` for what needs --yes and does not have it. */
export function checkConfirmed({ yes, dryRun }: Confirmation, action: string): void {
  if (yes || dryRun) return
  throw new TidingsError('option_invalid', `${action} needs --yes. Nothing was done.`)
}
