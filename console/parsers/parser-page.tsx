import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { ParserChanged } from '../../server/parsers/schema.ts';
import { deleteResource } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { GroupsCard } from './groups-card.tsx';
import { useParser, useParsers } from './queries.ts';
import { handedLines, sketchOf } from './sketch.ts';
import { WordingsCard } from './wordings-card.tsx';
import { Workbench } from './workbench.tsx';

/** `/parsers/new`: a parser begun here, from lines that nothing understood where some were handed over. */
export function NewParserPage() {
  const [, go] = useLocation();
  const [lines] = useState(handedLines);
  const saved = useSaved();
  return (
    <>
      <PageTitle title="parsers.new">
        <Back />
      </PageTitle>
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <Workbench
          yaml={sketchOf(lines)}
          lines={lines.length > 0 ? lines : ['203.0.113.5 OK', '203.0.113.6 NO']}
          version={0}
          mayWrite
          saved={(changed) => {
            saved(changed);
            go(`/parsers/${changed.parser.name}`);
          }}
        />
      </div>
    </>
  );
}

/** `/parsers/:name`: a parser's text and trial, where it goes, and its wordings. */
export function ParserPage({ name, me }: { readonly name: string; readonly me: Session }) {
  const parser = useParser(name);
  const groups = useParsers().data?.groups ?? [];
  const saved = useSaved();
  // What is taken up again is edited first; the key makes a new editor of it.
  const [taken, setTaken] = useState<string>();
  const mayWrite = me.permissions.includes('parsers.write');
  const detail = parser.data;
  return (
    <>
      <PageTitle title="parsers.one">
        <code>{name}</code>
        <Back />
        {mayWrite && detail?.groups.length === 0 && <Remove name={name} />}
      </PageTitle>
      <FirstFetch query={parser} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        {parser.isError && <ProblemNotice error={parser.error} retry={() => parser.refetch()} />}
        {detail && (
          <div className="space-y-4">
            <Workbench
              key={taken ?? detail.version}
              yaml={taken ?? detail.yaml}
              lines={[]}
              version={detail.version}
              mayWrite={mayWrite}
              saved={(changed) => {
                setTaken(undefined);
                saved(changed);
              }}
            />
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <GroupsCard parser={detail} groups={groups} mayDeliver={me.permissions.includes('collectors.manage')} />
              <WordingsCard versions={detail.versions} takeUp={mayWrite ? setTaken : undefined} />
            </div>
          </div>
        )}
      </div>
    </>
  );
}

function Back() {
  const t = useText();
  return (
    <Link href="/parsers" className="button">
      {t('parsers.back')}
    </Link>
  );
}

/** Tells what a save brought, and has everything read anew. */
function useSaved(): (changed: ParserChanged) => void {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  return ({ parser, policies }) => {
    const groups = policies.map(({ group }) => group).join(', ');
    const text = t('parsers.saved', { version: parser.version });
    toast({ text: groups === '' ? text : `${text} ${t('parsers.sent', { groups })}` });
    void queries.invalidateQueries({ queryKey: ['parsers'] });
  };
}

function Remove({ name }: { readonly name: string }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const remove = async (): Promise<void> => {
    try {
      await deleteResource(`/parsers/${encodeURIComponent(name)}`);
      go('/parsers');
      toast({ text: t('parsers.removed', { name }) });
      await queries.invalidateQueries({ queryKey: ['parsers'], exact: true });
    } catch (error) {
      toast({ text: '', error });
    }
  };
  return (
    <button type="button" className="button" onClick={() => void remove()}>
      {t('parsers.remove')}
    </button>
  );
}
