import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { EnrolmentRequest, RenewalRequest } from '../../ecs/enrolment.ts';
import { HaidangError } from '../errors.ts';

const Csr = Type.String({ minLength: 100, maxLength: 4_000 });
const strict = { additionalProperties: false };

const enrolmentCheck = Compile(
  Type.Object(
    {
      token: Type.Object(
        { id: Type.String({ pattern: '^[a-z0-9]{10}$' }), secret: Type.String({ pattern: '^[A-Za-z0-9_-]{32}$' }) },
        strict,
      ),
      csr: Csr,
      name: Type.String({ minLength: 1, maxLength: 200 }),
      machine: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()]),
      version: Type.String({ maxLength: 64 }),
    },
    strict,
  ),
);
const renewalCheck = Compile(Type.Object({ csr: Csr }, strict));

/** Bytes of an enrolment or a renewal. */
export const ENROLMENT_BYTES = 16 * 1024;

/** Reads the body of `POST /v1/enrol`. @throws HaidangError `HD_BAD_REQUEST` */
export function readEnrolment(body: Buffer): EnrolmentRequest {
  const value = json(body);
  if (enrolmentCheck.Check(value)) return value;
  throw wrong(enrolmentCheck.Errors(value)[0]);
}

/** Reads the body of `POST /v1/renew`. @throws HaidangError `HD_BAD_REQUEST` */
export function readRenewal(body: Buffer): RenewalRequest {
  const value = json(body);
  if (renewalCheck.Check(value)) return value;
  throw wrong(renewalCheck.Errors(value)[0]);
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new HaidangError('HD_BAD_REQUEST', 'The request is not JSON.', { cause });
  }
}

function wrong(first: { readonly instancePath: string; readonly message: string } | undefined): HaidangError {
  const at = first?.instancePath.slice(0, 100) || '/';
  return new HaidangError('HD_BAD_REQUEST', `The request is wrong at ${at}: ${first?.message ?? 'form'}.`);
}
