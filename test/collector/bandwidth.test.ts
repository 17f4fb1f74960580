import { describe, expect, it } from 'vitest';
import { boundBandwidth, minuteIn } from '../../collector/outputs/bandwidth.ts';
import { type BandwidthRule, rateAt, readBandwidth, readHours, readRate } from '../../ecs/rates.ts';

describe('a bandwidth setting', () => {
  it.each([
    ['2 Mbit/s', 250_000],
    ['512 kbit/s', 64_000],
    ['1.5Mbit/s', 187_500],
    ['none', null],
    ['2 MB/s', undefined],
    ['1 kbit/s', undefined],
    ['2', undefined],
    [2, undefined],
  ])('%s is %s bytes per second', (text, expected) => expect(readRate(text)).toBe(expected));

  it('has hours, also over midnight', () => {
    expect(readHours('08:00-17:30')).toEqual({ from: 480, to: 1_050 });
    expect(readHours('18:00-24:00')).toEqual({ from: 1_080, to: 0 });
    for (const wrong of ['8-17', '08:00-25:00', '08:00-24:30', '', 5]) expect(readHours(wrong)).toBeUndefined();
    const rules = readBandwidth([
      { limit: '1 Mbit/s', hours: '08:00-17:00' },
      { limit: 'none', hours: '22:00-05:00' },
      { limit: '4 Mbit/s' },
    ]) as readonly BandwidthRule[];
    const at = (hour: number) => rateAt(rules, hour * 60);
    expect([at(7), at(8), at(16), at(17), at(22), at(4), at(5)]).toEqual([
      500_000,
      125_000,
      125_000,
      500_000,
      null,
      null,
      500_000,
    ]);
    for (const wrong of [
      [],
      [{}],
      [{ limit: 'x' }],
      [{ limit: 'none', hours: '1' }],
      [{ limit: 'none', more: 1 }],
      {},
    ]) {
      expect(readBandwidth(wrong)).toBeUndefined();
    }
  });

  it('goes by the clock of the zone', () => {
    expect(minuteIn('Asia/Ho_Chi_Minh', () => Date.UTC(2026, 10, 23, 1, 30))()).toBe(8 * 60 + 30);
    expect(minuteIn('Asia/Ho_Chi_Minh', () => Date.UTC(2026, 10, 23, 17, 0))()).toBe(0);
  });
});

describe('the bound itself', () => {
  const RATE = 100_000;
  /** A clock that moves when somebody sleeps. */
  function bound(rules: readonly BandwidthRule[], minute = () => 0) {
    const clock = { now: 0 };
    const sleep = async (milliseconds: number) => {
      clock.now += milliseconds;
    };
    return { clock, bandwidth: boundBandwidth({ rules, minute, now: () => clock.now, sleep }) };
  }
  const always = [{ bytesPerSecond: RATE, from: 0, to: 0 }];
  const wanted = () => true;

  it('holds over time, with frames of any size, in the order of the calls', async () => {
    const { clock, bandwidth } = bound(always);
    const order: number[] = [];
    const sizes = Array.from({ length: 60 }, (_, at) => (at % 7 === 0 ? 400_000 : 20_000));
    await Promise.all(
      sizes.map(async (size, at) => {
        await bandwidth.take(size, wanted);
        order.push(at);
      }),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(bandwidth.sent).toBe(total);
    expect(order).toEqual(sizes.map((_, at) => at));
    const seconds = clock.now / 1_000;
    // The last frame goes whole, and is paid for afterwards.
    expect(total - 400_000).toBeLessThanOrEqual(RATE * (seconds + 1));
    expect(seconds).toBeLessThanOrEqual((total + 60 * 200) / RATE + 1);
  });

  it('lets all through where nothing bounds it, and counts it', async () => {
    const { clock, bandwidth } = bound([]);
    expect(await bandwidth.take(1e9, wanted)).toBe(true);
    expect([clock.now, bandwidth.sent, bandwidth.limit()]).toEqual([0, 1e9, null]);
  });

  it('takes the rate of the hour, and owes nothing into an hour without one', async () => {
    let minute = 0;
    const { clock, bandwidth } = bound([{ bytesPerSecond: RATE, from: 0, to: 60 }], () => minute);
    await bandwidth.take(1_000_000, wanted);
    const before = clock.now;
    minute = 60;
    for (let at = 0; at < 100; at++) await bandwidth.take(1_000_000, wanted);
    expect(clock.now - before).toBe(0);
    expect(bandwidth.limit()).toBeNull();
  });

  it('sends nothing that nobody wants any more', async () => {
    const { bandwidth } = bound(always);
    await bandwidth.take(1_000_000, wanted);
    expect(await bandwidth.take(1_000, () => false)).toBe(false);
    expect(bandwidth.sent).toBe(1_000_000);
  });

  it('takes other rules over from a policy, and goes back to its own', () => {
    const { bandwidth } = bound(always);
    bandwidth.use([{ bytesPerSecond: 5_000, from: 0, to: 0 }]);
    expect(bandwidth.limit()).toBe(5_000);
    bandwidth.use(undefined);
    expect(bandwidth.limit()).toBe(RATE);
  });
});
