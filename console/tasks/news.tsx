import { useEffect, useRef } from 'react';
import { useOverview } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';

/** Says on any page that a task came in from outside, as long as somebody is signed in. */
export function TasksNews(): null {
  const t = useText();
  const toast = useToast();
  const tasks = useOverview().data?.waiting.tasks;
  const known = useRef<number>(undefined);
  useEffect(() => {
    if (tasks === undefined) return;
    const before = known.current;
    known.current = tasks;
    if (before !== undefined && tasks > before) toast({ text: t('tasks.news', { count: tasks }) });
  }, [tasks, t, toast]);
  return null;
}
