import { useState } from 'react';
import { useLocation } from 'wouter';
import { PageTitle } from '../parts/states.tsx';
import { RuleEditor } from './rule-editor.tsx';

/** `/rules/new`: a rule written here. */
export function NewRulePage() {
  const [, go] = useLocation();
  const [yaml] = useState(() => sketch(crypto.randomUUID()));
  return (
    <>
      <PageTitle title="rules.new" />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <section className="card max-w-5xl">
          <RuleEditor yaml={yaml} mayDraft saved={(id) => go(`/rules/${encodeURIComponent(id)}`)} />
        </section>
      </div>
    </>
  );
}

/** What a rule looks like, to begin from. */
function sketch(id: string): string {
  return `title: 
id: ${id}
status: test
description: 
author: 
date: ${new Date().toISOString().slice(0, 10)}
tags: [attack.initial-access, attack.t1078]
logsource:
  product: linux
  service: sshd
detection:
  selection:
    event.action: ssh_login
    user.name: 
  condition: selection
falsepositives:
  - 
level: medium
haidang:
  group_by: [host.name]
  samples:
    match:
      - {event.module: system, event.dataset: system.auth, process.name: sshd, event.action: ssh_login, host.name: web01, user.name: }
    no_match:
      - {event.module: system, event.dataset: system.auth, process.name: sshd, event.action: ssh_login, host.name: web01, user.name: other}
`;
}
