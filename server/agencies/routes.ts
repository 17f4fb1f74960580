import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { SYSTEM } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { planImport, recordOf, shownAgency } from './import.ts';
import { judgeAgency, type KnownAgencies, sentenceOf } from './judge.ts';
import { AGENCY_LIMITS, Agencies, Agency, AgencyImport, AgencyImportReport } from './schema.ts';

/** Room for the escapes of a file within JSON. */
const IMPORT_BODY = 3 * AGENCY_LIMITS.importBytes;

/** Agencies with their contact cards, their place in the tree, and what of shared machines is theirs. */
export function agencyRoutes(app: App, { records, agencies, accounts }: Services): void {
  const tags = ['agencies'];
  const view = records.as(SYSTEM);

  /** Agencies as they are at this moment, not as they were some seconds ago. */
  const known = async () => {
    agencies.forget();
    return agencies.all();
  };

  app.get(
    '/api/v1/agencies',
    { config: { access: 'agencies.read' }, schema: { tags, response: { 200: Agencies, ...problems(401) } } },
    async (request) => {
      const { identity } = request.signedIn();
      const all = [...(await agencies.all())].filter(([id]) => sees(identity, id));
      return { agencies: all.map(([id, record]) => shown(identity, shownAgency(id, record))).sort(byId) };
    },
  );

  app.post(
    '/api/v1/agencies',
    {
      config: { access: 'agencies.change' },
      schema: { tags, body: Agency, response: { 201: Agency, ...problems(400, 401, 403, 409, 429) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { body } = request;
      mustSee(identity, body.id);
      mustMayPlace(identity, body, undefined);
      mustBeRight(body, await known());
      const made = await view.create('agency', body.id, recordOf(body, new Date().toISOString()));
      agencies.changed();
      const detail = { name: body.name, ...placeOf(body) };
      await accounts.audit.record({ actor: identity.name, act: 'agency.add', target: body.id, detail });
      return reply.code(201).send(shown(identity, shownAgency(body.id, made.document)));
    },
  );

  app.put(
    '/api/v1/agencies/:id',
    {
      config: { access: 'agencies.change' },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        body: Agency,
        response: { 200: Agency, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { body } = request;
      if (body.id !== request.params.id)
        throw new HaidangError(
          'HD_BAD_REQUEST',
          'The id in the body is not the one in the address; an id never changes.',
        );
      mustSee(identity, body.id);
      const current = await view.get('agency', body.id);
      if (!current) throw new HaidangError('HD_NOT_FOUND', `There is no agency "${body.id}".`);
      const before = shownAgency(body.id, current.document);
      // What a program from before does not know of stays; an empty list takes it away.
      const { networks = before.networks, sources = before.sources } = body;
      const asked: Agency = { ...body, ...(networks ? { networks } : {}), ...(sources ? { sources } : {}) };
      mustMayPlace(identity, asked, before);
      // Who does not see the agency above did not mean to leave it.
      const isHidden = before.parent !== undefined && !sees(identity, before.parent);
      const wanted: Agency = isHidden && before.parent !== undefined ? { ...asked, parent: before.parent } : asked;
      mustBeRight(wanted, await known());
      const changed = await view.replace(
        'agency',
        body.id,
        recordOf(wanted, current.document.createdAt),
        current.version,
      );
      agencies.changed();
      await accounts.audit.record({
        actor: identity.name,
        act: 'agency.change',
        target: body.id,
        detail: { name: body.name, ...placeOf(wanted) },
      });
      return shown(identity, shownAgency(body.id, changed.document));
    },
  );

  app.post(
    '/api/v1/agencies/import',
    {
      config: { access: 'agencies.change' },
      bodyLimit: IMPORT_BODY,
      schema: {
        tags,
        description:
          'Adds and changes agencies by a table (CSV). Without `apply`, or where a line is wrong, nothing is changed and the report says what would be.',
        body: AgencyImport,
        response: { 200: AgencyImportReport, ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      mustBeProvincial(identity);
      const { csv, apply } = request.body;
      const before = await known();
      const { report, writes } = planImport(csv, before);
      if (!apply || report.wrong > 0) return report;
      for (const agency of writes) {
        const current = await view.get('agency', agency.id);
        if (current)
          await view.replace('agency', agency.id, recordOf(agency, current.document.createdAt), current.version);
        else await view.create('agency', agency.id, recordOf(agency, new Date().toISOString()));
      }
      agencies.changed();
      const { added, changed } = report;
      await accounts.audit.record({
        actor: identity.name,
        act: 'agency.import',
        target: `${writes.length}`,
        detail: { added, changed, agencies: writes.map(({ id }) => id).slice(0, 500) },
      });
      return { ...report, applied: true };
    },
  );
}

function byId(a: Agency, b: Agency): number {
  return a.id.localeCompare(b.id);
}

function sees(identity: Identity, id: string): boolean {
  return identity.agencies === 'all' || (identity.agencies as readonly string[]).includes(id);
}

/** Agencies have no agency field of their own, so that the store's scope does not hold them apart; this does. */
function mustSee(identity: Identity, id: string): void {
  if (!sees(identity, id)) throw new HaidangError('HD_FORBIDDEN', 'Your account is bound to other agencies.');
}

function mustBeProvincial({ agencies }: Identity): void {
  if (agencies !== 'all')
    throw new HaidangError('HD_FORBIDDEN', 'A table of agencies is of all of them; your account is bound to some.');
}

/** An agency as its reader may know it: what is above the top of somebody's own part of the tree is not theirs to see. */
function shown(identity: Identity, { parent, ...agency }: Agency): Agency {
  return parent !== undefined && sees(identity, parent) ? { ...agency, parent } : agency;
}

function placeOf({ parent, networks = [], sources = [] }: Agency) {
  return { parent: parent ?? null, networks, sources };
}

/**
 * Where an agency stands, and what of shared machines is its own, decides who sees what: only an account of the whole province
 * changes that. A bound one could take other agencies' events, or hide from the one above.
 */
function mustMayPlace(identity: Identity, wanted: Agency, before: Agency | undefined): void {
  if (identity.agencies === 'all') return;
  const was = placeOf(before ? shown(identity, before) : wanted);
  const will = placeOf(wanted);
  const isSame = before ? JSON.stringify(was) === JSON.stringify(will) : !wanted.parent && isBare(wanted);
  if (!isSame)
    throw new HaidangError(
      'HD_FORBIDDEN',
      'The place in the tree, networks and sources are set by accounts of all agencies; yours is bound to some.',
    );
}

function isBare({ networks = [], sources = [] }: Agency): boolean {
  return networks.length === 0 && sources.length === 0;
}

function mustBeRight(agency: Agency, all: ReadonlyMap<string, unknown>): void {
  const [first] = judgeAgency(agency, all as KnownAgencies);
  if (first) throw new HaidangError('HD_BAD_REQUEST', `The agency cannot be kept so: ${sentenceOf(first)}.`);
}
