import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { AlertRecord } from '../alerts/record.ts';
import { applyChanges } from '../alerts/triage.ts';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import type { ShiftEntryRecord } from './record.ts';
import { NewShiftEntry, ShiftEntry, ShiftLog } from './schema.ts';

/** The shift log of the province's analysts: notes, and hand-over of open alerts that counts once it is accepted. */
export function shiftRoutes(app: App, { records, accounts, live }: Services): void {
  const tags = ['shifts'];

  app.get(
    '/api/v1/shifts',
    {
      config: { access: 'shifts.read' },
      schema: {
        tags,
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
          after: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: { 200: ShiftLog, ...problems(400, 401) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      // The log speaks of all agencies: who is bound to some has a part in none of it.
      if (identity.agencies !== 'all') return { entries: [], next: null };
      const { limit = 50, after } = request.query;
      const page = await records.as(identity).find('shift-entry', {
        orderBy: { field: 'at', descending: true },
        limit,
        ...(after === undefined ? {} : { after }),
      });
      return { entries: page.records.map(({ id, document }) => shown(id, document)), next: page.next };
    },
  );

  app.post(
    '/api/v1/shifts',
    {
      config: { access: 'shifts.write' },
      schema: { tags, body: NewShiftEntry, response: { 201: ShiftEntry, ...problems(400, 401, 403, 429) } },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { kind, text, alerts, to } = request.body;
      if (kind === 'note' && (alerts.length > 0 || to !== null))
        throw new HaidangError('HD_BAD_REQUEST', 'A note has no alerts and no receiver; make it a hand-over.');
      if (to !== null && !(await accounts.users.get(to)))
        throw new HaidangError('HD_BAD_REQUEST', `There is no user "${to}".`);
      await mustBeOpen(records, identity, alerts);
      const at = new Date().toISOString();
      const id = `${at.replaceAll(/\D/g, '')}-${randomBytes(4).toString('hex')}`;
      const entry: ShiftEntryRecord = {
        at,
        by: identity.name,
        kind,
        text,
        alerts: [...new Set(alerts)],
        to,
        acceptedAt: null,
        acceptedBy: null,
      };
      await records.as(identity).create('shift-entry', id, entry);
      await accounts.audit.record({ actor: identity.name, act: `shift.${kind}`, target: id, detail: { to } });
      return reply.code(201).send(shown(id, entry));
    },
  );

  app.post(
    '/api/v1/shifts/:id/accept',
    {
      config: { access: 'shifts.write' },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: { 200: ShiftEntry, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const view = records.as(identity);
      const found = await view.get('shift-entry', request.params.id);
      if (!found) throw new HaidangError('HD_NOT_FOUND', 'There is no such entry in the shift log.');
      const { kind, to, acceptedBy } = found.document;
      if (kind !== 'handover') throw new HaidangError('HD_BAD_REQUEST', 'A note cannot be accepted; only a hand-over.');
      if (to !== null && to !== identity.name)
        throw new HaidangError('HD_FORBIDDEN', `This hand-over is for ${to}; only that user can accept it.`);
      if (acceptedBy !== null && acceptedBy !== identity.name)
        throw new HaidangError('HD_RECORD_CONFLICT', `${acceptedBy} has accepted this hand-over already.`);
      const at = new Date().toISOString();
      const accepted =
        acceptedBy !== null
          ? found
          : await view.replace(
              'shift-entry',
              found.id,
              { ...found.document, acceptedAt: at, acceptedBy: identity.name },
              found.version,
            );
      // Accepting comes first and can be repeated: a crash between the two leaves alerts that the accepter takes by asking again.
      for (const alert of accepted.document.alerts) await takeOver(records, identity, alert, at);
      live.wake();
      await accounts.audit.record({
        id: `shift-accept-${found.id}`,
        actor: identity.name,
        act: 'shift.accept',
        target: found.id,
      });
      return shown(found.id, accepted.document);
    },
  );
}

function provincial(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'The shift log belongs to accounts that see every agency.');
}

async function mustBeOpen(records: RecordStore, identity: Identity, alerts: readonly string[]): Promise<void> {
  const view = records.as(identity);
  for (const id of alerts) {
    const found = await view.get('alert', id);
    if (!found) throw new HaidangError('HD_BAD_REQUEST', `There is no alert "${id.slice(0, 100)}" that you may see.`);
    const { status, mergedInto } = found.document;
    if (status === 'closed')
      throw new HaidangError('HD_BAD_REQUEST', `Alert "${id}" is closed; hand over open alerts only.`);
    if (mergedInto !== undefined)
      throw new HaidangError('HD_BAD_REQUEST', `Alert "${id}" is part of "${mergedInto}" now; hand that one over.`);
  }
}

const TAKE_OVER_TRIES = 20;

/** Makes the accepter the owner of an alert that is still open, or of that which it became part of; tries again where somebody changed it meanwhile. */
async function takeOver(records: RecordStore, identity: Identity, handedOver: string, at: string): Promise<void> {
  const view = records.as(identity);
  let id = handedOver;
  for (let attempt = 0; attempt < TAKE_OVER_TRIES; attempt += 1) {
    const found: Versioned<AlertRecord> | undefined = await view.get('alert', id);
    const mergedInto = found?.document.mergedInto;
    if (mergedInto !== undefined) {
      id = mergedInto;
      continue;
    }
    if (!found || found.document.status === 'closed' || found.document.owner === identity.name) return;
    const changes = { alerts: [{ id, version: found.version }], owner: identity.name };
    try {
      await view.replace('alert', id, applyChanges(found.document, changes, identity.name, at), found.version);
      return;
    } catch (error) {
      if (!(error instanceof HaidangError) || error.code !== 'HD_RECORD_CONFLICT') throw error;
    }
  }
  throw new HaidangError('HD_RECORD_CONFLICT', `Alert "${id}" keeps changing; accept the hand-over again.`);
}

function shown(id: string, entry: ShiftEntryRecord): ShiftEntry {
  return { id, ...entry, alerts: [...entry.alerts] };
}
