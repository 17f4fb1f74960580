import { Type } from 'typebox';
import { ownName } from '../accounts/own-name.ts';
import type { User } from '../accounts/schema.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId, Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { isMailAddress } from './mail-address.ts';
import { NO_ADDRESS, type Notices, type StoredNotice } from './notices.ts';
import * as S from './schema.ts';

const UserParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const NoticeParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });
const Nothing = Type.Object({}, { additionalProperties: false });

/** Notices: one's own, how one hears of them, and for who looks after them what became of each. */
export function noticeRoutes(app: App, { accounts }: Services, notices: Notices): void {
  const tags = ['notices'];
  const knownTo = async (identity: Identity): Promise<ReadonlySet<string>> =>
    new Set((await accounts.users.list(identity)).users.map(({ user }) => user));

  app.get(
    '/api/v1/session/notices',
    {
      config: { access: 'signed-in' },
      schema: { tags, querystring: S.NoticeQuery, response: { 200: S.OwnNotices, ...problems(400, 401, 403) } },
    },
    async (request) => {
      ownName(request.signedIn());
      const { identity } = request.signedIn();
      const rows = (await notices.mine(identity, request.query.limit ?? 50)).map((one) =>
        noticeRow(one, identity.name),
      );
      return { notices: rows, unread: rows.filter(({ readAt }) => readAt === null).length };
    },
  );

  app.post(
    '/api/v1/session/notices/read',
    {
      config: { access: 'signed-in' },
      schema: { tags, body: S.ReadNotices, response: { 204: Type.Null(), ...problems(400, 401, 403, 429) } },
    },
    async (request, reply) => {
      ownName(request.signedIn());
      await notices.read(request.signedIn().identity, request.body.ids ?? 'all');
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/session/notices/address',
    { config: { access: 'signed-in' }, schema: { tags, response: { 200: S.NoticeAddress, ...problems(401, 403) } } },
    async (request) => notices.address(ownName(request.signedIn())),
  );

  app.put(
    '/api/v1/session/notices/address',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        body: S.NoticeAddress,
        response: { 200: S.NoticeAddress, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const name = ownName(request.signedIn());
      const address = checked(request.body);
      await notices.setAddress(name, name, address);
      return address;
    },
  );

  app.post(
    '/api/v1/session/notices/test',
    {
      config: { access: 'signed-in' },
      schema: { tags, body: Nothing, response: { 201: S.NoticeRow, ...problems(400, 401, 403, 429) } },
    },
    async (request, reply) => {
      const name = ownName(request.signedIn());
      return reply.code(201).send(noticeRow(await notices.test(name, name), name));
    },
  );

  app.get(
    '/api/v1/notices',
    {
      config: { access: 'notices.manage' },
      schema: { tags, querystring: S.NoticeLogQuery, response: { 200: S.NoticeLog, ...problems(400, 401, 403) } },
    },
    async (request) => {
      const { show = 'all', limit = 50, after } = request.query;
      const found = await notices.deliveries(request.signedIn().identity, { show, limit, after });
      const known = await knownTo(request.signedIn().identity);
      const { smtp, webhooks } = notices.settings;
      const isWhole = request.signedIn().identity.agencies === 'all';
      return {
        notices: found.records.map((record) => logRow(record, known)),
        next: found.next,
        waiting: found.waiting,
        dead: found.dead,
        ways: {
          mail: smtp ? smtp.from : null,
          webhooks: webhooks.map(({ id, url }) => ({ id, host: new URL(url).host })),
          onCall: isWhole ? [...notices.people.onCallNow()] : [],
        },
      };
    },
  );

  app.post(
    '/api/v1/notices/:id/resend',
    {
      config: { access: 'notices.manage' },
      schema: {
        tags,
        params: NoticeParams,
        body: Nothing,
        response: { 200: S.NoticeLogRow, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return logRow(await notices.resend(identity, request.params.id), await knownTo(identity));
    },
  );

  app.get(
    '/api/v1/notices/people',
    {
      config: { access: 'users.change' },
      schema: { tags, response: { 200: S.NoticePeople, ...problems(401, 403) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const [{ users }, addresses] = await Promise.all([accounts.users.list(identity), notices.addresses()]);
      const onCall = new Set(notices.people.onCallNow());
      // Names are known to more people than addresses.
      const own = users.filter((user) => covers(identity, user));
      return {
        people: own.map(({ user }) => ({ user, ...(addresses.get(user) ?? NO_ADDRESS), onCall: onCall.has(user) })),
      };
    },
  );

  app.put(
    '/api/v1/notices/people/:id',
    {
      config: { access: 'users.change' },
      schema: {
        tags,
        params: UserParams,
        body: S.NoticeAddress,
        response: { 200: S.NoticeAddress, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      await mayChange(identity, request.params.id);
      const address = checked(request.body);
      await notices.setAddress(identity.name, request.params.id, address);
      return address;
    },
  );

  app.post(
    '/api/v1/notices/people/:id/test',
    {
      config: { access: 'users.change' },
      schema: {
        tags,
        params: UserParams,
        body: Nothing,
        response: { 201: S.NoticeLogRow, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      await mayChange(identity, request.params.id);
      const made = await notices.test(identity.name, request.params.id);
      return reply.code(201).send(logRow(made, await knownTo(identity)));
    },
  );

  /** Of people whom the administrator may not know of nothing is told. @throws HaidangError `HD_NOT_FOUND` */
  async function mayChange(identity: Identity, name: string): Promise<void> {
    const { users } = await accounts.users.list(identity);
    const known = users.find(({ user }) => user === name);
    if (!known || !covers(identity, known))
      throw new HaidangError('HD_NOT_FOUND', `There is no user "${name.slice(0, 64)}" whose account you may change.`);
  }
}

/** Whether an account is of the administrator's own agencies alone. */
function covers({ agencies }: Identity, { agencies: own }: User): boolean {
  if (agencies === 'all') return true;
  return own !== undefined && own !== 'all' && own.every((one) => agencies.includes(one as AgencyId));
}

/** @throws HaidangError `HD_BAD_REQUEST` */
function checked(address: S.NoticeAddress): S.NoticeAddress {
  if (address.email === null || isMailAddress(address.email)) return address;
  throw new HaidangError('HD_BAD_REQUEST', 'This is no mail address such as ten@cantho.gov.vn.');
}

/** A notice as the person reads it whom it is for. */
export function noticeRow({ id, document }: Pick<StoredNotice, 'id' | 'document'>, name: string): S.NoticeRow {
  const { kind, level, at, path, texts, read } = document;
  return { id, kind, level, at, path, texts, readAt: Object.hasOwn(read, name) ? (read[name] ?? null) : null };
}

/** A notice as somebody may see it: people of other agencies whom it was for too are left out, with what was sent to them. */
function logRow({ id, document }: StoredNotice, known: ReadonlySet<string>): S.NoticeLogRow {
  const { kind, level, at, path, texts, read } = document;
  const people = document.people.filter((user) => known.has(user));
  const deliveries = document.deliveries.filter(({ channel, to }) => channel !== 'email' || known.has(to));
  return {
    ...{ id, kind, level, at, path, texts },
    people: people.map((user) => ({ user, readAt: Object.hasOwn(read, user) ? (read[user] ?? null) : null })),
    deliveries: deliveries.map(({ language: _, since: __, ...one }) => ({
      ...one,
      address: one.channel === 'email' ? masked(one.address) : one.address,
    })),
  };
}

/** Enough to see a mistake, and not the address. */
function masked(address: string): string {
  const [local = '', domain = ''] = address.split('@');
  return `${local.slice(0, 2)}…@${domain}`;
}
