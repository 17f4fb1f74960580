import { Type } from 'typebox';
import { ruleBook } from '../alerts/queries.ts';
import { HaidangError } from '../errors.ts';
import { incidentDetail } from '../incidents/view.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { LETTERHEAD, partsOf } from './form.ts';
import { REPORT_POLICY } from './html.ts';
import type { IncidentReportRecord } from './record.ts';
import { openReports } from './reports.ts';
import {
  NewReport,
  NewReportForm,
  ReportDraft,
  ReportForm,
  ReportKind,
  ReportVersion,
  ReportVersions,
} from './schema.ts';

const IncidentParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
/** Room for every field at its longest, in letters of three bytes. */
const REPORT_BODY = 3 * 1024 * 1024;
const TYPES = {
  html: 'text/html; charset=utf-8',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
} as const;

/** Reports of incidents in the official form: drafts, versions, and what every report of the province begins with. */
export function reportRoutes(app: App, services: Services): void {
  const { records, agencies, accounts, sharing } = services;
  const tags = ['reports'];
  const reports = openReports({
    ...services,
    audit: accounts.audit,
    timeZone: services.settings.timeZone,
    detailOf: (identity, found) =>
      incidentDetail(found, { view: records.as(identity), rules: ruleBook(services.rules.rules), agencies }),
    recipientName: (id) => sharing?.settings.recipients.find((one) => one.id === id)?.name ?? id,
  });

  app.get(
    '/api/v1/incidents/:id/reports',
    {
      config: { access: 'incidents.read' },
      schema: { tags, params: IncidentParams, response: { 200: ReportVersions, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return { versions: (await reports.list(identity, request.params.id)).map(shown) };
    },
  );

  app.post(
    '/api/v1/incidents/:id/reports',
    {
      config: { access: 'reports.write' },
      bodyLimit: REPORT_BODY,
      schema: {
        tags,
        description: 'Freezes a report as a printable page and as DOCX, each kept under its SHA-256.',
        params: IncidentParams,
        body: NewReport,
        response: { 201: ReportVersion, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { kind, fields } = request.body;
      return reply.code(201).send(shown(await reports.export(identity, request.params.id, kind, fields)));
    },
  );

  app.get(
    '/api/v1/incidents/:id/reports/draft',
    {
      config: { access: 'reports.write' },
      schema: {
        tags,
        description: 'What the incident says of itself, for a person to complete; what it does not say is absent.',
        params: IncidentParams,
        querystring: Type.Object({ kind: Type.Optional(ReportKind) }),
        response: { 200: ReportDraft, ...problems(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { kind = 'initial' } = request.query;
      const draft = await reports.draft(identity, request.params.id, kind);
      return { kind, ...draft, parts: partsOf(kind).map(({ id, fields }) => ({ id, fields: [...fields] })) };
    },
  );

  app.get(
    '/api/v1/incidents/:id/reports/:number/:form',
    {
      config: { access: 'reports.write' },
      schema: {
        tags,
        description: 'A report as it was exported: a page to print, or DOCX.',
        params: Type.Object({
          ...IncidentParams.properties,
          number: Type.String({ pattern: '^[1-9]\\d{0,3}$' }),
          form: Type.Enum(['html', 'docx']),
        }),
        response: {
          200: {
            description: 'The bytes as they were kept',
            content: {
              'text/html': { schema: Type.String() },
              [TYPES.docx]: { schema: Type.String({ format: 'binary' }) },
            },
          },
          ...problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { id, number, form } = request.params;
      const bytes = await reports.read(identity, id, Number(number), form);
      const detail = { number: Number(number), form };
      await accounts.audit.note({ actor: identity.name, act: 'report.read', target: id, detail });
      const name = encodeURIComponent(`bao-cao-${id}-${number}.${form}`);
      reply.header('content-disposition', `${form === 'html' ? 'inline' : 'attachment'}; filename*=UTF-8''${name}`);
      reply.header('content-security-policy', REPORT_POLICY);
      return reply
        .type(TYPES[form])
        .serializer((whole: unknown) => whole as string)
        .send(bytes as unknown as string);
    },
  );

  app.get(
    '/api/v1/reports/form',
    {
      config: { access: 'reports.write' },
      schema: { tags, response: { 200: ReportForm, ...problems(401, 403) } },
    },
    async () => ({ fields: await reports.letterhead(), names: [...LETTERHEAD] }),
  );

  app.put(
    '/api/v1/reports/form',
    {
      config: { access: 'setup.manage' },
      schema: {
        tags,
        description: 'Sets what every report begins and ends with: letterhead, legal basis, signature.',
        body: NewReportForm,
        response: { 200: ReportForm, ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.agencies !== 'all')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'The letterhead is the province’s; this needs an account of all agencies.',
        );
      return { fields: await reports.setLetterhead(identity, request.body.fields), names: [...LETTERHEAD] };
    },
  );
}

function shown(record: IncidentReportRecord): ReportVersion {
  const { incident, number, kind, at, by, revision, fields, html, docx } = record;
  const label = [fields.number ?? '', fields.symbol ?? ''].filter((part) => part !== '').join('/');
  return { incident, number, kind, at, by, revision, label, html, docx };
}
