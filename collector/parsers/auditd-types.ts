type Meaning = readonly [category: readonly string[], type: readonly string[]];

const ROWS: readonly (readonly [records: string, category: string, type: string])[] = [
  ['USER_LOGIN LOGIN', 'authentication', 'start'],
  ['USER_LOGOUT', 'authentication', 'end'],
  [
    'USER_AUTH USER_ACCT USER_ERR CRED_ACQ CRED_DISP CRED_REFR GRP_AUTH ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_LOCATION',
    'authentication',
    'info',
  ],
  ['USER_START', 'session', 'start'],
  ['USER_END', 'session', 'end'],
  ['USER_CMD EXECVE', 'process', 'start'],
  ['PROCTITLE CWD TTY USER_TTY BPRM_FCAPS CAPSET OBJ_PID', 'process', 'info'],
  ['PATH', 'file', 'info'],
  ['SOCKADDR SOCKETCALL', 'network', 'info'],
  ['ADD_USER', 'iam', 'user creation'],
  ['DEL_USER', 'iam', 'user deletion'],
  ['USER_MGMT USER_CHAUTHTOK ACCT_LOCK ACCT_UNLOCK', 'iam', 'user change'],
  ['ADD_GROUP', 'iam', 'group creation'],
  ['DEL_GROUP', 'iam', 'group deletion'],
  ['GRP_MGMT GRP_CHAUTHTOK', 'iam', 'group change'],
  ['ROLE_ASSIGN ROLE_REMOVE ROLE_MODIFY', 'iam', 'user change'],
  ['AVC USER_AVC SELINUX_ERR USER_SELINUX_ERR APPARMOR_DENIED', 'process', 'info'],
  ['SECCOMP ANOM_ABEND', 'process', 'info'],
  [
    'CONFIG_CHANGE DAEMON_CONFIG NETFILTER_CFG MAC_STATUS MAC_POLICY_LOAD MAC_CONFIG_CHANGE FEATURE_CHANGE USYS_CONFIG BPF TIME_ADJNTPVAL TIME_INJOFFSET',
    'configuration',
    'change',
  ],
  ['DAEMON_START SERVICE_START', 'process', 'start'],
  ['DAEMON_END DAEMON_ABORT SERVICE_STOP', 'process', 'end'],
  ['SYSTEM_BOOT', 'host', 'start'],
  ['SYSTEM_SHUTDOWN', 'host', 'end'],
  ['SYSTEM_RUNLEVEL', 'host', 'change'],
  ['KERN_MODULE', 'driver', 'start'],
  ['ANOM_PROMISCUOUS', 'network', 'info'],
  ['CRYPTO_SESSION CRYPTO_KEY_USER CRYPTO_LOGIN CRYPTO_IKE_SA CRYPTO_IPSEC_SA', 'network', 'info'],
  ['INTEGRITY_DATA INTEGRITY_RULE INTEGRITY_PCR', 'file', 'info'],
];

const MEANINGS = new Map<string, Meaning>(
  ROWS.flatMap(([records, category, type]) =>
    records.split(' ').map((record): [string, Meaning] => [record, [category.split(' '), type.split(' ')]]),
  ),
);
const PROCESS: Meaning = [['process'], ['info']];
const STARTED: Meaning = [['process'], ['start']];

/** What a record is about; a system call that starts a program (execve, execveat on x86-64) is the start of a process. */
export function meaningOfRecord(record: string, syscall: string | undefined, name: string | undefined): Meaning {
  if (record === 'SYSCALL')
    return /^(?:59|322)$/.test(syscall ?? '') || /^execve(?:at)?$/.test(name ?? syscall ?? '') ? STARTED : PROCESS;
  return MEANINGS.get(record) ?? [['host'], ['info']];
}

/** Names of record types that kernel lines give as numbers (linux/audit.h). */
export const RECORD_NAMES: Readonly<Record<string, string>> = {
  1006: 'LOGIN',
  1100: 'USER_AUTH',
  1101: 'USER_ACCT',
  1102: 'USER_MGMT',
  1103: 'CRED_ACQ',
  1104: 'CRED_DISP',
  1105: 'USER_START',
  1106: 'USER_END',
  1107: 'USER_AVC',
  1108: 'USER_CHAUTHTOK',
  1109: 'USER_ERR',
  1110: 'CRED_REFR',
  1112: 'USER_LOGIN',
  1113: 'USER_LOGOUT',
  1114: 'ADD_USER',
  1115: 'DEL_USER',
  1116: 'ADD_GROUP',
  1117: 'DEL_GROUP',
  1123: 'USER_CMD',
  1127: 'SYSTEM_BOOT',
  1128: 'SYSTEM_SHUTDOWN',
  1130: 'SERVICE_START',
  1131: 'SERVICE_STOP',
  1132: 'GRP_MGMT',
  1300: 'SYSCALL',
  1302: 'PATH',
  1305: 'CONFIG_CHANGE',
  1306: 'SOCKADDR',
  1307: 'CWD',
  1309: 'EXECVE',
  1320: 'EOE',
  1325: 'NETFILTER_CFG',
  1326: 'SECCOMP',
  1327: 'PROCTITLE',
  1330: 'KERN_MODULE',
  1334: 'BPF',
  1400: 'AVC',
  1401: 'SELINUX_ERR',
  1404: 'MAC_STATUS',
  1700: 'ANOM_PROMISCUOUS',
  1701: 'ANOM_ABEND',
  2000: 'KERNEL',
};
