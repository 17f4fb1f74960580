import { hash, randomBytes } from 'node:crypto';

/** Letters and digits that nobody mistakes for one another on the telephone (Crockford's base 32). */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Id of an incident, like `HD-7K3Q-9XMB`: short enough to be read out. */
export function newIncidentId(): string {
  return spelled(randomBytes(8));
}

/** The id of the incident that a rule makes of an alert: always the same one. */
export function incidentIdOf(alert: string): string {
  return spelled(Buffer.from(hash('sha256', `incident of ${alert}`, 'hex').slice(0, 16), 'hex'));
}

/** Id of a request to an agency, like `YC-7K3Q-9XMB` (yêu cầu). */
export function newRequestId(): string {
  return spelled(randomBytes(8), 'YC');
}

/** Id of something within an incident. */
export function newItemId(): string {
  return randomBytes(9).toString('base64url');
}

function spelled(bytes: Buffer, kind = 'HD'): string {
  const letters = [...bytes.subarray(0, 8)].map((byte) => LETTERS[byte % 32]).join('');
  return `${kind}-${letters.slice(0, 4)}-${letters.slice(4)}`;
}
