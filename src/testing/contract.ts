import { runInFlow } from '../event/index.ts'
import { instrument } from '../tracing/index.ts'

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

/**
 * Registers every case with the runner, twice: for the port, and for the port through `instrument`, in a trace.
 * @throws when `skip` names a case that does not exist.
 */
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
    if (reason !== undefined) {
      test.skip(`${name} (${reason})`, inFreshContext)
      continue
    }
    test(name, inFreshContext)
    test(`${name}, instrumented`, async () => {
      await using context = await open()
      const through = await instrumented(context)
      await runInFlow({ cause: undefined, trace }, () => run(through))
    })
  }
}

/** Where the ports are in the contexts of contracts. */
const ports = ['transport', 'store', 'inbox'] as const

async function instrumented<Context extends object>(context: Context): Promise<Context> {
  const through: Record<string, unknown> = {}
  for (const name of ports) {
    const port: unknown = Reflect.get(context, name)
    if (typeof port === 'object' && port !== null) through[name] = await instrument(port)
  }
  return new Proxy(context, {
    get: (target, name) =>
      typeof name === 'string' && name in through ? through[name] : Reflect.get(target, name),
  })
}

const trace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  tracestate: undefined,
}
