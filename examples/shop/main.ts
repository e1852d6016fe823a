import { isTidingsError } from 'tidings'
import { ShopError, UsageError } from './errors.ts'
import { help, readOptions } from './options.ts'
import { runShop } from './run.ts'

/** Exit codes as those of `tidings`: 0 ok, 1 failed, 2 usage. */
async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options === 'help') {
      process.stdout.write(help)
      return 0
    }
    if (await runShop(options)) return 0
    return fail(
      'The shop was stopped before all orders were through. Run it again with the same --url to go on.',
      1,
    )
  } catch (error) {
    if (error instanceof UsageError)
      return fail(`${error.message}\nnpm start -- --help lists the options.`, 2)
    if (error instanceof ShopError || isTidingsError(error)) return fail(error.message, 1)
    throw error
  }
}

function fail(words: string, code: number): number {
  process.stderr.write(`${words}\n`)
  return code
}

process.exitCode = await main()
