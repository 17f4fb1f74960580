import { describe, expect, it } from 'vitest';
import { beginTrial, type PolicySigns } from '../../../collector/enrol/trial.ts';
import { INPUT_TYPES } from '../../../collector/input-config.ts';
import { POLICY_INPUTS } from '../../../ecs/policy.ts';
import { readPolicyText } from '../../../server/fleet/policy-text.ts';

describe('the trial of a policy', () => {
  it('fails a source that stays in error, forgives one that was before, and waits while nothing is connected', () => {
    const clock = { now: 0 };
    const state = { sources: [{ source: 'old', error: 'x' as string | null }], acked: 5, waiting: 1, connected: false };
    const signs: PolicySigns = {
      sources: () => state.sources,
      acked: () => state.acked,
      waiting: () => state.waiting,
      isConnected: () => state.connected,
    };
    const trial = beginTrial(signs, () => clock.now, 1_000);
    clock.now = 2_000;
    expect(trial.look()).toEqual({ kind: 'wait' });
    state.connected = true;
    state.sources = [...state.sources, { source: 'new', error: 'no such port' }];
    expect([trial.look(), trial.look()]).toEqual([{ kind: 'wait' }, { kind: 'wait' }]);
    state.sources = [{ source: 'new', error: null }];
    state.acked = 6;
    expect(trial.look()).toEqual({ kind: 'well' });
    state.sources = [{ source: 'new', error: 'no such port' }];
    expect([trial.look(), trial.look(), trial.look()].at(-1)).toEqual({ kind: 'failed', reason: 'new: no such port' });
  });
});

describe('the text of a policy', () => {
  it('has every fault named with its line', () => {
    const faults = (yaml: string) => readPolicyText(yaml).faults.map(({ line, code }) => `${line} ${code}`);
    expect(faults('inputs:\n  - type: file\n    paths: [/var/log/a.log]\nbandwidth: 2 Mbit/s\n')).toEqual([]);
    expect(faults('bandwidth: 2 Mbit/s')).toEqual([]);
    expect(faults('')).toEqual(['1 empty']);
    expect(faults('inputs: [\n')[0]).toMatch(/syntax$/);
    expect(
      faults(
        [
          'inputs:',
          '  - type: nonsense',
          '  - type: file',
          '    paths: [relative.log, /var/../etc/shadow]',
          '  - type: http',
          '    secrets: /etc/shadow',
          'quota:',
          '  events_per_second: -1',
          '  more: 1',
          'bandwidth: fast',
          'other: 1',
        ].join('\n'),
      ),
    ).toEqual([
      '2 input_type',
      '4 path',
      '4 path',
      '6 local_key',
      '8 quota',
      '9 unknown_key',
      '10 bandwidth',
      '11 unknown_key',
    ]);
    expect(faults('a: &x [*x]\ninputs: *x')).not.toEqual([]);
  });

  it('knows the inputs that a collector knows', () => {
    expect([...POLICY_INPUTS].sort()).toEqual(INPUT_TYPES.filter((type) => type !== 'stdin').sort());
  });
});
