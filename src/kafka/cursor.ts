/** Reads what bytes hold, one thing after the other, as Kafka's protocol writes it. Numbers are safe integers. */
export class Cursor {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  int8(): number {
    this.at += 1
    return this.bytes.readInt8(this.at - 1)
  }

  int16(): number {
    this.at += 2
    return this.bytes.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.bytes.readInt32BE(this.at - 4)
  }

  /** Offsets, times and ids of producers. */
  int64(): number {
    this.at += 8
    return this.bytes.readInt32BE(this.at - 8) * 2 ** 32 + this.bytes.readUInt32BE(this.at - 4)
  }

  /** Seven bits a byte, the lowest first. */
  unsigned(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at] ?? 0
      this.at += 1
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  /** As `unsigned`, with the sign in the lowest bit. */
  signed(): number {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  uuid(): string {
    const hex = this.bytes.toString('hex', this.at, this.at + 16)
    this.at += 16
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /** An array whose count says one more than it has; 0 for none. */
  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.unsigned() - 1) }, read)
  }

  /** Of bytes with their length before them, likewise. */
  block(): Buffer {
    const length = Math.max(0, this.unsigned() - 1)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  /** Fields of later versions. */
  passTags(): void {
    for (let left = this.unsigned(); left > 0; left--) {
      this.unsigned()
      const length = this.unsigned()
      this.at += length
    }
  }
}
