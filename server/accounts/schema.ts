import { type Static, Type } from 'typebox';
import { ROLES } from '../identity.ts';
import { PERMISSION_NAMES } from './permissions.ts';

const RoleName = Type.Enum([...ROLES]);

/** `GET /api/v1/session`, and the answer to signing in. */
export const Session = Type.Object({
  user: Type.String(),
  displayName: Type.String(),
  role: RoleName,
  agencies: Type.Union([Type.Literal('all'), Type.Array(Type.String())]),
  expires: Type.String(),
  /** What this account may do, by `permissions.ts`: a console shows no more. */
  permissions: Type.Array(Type.Enum([...PERMISSION_NAMES])),
  /**
   * `due`: when the account can do nothing more without a second factor; `null` where none is asked for, or it is there. `lost`: the one
   * it had was given up with the server's key, and nothing else is allowed before there is a new one.
   */
  secondFactor: Type.Optional(
    Type.Object({
      on: Type.Boolean(),
      due: Type.Union([Type.String(), Type.Null()]),
      lost: Type.Optional(Type.Boolean()),
    }),
  ),
  /** Where to go after signing out here, to sign out at the provider too. */
  signOutAddress: Type.Optional(Type.String()),
});
export type Session = Static<typeof Session>;

/** `GET /api/v1/sign-in`: how one signs in here besides name and password; `null` where no provider is configured. */
export const SignInWays = Type.Object({
  provider: Type.Union([Type.Object({ label: Type.String() }), Type.Null()]),
});
export type SignInWays = Static<typeof SignInWays>;

/** `POST /api/v1/session` */
export const SignIn = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 64 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
  /** Of the authenticator application, or a recovery code; asked for by `HD_CODE_NEEDED`. */
  code: Type.Optional(Type.String({ minLength: 6, maxLength: 20 })),
});
export type SignIn = Static<typeof SignIn>;

/** `POST /api/v1/setup`: sets the first administrator's password by the one-time link, and signs in. */
export const Setup = Type.Object({
  token: Type.String({ minLength: 20, maxLength: 100 }),
  user: Type.String({ pattern: '^[a-z][a-z0-9._-]{0,31}$' }),
  displayName: Type.String({ minLength: 1, maxLength: 100 }),
  password: Type.String({ minLength: 12, maxLength: 256 }),
});
export type Setup = Static<typeof Setup>;

/** `GET /api/v1/setup?token=…`: whether a link can still be used. */
export const SetupState = Type.Object({ needed: Type.Boolean(), valid: Type.Boolean() });
export type SetupState = Static<typeof SetupState>;

/** `POST /api/v1/users` (administrator), `haidang user add`. */
export const NewUser = Type.Object({
  user: Type.String({ pattern: '^[a-z][a-z0-9._-]{0,31}$' }),
  displayName: Type.String({ minLength: 1, maxLength: 100 }),
  role: RoleName,
  agencies: Type.Union([Type.Literal('all'), Type.Array(Type.String())]),
  password: Type.String({ minLength: 12, maxLength: 256 }),
});
export type NewUser = Static<typeof NewUser>;

/** `PUT /api/v1/users/:user` (administrator): all but the name and the password. */
export const UserChange = Type.Object({
  displayName: Type.String({ minLength: 1, maxLength: 100 }),
  role: RoleName,
  agencies: Type.Union([Type.Literal('all'), Type.Array(Type.String(), { maxItems: 1000 })]),
  /** Locked: cannot sign in, and what was open is over. */
  disabled: Type.Boolean(),
});
export type UserChange = Static<typeof UserChange>;

/**
 * `PUT /api/v1/users/:user/password` (administrator): a new password for somebody who lost theirs; ends their sessions. With
 * `current`, for somebody at the command line who knows theirs: then it must be right.
 */
export const NewPassword = Type.Object({
  current: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  password: Type.String({ minLength: 12, maxLength: 256 }),
});
export type NewPassword = Static<typeof NewPassword>;

/** `PUT /api/v1/session/password`: one's own; ends one's sessions but the one that asks. */
export const OwnPassword = Type.Object({
  current: Type.String({ minLength: 1, maxLength: 256 }),
  password: Type.String({ minLength: 12, maxLength: 256 }),
});
export type OwnPassword = Static<typeof OwnPassword>;

/** `POST /api/v1/session/second-factor`: begins to set up a second factor; whoever sits at an open console knows no password. */
export const BeginSecondFactor = Type.Object({ password: Type.String({ minLength: 1, maxLength: 256 }) });
export type BeginSecondFactor = Static<typeof BeginSecondFactor>;

/** The secret to put into an authenticator application, once (RFC 4648 base32), and as a link to it. */
export const NewSecondFactor = Type.Object({ secret: Type.String(), uri: Type.String() });
export type NewSecondFactor = Static<typeof NewSecondFactor>;

/** `POST /api/v1/session/second-factor/confirm`: a code that shows that the application has the secret. */
export const SecondFactorCode = Type.Object({ code: Type.String({ pattern: '^\\d{6}$' }) });
export type SecondFactorCode = Static<typeof SecondFactorCode>;

