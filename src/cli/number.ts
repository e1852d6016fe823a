import { InvalidArgumentError } from 'commander'

/** Parses an option that is a whole number of at least `smallest`. */
export function wholeNumber(smallest: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= smallest) return number
    throw new InvalidArgumentError(`It is a whole number from ${smallest}`)
  }
}
