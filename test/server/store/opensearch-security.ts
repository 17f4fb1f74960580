import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterAddress } from '../../../server/store/opensearch/connection.ts';
import type { TestNode } from './opensearch-node.ts';

const run = promisify(execFile);

/** What a node with the security plugin was given. */
export interface Security {
  readonly ca: Buffer;
  readonly caFile: string;
  /** Certificate of the administrator, who may change users and roles. */
  readonly admin: { readonly cert: Buffer; readonly key: Buffer };
}

/** The user of the server under test. */
export const USER = 'haidang';
export const PASSWORD = 'Thu-nghiem-2026!x';
const ROLE = new URL('../../../server/store/opensearch/role.json', import.meta.url);

/** Makes an authority and certificates for node and administrator in a node's `config`. */
export async function installSecurity(config: string): Promise<Security> {
  const openssl = (...parts: string[]) => run('openssl', parts, { cwd: config });
  const subject = (name: string) => ['-subj', `/O=haidang/CN=${name}`];
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...subject('ca'),
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  await writeFile(join(config, 'names'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  for (const name of ['node', 'admin']) {
    await openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...subject(name),
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`);
    await chmod(join(config, `${name}.key`), 0o600);
  }
  const read = (name: string) => readFileSync(join(config, name));
  const admin = { cert: read('admin.pem'), key: read('admin.key') };
  return { ca: read('ca.pem'), caFile: join(config, 'ca.pem'), admin };
}

/** What `opensearch.yml` says of security. */
export function securitySettings(_: Security): string[] {
  return [
    ...['transport', 'http'].flatMap((layer) => [
      `plugins.security.ssl.${layer}.pemcert_filepath: node.pem`,
      `plugins.security.ssl.${layer}.pemkey_filepath: node.key`,
      `plugins.security.ssl.${layer}.pemtrustedcas_filepath: ca.pem`,
    ]),
    'plugins.security.ssl.transport.enforce_hostname_verification: false',
    'plugins.security.ssl.http.enabled: true',
    'plugins.security.ssl.http.clientauth_mode: OPTIONAL',
    'plugins.security.nodes_dn: ["CN=node,O=haidang"]',
    'plugins.security.authcz.admin_dn: ["CN=admin,O=haidang"]',
    'plugins.security.allow_default_init_securityindex: true',
    'plugins.security.restapi.roles_enabled: ["all_access"]',
  ];
}

/** Makes the server's role and user, and gives the address with its secrets in files, as an operator would. */
export async function letIn(
  { caFile }: Security,
  url: string,
  folder: string,
  ask: TestNode['ask'],
): Promise<ClusterAddress> {
  const role = JSON.parse(await readFile(ROLE, 'utf8')) as object;
  await untilDone(ask, 'roles', role);
  await setPassword(ask, PASSWORD);
  await untilDone(ask, 'rolesmapping', { users: [USER] });
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  return { url, caFile, user: USER, passwordFile };
}

/** Gives the server's user another password. */
export function setPassword(ask: TestNode['ask'], password: string): Promise<void> {
  return untilDone(ask, 'internalusers', { password });
}

/** The plugin takes changes only once its own index is there. */
async function untilDone(ask: TestNode['ask'], kind: string, body: object): Promise<void> {
  let said = '';
  for (let tries = 0; tries < 60; tries++) {
    const answer = await ask('PUT', `/_plugins/_security/api/${kind}/${USER}`, body);
    if (answer.status < 300) return;
    said = JSON.stringify(answer.body);
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`The ${kind} of "${USER}" cannot be made: ${said}`);
}
