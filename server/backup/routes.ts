import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { readDrill, writeDrill } from './drills.ts';
import { BackupJob, BackupRequest, Backups, NewRestoreDrill, RestoreDrill } from './schema.ts';

/** Backups: to wherever the request says for the command line alone, to the configured target for administrators. */
export function backupRoutes(app: App, { backups, accounts, records, log }: Services): void {
  const tags = ['backups'];

  app.get(
    '/api/v1/backups',
    {
      config: { access: 'backups.run' },
      schema: { tags, response: { 200: Backups, ...problems(401, 403, 429, 503) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      const drill = (await readDrill(records)) ?? null;
      const rest = { to: backups.to ?? null, current: backups.current() ?? null, drill };
      try {
        return { ...rest, kept: [...(await backups.kept())], problem: null };
      } catch (err) {
        log.warn({ err, to: backups.to }, 'The target of backups cannot be looked at.');
        return { ...rest, kept: [], problem: err instanceof Error ? err.message : String(err) };
      }
    },
  );

  app.post(
    '/api/v1/backups/configured',
    {
      config: { access: 'backups.run' },
      schema: { tags, response: { 202: BackupJob, ...problems(400, 401, 403, 429, 503) } },
    },
    async (request, reply) => {
      const { name } = provincial(request.signedIn().identity);
      const job = backups.startConfigured();
      await accounts.audit.record({ actor: name, act: 'backup.start', target: job.to, detail: { id: job.id } });
      return reply.code(202).send(job);
    },
  );

  app.post(
    '/api/v1/backups/drills',
    {
      config: { access: 'backups.run' },
      schema: { tags, body: NewRestoreDrill, response: { 201: RestoreDrill, ...problems(400, 401, 403, 409) } },
    },
    async (request, reply) => {
      const { name } = provincial(request.signedIn().identity);
      const drill = { ...request.body, at: new Date().toISOString(), by: name };
      await writeDrill(records, drill);
      const detail = { note: drill.note };
      await accounts.audit.record({ actor: name, act: 'backup.drill', target: drill.backup, detail });
      return reply.code(201).send(drill);
    },
  );

  app.post(
    '/api/v1/backups',
    {
      config: { access: 'backups.run' },
      schema: {
        tags,
        body: BackupRequest,
        response: { 202: BackupJob, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      if (identity.kind !== 'local') {
        throw new HaidangError('HD_FORBIDDEN', 'A backup is begun on the server itself, by "haidang backup".');
      }
      const job = backups.start(request.body);
      await accounts.audit.record({
        actor: identity.name,
        act: 'backup.start',
        target: job.to,
        detail: { id: job.id },
      });
      return reply.code(202).send(job);
    },
  );

  app.get(
    '/api/v1/backups/current',
    {
      config: { access: 'backups.run' },
      schema: { tags, response: { 200: BackupJob, ...problems(401, 403, 404, 429) } },
    },
    async () => {
      const job = backups.current();
      if (job) return job;
      throw new HaidangError('HD_NOT_FOUND', 'There was no backup since the server started.');
    },
  );
}

/** @throws HaidangError `HD_FORBIDDEN` */
function provincial(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'A backup is of all agencies; this takes an account that sees all.');
}
