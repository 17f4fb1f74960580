import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { figuresCsv, servicesCsv } from './csv.ts';
import { openFeed } from './feed.ts';
import { Feed } from './schema.ts';

const CSV = 'text/csv; charset=utf-8';
/** What stands between two answers may be kept by who asked, and by nobody in between. */
const KEPT = 'private, max-age=60';

/** The province in figures, for its operations center: read alone, without people, machines or single cases. */
export function feedRoutes(app: App, { events, records, agencies, settings }: Services): void {
  const tags = ['feed'];
  const access = 'feed.read';
  const errors = problems(401, 403, 429, 503);
  const { smallestCount } = settings;
  const feed = openFeed({ events, records, agencies, ...(smallestCount === undefined ? {} : { smallestCount }) });

  app.get(
    '/api/v1/feed',
    {
      config: { access },
      schema: { tags, description: 'The province in figures; see feed.md.', response: { 200: Feed, ...errors } },
    },
    async (request, reply) => {
      whole(request.signedIn().identity);
      return reply.header('cache-control', KEPT).send(await feed());
    },
  );

  for (const [name, text] of [
    ['figures', figuresCsv],
    ['services', servicesCsv],
  ] as const)
    app.get(
      `/api/v1/feed/${name}.csv`,
      {
        config: { access },
        schema: {
          tags,
          description: 'The same for spreadsheets (RFC 4180, with a byte order mark).',
          response: {
            200: { description: 'One figure a line', content: { 'text/csv': { schema: Type.String() } } },
            ...errors,
          },
        },
      },
      async (request, reply) => {
        whole(request.signedIn().identity);
        return reply
          .type(CSV)
          .header('cache-control', KEPT)
          .header('content-disposition', `attachment; filename="haidang-${name}.csv"`)
          .send(text(await feed()));
      },
    );
}

/** The figures are those of all agencies together. @throws HaidangError `HD_FORBIDDEN` */
function whole({ agencies }: Identity): void {
  if (agencies === 'all') return;
  throw new HaidangError('HD_FORBIDDEN', 'The figures are of the whole province; this takes an account that sees it.');
}
