import { beforeEach, describe, expect, test } from 'vitest';
import { LiveFeed, type LiveSocket, readLiveMessage } from '../../console/api/live-feed.ts';
import { sampleAlert } from './samples.ts';

class FakeSocket implements LiveSocket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly address: string;
  closed = false;

  constructor(address: string) {
    this.address = address;
  }

  close(): void {
    this.closed = true;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let sockets: FakeSocket[];
let timers: { run: () => void; wait: number; off: boolean }[];
let heard: string[];
let restarts: number;
let feed: LiveFeed;

const last = (): FakeSocket => sockets.at(-1) as FakeSocket;
const alert = (id: string, change: number) => ({ type: 'alert', change, alert: sampleAlert(0, { id, change }) });
/** Runs the timer that is armed now. */
function elapse(): number {
  const timer = timers.filter(({ off }) => !off).at(-1);
  if (!timer) throw new Error('No timer is armed.');
  timer.off = true;
  timer.run();
  return timer.wait;
}

beforeEach(() => {
  sockets = [];
  timers = [];
  heard = [];
  restarts = 0;
  feed = new LiveFeed({
    open: (address) => {
      const socket = new FakeSocket(address);
      sockets.push(socket);
      return socket;
    },
    now: () => 1_000,
    later: (run, wait) => {
      const timer = { run, wait, off: false };
      timers.push(timer);
      return () => {
        timer.off = true;
      };
    },
    random: () => 1,
  });
  feed.listen({
    alert: ({ id }) => heard.push(id),
    restart: () => {
      restarts += 1;
    },
  });
});

describe('the live feed', () => {
  test('asks from the list’s change, and is live once the socket is open', () => {
    feed.start(41);
    expect(last().address).toBe('/api/v1/live?since=41');
    expect(feed.state.phase).toBe('connecting');
    last().onopen?.();
    expect(feed.state.phase).toBe('live');
  });

  test('resumes after a cut from the last alert it handed on, not from a tick', () => {
    feed.start(41);
    last().onopen?.();
    last().say(alert('a', 42));
    last().say(alert('b', 45));
    last().say({ type: 'tick', change: 99, at: '' });
    last().onclose?.({ code: 1006 });
    expect(feed.state.phase).toBe('reconnecting');
    elapse();
    expect(last().address).toBe('/api/v1/live?since=45');
    last().onopen?.();
    last().say(alert('c', 46));
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  test('an older change that comes again does not move the place back', () => {
    feed.start(10);
    last().say(alert('a', 20));
    last().say(alert('b', 15));
    expect(feed.change).toBe(20);
  });

  test('a restart tells the list to fetch anew and goes on from the place it names', () => {
    feed.start(10);
    last().say({ type: 'restart', change: 500 });
    expect(restarts).toBe(1);
    last().onclose?.({ code: 1006 });
    elapse();
    expect(last().address).toBe('/api/v1/live?since=500');
  });

  test('waits longer after each failure, up to 15 s, and begins short again once something was heard', () => {
    feed.start(1);
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      last().onclose?.({ code: 1006 });
      waits.push(elapse());
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    last().say({ type: 'tick', change: 1, at: '' });
    last().onclose?.({ code: 1006 });
    expect(elapse()).toBe(500);
  });

  test('a socket that says nothing for too long is given up', () => {
    feed.start(1);
    last().onopen?.();
    const silent = last();
    expect(elapse()).toBe(40_000);
    expect(silent.closed).toBe(true);
    expect(feed.state.phase).toBe('reconnecting');
  });

  test('nothing of an old socket counts after a new one was opened', () => {
    feed.start(1);
    const old = last();
    const late = old.onmessage;
    elapse();
    elapse();
    expect(sockets).toHaveLength(2);
    expect(old.onmessage).toBeNull();
    expect(late).not.toBeNull();
  });

  test('ends where the session ended, and does not knock again', () => {
    feed.start(1);
    last().onclose?.({ code: 4401 });
    expect(feed.state.phase).toBe('ended');
    expect(timers.every(({ off }) => off)).toBe(true);
  });

  test('a nudge tries at once', () => {
    feed.start(1);
    last().onclose?.({ code: 1006 });
    feed.nudge();
    expect(sockets).toHaveLength(2);
  });
});

test.each([
  ['nothing', undefined],
  ['no JSON', '{'],
  ['a number', '4'],
  ['null', 'null'],
  ['no change', '{"type":"tick"}'],
  ['another type', '{"type":"shout","change":1}'],
  ['an alert without a row', '{"type":"alert","change":1}'],
  ['a row without id', '{"type":"alert","change":1,"alert":{}}'],
])('a message that is none is passed over: %s', (_, raw) => {
  expect(readLiveMessage(raw)).toBeUndefined();
});
