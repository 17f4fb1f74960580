import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { BackupJob, BackupRequest } from './schema.ts';

/** Backups, for the command line alone: they write where the request says. */
export function backupRoutes(app: App, { backups, accounts }: Services): void {
  const tags = ['backups'];

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
