import type { DetectionRule } from '../../../rules/rule.ts';

/** A rule with all that an alert page shows. */
export const RULE: DetectionRule = {
  kind: 'detection',
  id: 'rule-1',
  title: 'Many failed sign-ins',
  description: 'Somebody guesses passwords.',
  status: 'stable',
  level: 'high',
  tags: ['attack.credential-access', 'attack.t1110.001'],
  falsepositives: ['A forgotten script'],
  references: ['https://attack.mitre.org/techniques/T1110/001/'],
  author: 'test',
  file: 'rule.yml',
  line: 1,
  yaml: 'title: Many failed sign-ins\n',
  logsource: { product: 'linux' },
  condition: { kind: 'always' },
  extension: {
    groupBy: ['host.name'],
    gapSeconds: 86_400,
    titles: { vi: 'Nhiều lần đăng nhập sai' },
    sentences: { en: '{count} failed sign-ins from {source.ip}', vi: '{count} lần sai từ {source.ip}' },
    guidance: {
      vi: { meaning: 'Dò mật khẩu', check: ['Xem nguồn'], act: 'Chặn', escalate: 'Khi thành công', reviewed: false },
    },
    samples: { match: [], noMatch: [] },
  },
};