/** Codes for the day when the telephone is gone; each works once, and they are not shown again. */
export const RecoveryCodes = Type.Object({ recoveryCodes: Type.Array(Type.String()) });
export type RecoveryCodes = Static<typeof RecoveryCodes>;

/** `POST /api/v1/users/:user/emergency`: makes somebody an administrator of all agencies for a while. */
export const NewEmergency = Type.Object(
  {
    /** Why; at least ten characters, for the audit log and everybody who is signed in. */
    reason: Type.String({ minLength: 10, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
    minutes: Type.Integer({ minimum: 1, maximum: 480, default: 60 }),
  },
  { additionalProperties: false },
);
export type NewEmergency = Static<typeof NewEmergency>;

/** Emergency access that is open. `reason` and `by` are empty for who is bound to agencies. */
export const Emergency = Type.Object({
  user: Type.String(),
  displayName: Type.String(),
  reason: Type.String(),
  by: Type.String(),
  startedAt: Type.String(),
  until: Type.String(),
});
export type Emergency = Static<typeof Emergency>;

/** `GET /api/v1/emergencies` */
export const Emergencies = Type.Object({ emergencies: Type.Array(Emergency) });
export type Emergencies = Static<typeof Emergencies>;

/** One user; `agencies` only for the administrator. */
export const User = Type.Object({
  user: Type.String(),
  displayName: Type.String(),
  role: RoleName,
  disabled: Type.Boolean(),
  agencies: Type.Optional(Type.Union([Type.Literal('all'), Type.Array(Type.String())])),
});
export type User = Static<typeof User>;

/** `GET /api/v1/users`: for choosing an owner and for the administrator. */
export const Users = Type.Object({ users: Type.Array(User) });
export type Users = Static<typeof Users>;

/** An open session: who sits where. `lastSeen` is exact to a minute. */
export const OpenSession = Type.Object({
  /** Beginning of the hash of its token: names it, and opens nothing. */
  id: Type.String(),
  user: Type.String(),
  /** As the server saw it; behind a reverse proxy, the proxy's. Empty for a session of an earlier version. */
  address: Type.String(),
  /** What the browser says of itself. */
  browser: Type.String(),
  since: Type.String(),
  lastSeen: Type.String(),
  expires: Type.String(),
  /** The one that asks. */
  current: Type.Boolean(),
});
export type OpenSession = Static<typeof OpenSession>;

/** `GET /api/v1/session/sessions` (one's own), `GET /api/v1/sessions?user=NAME` (administrator). */
export const OpenSessions = Type.Object({ sessions: Type.Array(OpenSession) });
export type OpenSessions = Static<typeof OpenSessions>;

export const SessionParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-z-]{1,32}$' }) });
export const SessionQuery = Type.Object({ user: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) });

const TokenAgencies = Type.Union([
  Type.Literal('all'),
  Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }), { minItems: 1, maxItems: 1000 }),
]);

/** `POST /api/v1/session/tokens`: a token for a program, with no more than its maker's rights. */
export const NewApiToken = Type.Object(
  {
    /** What it is for, as a person would say it. */
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
    permissions: Type.Array(Type.Enum([...PERMISSION_NAMES]), { minItems: 1, maxItems: 100, uniqueItems: true }),
    /** Those of the maker unless given. */
    agencies: Type.Optional(TokenAgencies),
    days: Type.Integer({ minimum: 1, maximum: 366, default: 90 }),
  },
  { additionalProperties: false },
);
export type NewApiToken = Static<typeof NewApiToken>;

/** `POST /api/v1/tokens`, on the server itself alone (`haidang token create`): for the user it names. */
export const NewApiTokenFor = Type.Object(
  { ...NewApiToken.properties, owner: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
);
export type NewApiTokenFor = Static<typeof NewApiTokenFor>;

/** A token as it is listed: never the token itself. */
export const ApiToken = Type.Object({
  id: Type.String(),
  name: Type.String(),
  owner: Type.String(),
  permissions: Type.Array(Type.String()),
  agencies: Type.Union([Type.Literal('all'), Type.Array(Type.String())]),
  createdAt: Type.String(),
  expires: Type.String(),
  expired: Type.Boolean(),
  /** Exact to a minute; `null` where it was never used. */
  lastUsedAt: Type.Union([Type.String(), Type.Null()]),
  lastAddress: Type.Union([Type.String(), Type.Null()]),
});
export type ApiToken = Static<typeof ApiToken>;

/** The answer to making one: the only time that the token is shown. */
export const MadeApiToken = Type.Object({ ...ApiToken.properties, token: Type.String() });
export type MadeApiToken = Static<typeof MadeApiToken>;

/** `GET /api/v1/session/tokens` (one's own), `GET /api/v1/tokens` (administrator). */
export const ApiTokens = Type.Object({ tokens: Type.Array(ApiToken) });
export type ApiTokens = Static<typeof ApiTokens>;
