import { useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useLiveAlerts } from '../api/live.tsx';
import { useOverview } from '../api/queries.ts';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { makeAlarm, ring } from './alarm.ts';
import { Icon } from './icons.tsx';
import { useToast } from './toasts.tsx';

const STORED_AS = 'haidang.alarm';

/** Sound and desktop notice on new critical alerts: off until somebody switches it on. */
export function AlarmSwitch() {
  const { t, language } = useLanguage();
  const toast = useToast();
  const [, go] = useLocation();
  const startedAt = useOverview().data?.now;
  const [on, setOn] = useState(() => localStorage.getItem(STORED_AS) === 'on');
  const sound = useRef<AudioContext | undefined>(undefined);
  const first = useRef(startedAt);
  first.current ??= startedAt;
  const begin = first.current;
  const rings = useMemo(() => (begin === undefined ? () => false : makeAlarm(begin)), [begin]);

  const listener = useMemo(
    () => ({
      alert: (row: AlertRow) => {
        if (!on || !rings(row)) return;
        sound.current ??= new AudioContext();
        ring(sound.current);
        if (!('Notification' in window) || Notification.permission !== 'granted') return;
        const title = pickText(row.title, language)?.text ?? row.rule;
        const notice = new Notification(t('alarm.notice', { title }), { body: row.agencyName, tag: row.id });
        notice.onclick = () => {
          focus();
          go(`/alerts/${encodeURIComponent(row.id)}`);
          notice.close();
        };
      },
      restart: () => {},
    }),
    [on, rings, language, t, go],
  );
  useLiveAlerts(listener);

  const toggle = async (): Promise<void> => {
    const next = !on;
    setOn(next);
    localStorage.setItem(STORED_AS, next ? 'on' : 'off');
    if (!next) return;
    sound.current ??= new AudioContext();
    await sound.current.resume();
    ring(sound.current);
    const permission = 'Notification' in window ? await Notification.requestPermission() : 'denied';
    toast({ text: t(permission === 'granted' ? 'alarm.nowOn' : 'alarm.soundOnly') });
  };
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={t('alarm.label')}
      title={t('alarm.label')}
      className="button button-quiet"
      onClick={toggle}
    >
      <Icon name={on ? 'bell' : 'bellOff'} className={on ? 'text-accent' : 'text-muted'} />
      <span className="hidden text-small xl:inline">{t(on ? 'alarm.on' : 'alarm.off')}</span>
    </button>
  );
}
