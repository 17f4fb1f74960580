/** One field of a message in the protocol buffers wire format. */
export interface ProtoField {
  readonly number: number;
  /** Varints and fixed numbers; bytes, texts and messages. */
  readonly value: bigint | Buffer;
}

/** What is not a message in the wire format. */
export class ProtoFault extends Error {}

/**
 * Reads the fields of one message, in order. Groups (long deprecated) are refused, as is anything that reaches past
 * the end. Embedded messages are views into the same bytes: nothing is copied.
 */
export function* protoFields(bytes: Buffer): Generator<ProtoField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new ProtoFault('a number is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtoFault('a number is longer than ten bytes');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new ProtoFault('a field reaches past the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 536_870_911) throw new ProtoFault('a field number is out of range');
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        yield { number, value: take(8).readBigUInt64LE() };
        break;
      case 2:
        yield { number, value: take(Number(varint())) };
        break;
      case 5:
        yield { number, value: BigInt(take(4).readUInt32LE()) };
        break;
      default:
        throw new ProtoFault('a field has a wire type that is not known');
    }
  }
}

/** The bytes of a field that must be text, bytes or a message. */
export function asBytes(value: ProtoField['value']): Buffer {
  if (typeof value === 'bigint') throw new ProtoFault('a field is a number where bytes belong');
  return value;
}

/** The number of a field that must be one. */
export function asNumber(value: ProtoField['value']): bigint {
  if (typeof value !== 'bigint') throw new ProtoFault('a field is bytes where a number belongs');
  return value;
}
