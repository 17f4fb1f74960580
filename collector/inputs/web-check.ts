import { readFileSync } from 'node:fs';
import { reasonOf } from '../errors.ts';
import type { Source } from '../intake.ts';
import type { Input, InputContext } from './input.ts';
import type { Fetched } from './page-fetch.ts';
import { fetchPage } from './page-fetch.ts';
import type { PagePrint } from './page-print.ts';
import { likeness, printOf } from './page-print.ts';
import type { SiteRecord } from './web-check-event.ts';
import { siteEvent } from './web-check-event.ts';

/** A site to look at. */
export interface Site {
  readonly url: string;
  readonly everySeconds: number;
  readonly withinSeconds: number;
  /** Statuses that mean that the site works; empty takes all below 400. */
  readonly statuses: readonly number[];
  /** Words that the page must have. */
  readonly words: readonly string[];
  /** Words that it must not have. */
  readonly forbidden: readonly string[];
  /** Certificate authority (PEM file) of a site that no public one signed. */
  readonly ca: string | undefined;
}

/** What a web check is configured with. */
export interface WebCheckOptions {
  readonly sites: readonly Site[];
}

/** Sites looked at at the same time. */
const AT_ONCE = 4;

/** What a page was the last time, from the source's position: a change is noticed across a restart. */
function readPrint(position: unknown): PagePrint | undefined {
  const { hash, title, sketch } = (position ?? {}) as Partial<PagePrint>;
  return typeof hash === 'string' && typeof title === 'string' && Array.isArray(sketch)
    ? { hash, title, sketch: sketch.map(Number) }
    : undefined;
}

/** A site with its source of records and its page of the time before. */
interface Watched {
  readonly site: Site;
  readonly source: Source;
  print: PagePrint | undefined;
}

/** Text as a person compares it: case and composition aside. */
const folded = (text: string) => text.normalize('NFC').toLowerCase();

/** Says what one answer means for a site, beside the page of the time before. */
export function judge(
  site: Site,
  fetched: Fetched,
  checked: Date,
  before: PagePrint | undefined,
): { record: SiteRecord; print?: PagePrint } {
  const { status, body, certificate } = fetched;
  const works = status !== undefined && (site.statuses.length > 0 ? site.statuses.includes(status) : status < 400);
  const reachable = fetched.error === undefined && works;
  const text = body?.toString('utf8') ?? '';
  const page = folded(text);
  // An error page is not the site's page: it says nothing of what the page holds.
  const print = reachable ? printOf(text) : undefined;
  const missing = reachable ? site.words.filter((word) => !page.includes(folded(word))) : [];
  const forbidden = site.forbidden.filter((word) => page.includes(folded(word)));
  const error = fetched.error ?? (works ? undefined : `answers with status ${status}`);
  const record: SiteRecord = {
    type: 'web_check',
    url: site.url,
    checked: checked.toISOString(),
    milliseconds: fetched.milliseconds,
    reachable,
    ...(error !== undefined && { error }),
    ...(status !== undefined && { status }),
    ...(fetched.address !== undefined && { address: fetched.address }),
    ...(fetched.port !== undefined && { port: fetched.port }),
    ...(fetched.type !== undefined && { content_type: fetched.type }),
    ...(body && { bytes: body.length }),
    ...(print && { title: print.title, fingerprint: print.hash }),
    ...(print && before && { fingerprint_before: before.hash, likeness: likeness(before, print) }),
    ...(print && before && before.title !== print.title && { title_before: before.title }),
    ...(missing.length > 0 && { missing }),
    ...(forbidden.length > 0 && { forbidden }),
    ...(fetched.finally !== undefined && { redirected_to: fetched.finally }),
    ...(certificate && {
      certificate: {
        subject: certificate.subject,
        issuer: certificate.issuer,
        not_after: certificate.notAfter,
        ...(certificate.version !== undefined && { version: certificate.version }),
        ...(certificate.fault !== undefined && { fault: certificate.fault }),
      },
    }),
  };
  return { record, ...(print && { print }) };
}

/** Looks at web sites from outside, each in its own rhythm: whether they answer, with whose certificate, and with what page. */
export class WebCheckInput implements Input {
  readonly #sites: readonly Site[];
  readonly #context: InputContext;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting: Watched[] = [];
  readonly #looks = new Set<Promise<void>>();
  #running = false;

  constructor({ sites }: WebCheckOptions, context: InputContext) {
    this.#sites = sites;
    this.#context = context;
  }

  async start(): Promise<void> {
    const { intake, log } = this.#context;
    this.#running = true;
    log.info({ sites: this.#sites.length }, 'looking at web sites');
    for (const [at, site] of this.#sites.entries()) {
      const name = `web-check:${site.url}`;
      if (intake.isOpen(name)) {
        log.warn({ url: site.url }, 'this web site is listed twice; only the first entry is looked at');
        continue;
      }
      const source = intake.open(name, siteEvent);
      // Spread over the first seconds, so that a start does not ask all at once.
      this.#due({ site, source, print: readPrint(source.ledger.position) }, Math.min(at * 200, 10_000));
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#waiting.length = 0;
    await Promise.all(this.#looks);
  }

  #due(watched: Watched, afterMs: number): void {
    if (!this.#running) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting.push(watched);
      this.#next();
    }, afterMs);
    this.#timers.add(timer);
  }

  #next(): void {
    const watched = this.#looks.size < AT_ONCE ? this.#waiting.shift() : undefined;
    if (!watched) return;
    const { url, everySeconds } = watched.site;
    const look = this.#look(watched)
      .catch((error: unknown) =>
        this.#context.log.error({ url, reason: reasonOf(error) }, 'a web site could not be looked at'),
      )
      .finally(() => {
        this.#looks.delete(look);
        this.#due(watched, everySeconds * 1000);
        this.#next();
      });
    this.#looks.add(look);
  }

  async #look(watched: Watched): Promise<void> {
    const { site, source } = watched;
    const ca = site.ca === undefined ? undefined : readFileSync(site.ca, 'utf8');
    const fetched = await fetchPage(site.url, { withinMs: site.withinSeconds * 1000, ca });
    if (this.#context.intake.overflowing) {
      source.drop('spool_full', 1);
      return;
    }
    const { record, print } = judge(site, fetched, new Date(), watched.print);
    watched.print = print ?? watched.print;
    const lines = [JSON.stringify(record)];
    source.put({ lines, empty: 0, bytes: fetched.body?.length ?? 0, position: watched.print });
  }
}
