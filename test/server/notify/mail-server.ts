import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** A mail that was taken: by which way, from whom, to whom, and the text with its head. */
export interface TakenMail {
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
}

/** A mail server (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954), that answers as a test wants it to. */
export interface MailServer {
  readonly port: number;
  readonly taken: TakenMail[];
  /** Whether it offers STARTTLS. */
  offersTls: boolean;
  /** The password that it takes; undefined: none is asked for. */
  password: string | undefined;
  /** What it answers to a recipient instead of taking it. */
  refuses: string | undefined;
  /** Takes the mail, and breaks off before it says so. */
  losesAnswers: boolean;
  close(): Promise<void>;
}

interface Talk {
  secure: boolean;
  user: string | undefined;
  from: string;
  to: string[];
  data: string[] | undefined;
}

/** Starts it on a port of the loopback. */
export async function startMailServer(credentials: {
  readonly cert: string;
  readonly key: string;
}): Promise<MailServer> {
  const context = createSecureContext(credentials);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket, state, context, true);
  });
  const state: MailServer = {
    port: 0,
    taken: [],
    offersTls: true,
    password: undefined,
    refuses: undefined,
    losesAnswers: false,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return Object.assign(state, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
}

function serve(socket: Socket, state: MailServer, context: SecureContext, greets: boolean): void {
  const talk: Talk = { secure: !greets, user: undefined, from: '', to: [], data: undefined };
  let rest = '';
  const say = (line: string) => socket.write(`${line}\r\n`);
  const onData = (piece: Buffer) => {
    rest += piece.toString('utf8');
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (line.toUpperCase() === 'STARTTLS' && state.offersTls) {
        socket.off('data', onData);
        say('220 go on');
        const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
        secured.on('error', () => undefined);
        serve(secured, state, context, false);
        return;
      }
      answer(line, talk, state, say, socket);
    }
  };
  socket.on('data', onData);
  if (greets) say('220 mail.test ESMTP');
}

function answer(line: string, talk: Talk, state: MailServer, say: (line: string) => void, socket: Socket): void {
  if (talk.data) {
    if (line !== '.') {
      talk.data.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    const { secure, user, from, to } = talk;
    state.taken.push({ secure, user, from, to: [...to], data: talk.data.join('\r\n') });
    talk.data = undefined;
    if (state.losesAnswers) socket.destroy();
    else say('250 2.0.0 taken as 4711');
    return;
  }
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === 'EHLO') {
    const more = [...(state.offersTls && !talk.secure ? ['STARTTLS'] : []), ...(state.password ? ['AUTH PLAIN'] : [])];
    const lines = ['mail.test', ...more];
    for (const [at, text] of lines.entries()) say(`250${at === lines.length - 1 ? ' ' : '-'}${text}`);
  } else if (verb === 'AUTH') {
    const [, user, password] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
      .toString('utf8')
      .split('\0');
    if (password !== state.password) say('535 5.7.8 wrong');
    else {
      talk.user = user;
      say('235 2.7.0 welcome');
    }
  } else if (verb === 'MAIL') {
    if (state.password && talk.user === undefined) say('530 5.7.0 sign in first');
    else {
      talk.from = line;
      say('250 2.1.0 ok');
    }
  } else if (verb === 'RCPT') {
    if (state.refuses) say(state.refuses);
    else {
      talk.to.push(line);
      say('250 2.1.5 ok');
    }
  } else if (verb === 'DATA') {
    talk.data = [];
    say('354 go on');
  } else if (verb === 'QUIT') {
    say('221 bye');
    socket.end();
  } else say('502 not here');
}
