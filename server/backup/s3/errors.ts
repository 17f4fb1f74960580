import { TargetError } from '../target.ts';
import { text } from './xml.ts';

/** The storage refused, or did not answer. */
export class S3Error extends TargetError {
  /** 0 where no answer came. */
  readonly status: number;
  /** The storage's own, such as `NoSuchKey`. */
  readonly code: string;

  constructor(message: string, status: number, code: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'check what the access key may do with this bucket',
  InvalidAccessKeyId: 'check the access key',
  SignatureDoesNotMatch: 'check the secret key, the region and the endpoint',
  RequestTimeTooSkewed: "set this machine's clock",
  NoSuchBucket: 'make the bucket first, or name another',
  PermanentRedirect: 'check the region and the endpoint',
  AuthorizationHeaderMalformed: 'check the region',
};

/** What an answer of 300 and above means, in one sentence; nothing that the storage says can break a line. */
export function refusal(what: string, status: number, body: string): S3Error {
  const code = (text(body, 'Code') ?? '').replace(/[^\w.-]/g, '').slice(0, 60);
  const advice = ADVICE[code] ?? 'see the log of the storage';
  const reason = code === '' ? `${status}` : `${status} ${code}`;
  return new S3Error(`The storage refused ${what} (${reason}): ${advice}.`, status, code);
}

/** Codes of an answer below 500 that another try may change. */
const PASSING = new Set(['RequestTimeout', 'SlowDown', 'OperationAborted', 'InternalError', 'ServiceUnavailable']);

/** Whether another try may go through. */
export function mayPass({ status, code }: S3Error): boolean {
  return status === 0 || status === 429 || status >= 500 || PASSING.has(code);
}

/** An error of the network below, as one sentence. */
export function noAnswer(what: string, endpoint: string, cause: unknown): S3Error {
  const { code, message } = cause as { code?: string; message?: string };
  const certificate = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code ?? '');
  const advice = certificate
    ? 'its certificate is not trusted; set "s3.ca_file"'
    : 'check the endpoint and the network';
  return new S3Error(
    `The storage at ${endpoint} did not answer ${what} (${code ?? message}): ${advice}.`,
    certificate ? 495 : 0,
    code ?? '',
    { cause },
  );
}
