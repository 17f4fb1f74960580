import type { AlertRow } from '../../server/alerts/schema.ts';
import type { NoticeRow } from '../../server/notify/schema.ts';
import type { LiveMessage } from '../../server/realtime/schema.ts';

/** A request to an agency that changed, as the feed tells of it. */
export type RequestNews = Extract<LiveMessage, { type: 'request' }>;

/** What the header shows of the live connection; `since` and `dataAsOf` in milliseconds since 1970. */
export interface LiveState {
  readonly phase: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'ended';
  readonly since: number;
  readonly dataAsOf: number | null;
}

/** What the feed needs of a WebSocket. */
export interface LiveSocket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
  close(): void;
}

/** Everything the feed takes from outside, so that tests can drive it. */
export interface LiveSurroundings {
  open(address: string): LiveSocket;
  now(): number;
  later(run: () => void, milliseconds: number): () => void;
  random(): number;
}

export interface LiveListener {
  alert(row: AlertRow): void;
  request?(news: RequestNews): void;
  /** A notice to whoever is signed in here. */
  notice?(row: NoticeRow): void;
  /** Too much was missed: fetch the list anew. */
  restart(): void;
}

const SESSION_ENDED = 4401;
/** The server ticks every 15 s; a socket silent for longer than two ticks and a bit is dead. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Reads one message of `/api/v1/live`; undefined for what is none. */
export function readLiveMessage(raw: unknown): LiveMessage | undefined {
  if (typeof raw !== 'string') return undefined;
  let message: unknown;
  try {
    message = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, change, alert, id } = message as Record<string, unknown>;
  if (typeof change !== 'number') return undefined;
  if (type === 'tick' || type === 'restart') return message as LiveMessage;
  if (type === 'notice')
    return isNotice((message as Record<string, unknown>)['notice']) ? (message as LiveMessage) : undefined;
  if (type === 'request') return typeof id === 'string' ? (message as LiveMessage) : undefined;
  if (type !== 'alert' || typeof alert !== 'object' || alert === null) return undefined;
  return typeof (alert as Record<string, unknown>)['id'] === 'string' ? (message as LiveMessage) : undefined;
}

function isNotice(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)['id'] === 'string';
}

/**
 * The live feed of alerts. It reconnects by itself, and always asks from the last change it has handed on, so that a
 * reconnect misses none; ticks do not move that place, because asking again for too much is harmless.
 */
export class LiveFeed {
  readonly #outside: LiveSurroundings;
  readonly #listeners = new Set<LiveListener>();
  readonly #watchers = new Set<() => void>();
  #state: LiveState;
  #change = 0;
  #failures = 0;
  #socket: LiveSocket | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(outside: LiveSurroundings) {
    this.#outside = outside;
    this.#state = { phase: 'idle', since: outside.now(), dataAsOf: null };
  }

  get state(): LiveState {
    return this.#state;
  }

  /** The last change handed on: where a reconnect resumes. */
  get change(): number {
    return this.#change;
  }

  /** Starts from a change number, the one a list answered with. */
  start(change: number): void {
    if (this.#state.phase !== 'idle' && this.#state.phase !== 'ended') return;
    this.#change = change;
    this.#failures = 0;
    this.#connect('connecting');
  }

  stop(): void {
    this.#drop();
    this.#set('idle');
  }

  /** Tries again at once: the network is back, or the tab is looked at again. */
  nudge(): void {
    if (this.#state.phase === 'reconnecting' && this.#socket === undefined) this.#connect('reconnecting');
  }

  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #set(phase: LiveState['phase'], heard = false): void {
    const now = this.#outside.now();
    const since = phase === this.#state.phase ? this.#state.since : now;
    this.#state = { phase, since, dataAsOf: heard ? now : this.#state.dataAsOf };
    for (const watcher of this.#watchers) watcher();
  }

  #drop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #connect(phase: 'connecting' | 'reconnecting'): void {
    this.#drop();
    this.#set(phase);
    const socket = this.#outside.open(`/api/v1/live?since=${this.#change}`);
    this.#socket = socket;
    this.#awaitWord();
    socket.onopen = () => {
      this.#set('live', true);
      this.#awaitWord();
    };
    socket.onmessage = ({ data }) => {
      const message = readLiveMessage(data);
      if (!message) return;
      this.#failures = 0;
      this.#awaitWord();
      this.#set('live', true);
      this.#handOn(message);
    };
    socket.onclose = ({ code }) => {
      if (code === SESSION_ENDED) {
        this.#drop();
        this.#set('ended');
      } else this.#retry();
    };
  }

  #handOn(message: LiveMessage): void {
    if (message.type === 'tick') return;
    if (message.type === 'notice') {
      // Told beside the stream of changes: it is no place to go on from.
      for (const listener of [...this.#listeners]) listener.notice?.(message.notice);
      return;
    }
    this.#change = message.type === 'restart' ? message.change : Math.max(this.#change, message.change);
    for (const listener of [...this.#listeners]) {
      if (message.type === 'restart') listener.restart();
      else if (message.type === 'request') listener.request?.(message);
      else listener.alert(message.alert);
    }
  }

  #awaitWord(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#outside.later(() => this.#retry(), SILENCE_MS);
  }

  #retry(): void {
    this.#drop();
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#set('reconnecting');
    const wait = longest * (0.5 + this.#outside.random() / 2);
    this.#cancelTimer = this.#outside.later(() => this.#connect('reconnecting'), wait);
  }
}
