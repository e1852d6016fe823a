/** The part of a test runner that a contract needs: vitest's `test` and that of `node:test` both fit. */
export interface TestRunner {
  (name: string, run: () => Promise<void>): unknown
  readonly skip: (name: string, run: () => Promise<void>) => unknown
}

/** What a port promises, one sentence each; every case gets a fresh context. */
export type ContractCases<Context> = Readonly<Record<string, (context: Context) => Promise<void>>>

export interface ContractOptions<Context extends AsyncDisposable> {
  readonly test: TestRunner
  /** Makes what one case works on, empty; it is disposed of after the case. */
  readonly open: () => Promise<Context>
  /** Cases that cannot hold here, by their name, each with the reason. */
  readonly skip?: Readonly<Record<string, string>> | undefined
}

/** Registers every case with the runner. @throws when `skip` names a case that does not exist. */
export function runContract<Context extends AsyncDisposable>(
  cases: ContractCases<Context>,
  { test, open, skip = {} }: ContractOptions<Context>,
): void {
  const unknown = Object.keys(skip).filter((name) => !Object.hasOwn(cases, name))
  if (unknown.length > 0) throw new RangeError(`The contract has no case called "${unknown.join('", "')}".`)
  for (const [name, run] of Object.entries(cases)) {
    const reason = skip[name]
    const inFreshContext = async (): Promise<void> => {
      await using context = await open()
      await run(context)
    }
    if (reason === undefined) test(name, inFreshContext)
    else test.skip(`${name} (${reason})`, inFreshContext)
  }
}
