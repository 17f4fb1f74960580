/** A place in a bucket, `s3://bucket/prefix`. */
export interface S3Address {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** Whether a text names a bucket rather than a folder. */
export function isS3Address(text: string): boolean {
  return /^s3:/i.test(text);
}

/** Reads an address. @throws Error that says how one looks */
export function readS3Address(text: string): S3Address {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(text) ?? [];
  const parts = path.split('/').filter((part) => part !== '');
  const named = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket);
  const clean = parts.every((part) => /^[\w.-]{1,100}$/.test(part) && !/^\.+$/.test(part)) && path.length <= 400;
  if (named && clean) return { bucket, prefix: parts.join('/') };
  throw new Error(
    `"${text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')}" is no place in a bucket; write it like s3://bucket/prefix, with letters, digits, "-", "_" and "." alone.`,
  );
}
