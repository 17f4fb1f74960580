import { listenAddress, oneOf, text, yesOrNo } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** What this server is, where it keeps what it has, and TLS of the console. */
export const SERVER_SETTINGS = {
  data: setting({
    env: 'HAIDANG_DATA',
    fallback: './data',
    does: 'Folder of everything the server keeps: store, certificates, control socket. Relative to the working folder.',
    read: text(1, 4000),
  }),
  role: setting<string>({
    env: 'HAIDANG_ROLE',
    fallback: 'province',
    does: 'What this server is: `province`, or `national` with the TAXII server to which provinces report (taxii.md). `haidang server --role` overrides it.',
    read: oneOf('province', 'national'),
  }),
  host: setting({
    env: 'HAIDANG_HOST',
    fallback: '127.0.0.1',
    does: 'Address of the console and API. Any other than a loopback address takes TLS; see tls.md.',
    read: listenAddress,
  }),
  'tls.mode': setting<string>({
    env: 'HAIDANG_TLS_MODE',
    fallback: 'auto',
    does: 'TLS of the console and API: `auto` (off loopback, or where certificate files are set), `on`, `off` (loopback alone), or `proxy` where a reverse proxy on this machine ends it.',
    read: oneOf('auto', 'on', 'off', 'proxy'),
  }),
  'tls.certificate_file': setting<string | undefined>({
    env: 'HAIDANG_TLS_CERTIFICATE_FILE',
    fallback: undefined,
    fallbackText: 'one of the built-in authority',
    does: "PEM file with the console's certificate and the chain behind it; a new one is taken into use without a restart.",
    read: text(1, 4000),
  }),
  'tls.key_file': setting<string | undefined>({
    env: 'HAIDANG_TLS_KEY_FILE',
    fallback: undefined,
    fallbackText: 'that of the built-in authority',
    does: 'PEM file with its private key, without a passphrase, not readable by everybody.',
    read: text(1, 4000),
  }),
  'tls.client_certificates': setting({
    env: 'HAIDANG_TLS_CLIENT_CERTIFICATES',
    fallback: false,
    does: 'Asks whoever connects for a client certificate, so that accounts of provinces can be bound to theirs (national role, taxii.md). Browsers that have some may ask which to show.',
    read: yesOrNo,
  }),
} as const;
