/**
 * Lists of whole numbers in as few bytes as the largest needs: 1, 2 or 4 bytes each where none is negative or over
 * 2^31 - 1, else 64-bit floats; little-endian. The width is told by the bytes and the number of elements. A list of zeros
 * alone has no bytes.
 */
export function packNumbers(numbers: ArrayLike<number>, from: number, to: number): Uint8Array {
  let max = 0;
  let min = 0;
  for (let at = from; at < to; at++) {
    const number = numbers[at] as number;
    if (number > max) max = number;
    if (number < min) min = number;
  }
  if (max === 0 && min === 0) return new Uint8Array(0);
  const packed = listFor(min < 0 ? Number.POSITIVE_INFINITY : max, to - from);
  for (let at = from; at < to; at++) packed[at - from] = numbers[at] as number;
  return new Uint8Array(packed.buffer);
}

function listFor(max: number, length: number): Uint8Array | Uint16Array | Int32Array | Float64Array {
  if (max < 2 ** 8) return new Uint8Array(length);
  if (max < 2 ** 16) return new Uint16Array(length);
  return max < 2 ** 31 ? new Int32Array(length) : new Float64Array(length);
}

/** Reads such a list of `length` elements. Whole numbers come as 32-bit ones, so that loops over them see one kind. */
export function unpackNumbers(bytes: Uint8Array | undefined, length: number): Int32Array | Float64Array {
  const numbers = new Int32Array(length);
  if (bytes === undefined || bytes.byteLength === 0) return numbers;
  // Views need a start that their numbers divide.
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  switch (bytes.byteLength / length) {
    case 1:
      numbers.set(bytes);
      return numbers;
    case 2:
      numbers.set(new Uint16Array(buffer, byteOffset, length));
      return numbers;
    case 4:
      return new Int32Array(buffer, byteOffset, length);
    default:
      return new Float64Array(buffer, byteOffset, length);
  }
}

/** The same as they lie in the bytes, for lists of whole numbers from 0 to 2^31 - 1. */
export function viewNumbers(bytes: Uint8Array | undefined, length: number): Uint8Array | Uint16Array | Int32Array {
  if (bytes === undefined || bytes.byteLength === 0) return new Uint8Array(length);
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  switch (bytes.byteLength / length) {
    case 1:
      return new Uint8Array(buffer, byteOffset, length);
    case 2:
      return new Uint16Array(buffer, byteOffset, length);
    default:
      return new Int32Array(buffer, byteOffset, length);
  }
}
