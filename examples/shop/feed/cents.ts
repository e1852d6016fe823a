/** The cents of a decimal price such as 39.99 or 100.0, exactly; undefined for anything else. */
export function centsOf(price: string): number | undefined {
  const [, whole, cents = ''] = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(price) ?? []
  return whole === undefined ? undefined : Number(whole) * 100 + Number(cents.padEnd(2, '0'))
}
