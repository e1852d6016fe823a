/** Tells of the end of something, whether it is awaited or not; `error` is undefined where it ended well. */
export function watched<Result>(run: () => Result, ended: (error: unknown) => void): Result {
  let result: Result
  try {
    result = run()
  } catch (error) {
    ended(error)
    throw error
  }
  if (result instanceof Promise) result.then(() => ended(undefined), ended)
  else ended(undefined)
  return result
}
