import { type Static, Type } from 'typebox';

export const Contact = Type.Object({
  person: Type.String({ maxLength: 200 }),
  phone: Type.String({ maxLength: 50 }),
  email: Type.String({ maxLength: 200 }),
  address: Type.String({ maxLength: 500 }),
});
export const Agency = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }),
  name: Type.String({ minLength: 1, maxLength: 200 }),
  contact: Contact,
  securityLevel: Type.Integer({ minimum: 1, maximum: 5 }),
});
export type Agency = Static<typeof Agency>;

/** `GET /api/v1/agencies`; `POST` and `PUT /:id` take an `Agency` (administrator). */
export const Agencies = Type.Object({ agencies: Type.Array(Agency) });
export type Agencies = Static<typeof Agencies>;
