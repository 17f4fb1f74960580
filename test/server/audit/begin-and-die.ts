import { openUnfinished } from '../../../server/audit/unfinished.ts';

/** Begins two changes, ends one, says so, and waits to be killed. */
const audit = { record: async () => undefined, note: async () => undefined };
const unfinished = await openUnfinished(process.argv[2] ?? '', audit);
const end = await unfinished.begin({ actor: 'minh', target: 'POST /api/v1/shifts' });
end();
await unfinished.begin({ actor: 'lan', target: 'PUT /api/v1/users/minh' });
process.stdout.write('begun\n');
setInterval(() => undefined, 1_000);
