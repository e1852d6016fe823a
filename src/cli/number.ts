import { InvalidArgumentError } from 'commander'

/** Parses an option that is a whole number of at least `smallest` and, where that is said, at most `largest`. */
export function wholeNumber(
  smallest: number,
  largest: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= smallest && number <= largest) return number
    const bound = largest === Number.MAX_SAFE_INTEGER ? '' : ` to ${largest}`
    throw new InvalidArgumentError(`It is a whole number from ${smallest}${bound}`)
  }
}
