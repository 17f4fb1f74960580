import { describe, expect, it } from 'vitest';
import { render } from '../../../server/system/metrics.ts';

describe('Prometheus text', () => {
  it('has help, type and one line a sample, with escaped labels', () => {
    const text = render([
      { name: 'a_total', type: 'counter', help: 'What\nit is.', samples: [{ value: 3 }] },
      { name: 'b', type: 'gauge', help: 'B', samples: [{ labels: { x: 'q"\\\n' }, value: 0.5 }] },
    ]);
    expect(text).toBe(
      '# HELP a_total What\\nit is.\n# TYPE a_total counter\na_total 3\n# HELP b B\n# TYPE b gauge\nb{x="q\\"\\\\\\n"} 0.5\n',
    );
  });
});
