/** Names of the ATT&CK techniques that our own pack refers to (MITRE ATT&CK v17 Enterprise); others show their id. */
const TECHNIQUES: Readonly<Record<string, string>> = {
  T1003: 'OS Credential Dumping',
  'T1003.008': '/etc/passwd and /etc/shadow',
  T1018: 'Remote System Discovery',
  T1021: 'Remote Services',
  'T1021.004': 'SSH',
  T1027: 'Obfuscated Files or Information',
  T1030: 'Data Transfer Size Limits',
  T1033: 'System Owner/User Discovery',
  T1036: 'Masquerading',
  T1037: 'Boot or Logon Initialization Scripts',
  T1040: 'Network Sniffing',
  T1041: 'Exfiltration Over C2 Channel',
  T1046: 'Network Service Discovery',
  T1048: 'Exfiltration Over Alternative Protocol',
  T1053: 'Scheduled Task/Job',
  'T1053.003': 'Cron',
  T1055: 'Process Injection',
  T1059: 'Command and Scripting Interpreter',
  'T1059.001': 'PowerShell',
  'T1059.004': 'Unix Shell',
  T1068: 'Exploitation for Privilege Escalation',
  T1070: 'Indicator Removal',
  'T1070.002': 'Clear Linux or Mac System Logs',
  'T1070.003': 'Clear Command History',
  'T1070.004': 'File Deletion',
  T1071: 'Application Layer Protocol',
  'T1071.001': 'Web Protocols',
  'T1071.004': 'DNS',
  T1078: 'Valid Accounts',
  'T1078.001': 'Default Accounts',
  'T1078.003': 'Local Accounts',
  T1082: 'System Information Discovery',
  T1083: 'File and Directory Discovery',
  T1087: 'Account Discovery',
  'T1087.001': 'Local Account',
  T1090: 'Proxy',
  T1095: 'Non-Application Layer Protocol',
  T1098: 'Account Manipulation',
  'T1098.004': 'SSH Authorized Keys',
  T1102: 'Web Service',
  T1105: 'Ingress Tool Transfer',
  T1110: 'Brute Force',
  'T1110.001': 'Password Guessing',
  'T1110.003': 'Password Spraying',
  'T1110.004': 'Credential Stuffing',
  T1133: 'External Remote Services',
  T1136: 'Create Account',
  'T1136.001': 'Local Account',
  T1189: 'Drive-by Compromise',
  T1190: 'Exploit Public-Facing Application',
  T1203: 'Exploitation for Client Execution',
  T1204: 'User Execution',
  T1210: 'Exploitation of Remote Services',
  T1219: 'Remote Access Tools',
  T1222: 'File and Directory Permissions Modification',
  'T1222.002': 'Linux and Mac File and Directory Permissions Modification',
  T1485: 'Data Destruction',
  T1486: 'Data Encrypted for Impact',
  T1489: 'Service Stop',
  T1490: 'Inhibit System Recovery',
  T1491: 'Defacement',
  'T1491.002': 'External Defacement',
  T1496: 'Resource Hijacking',
  T1498: 'Network Denial of Service',
  T1499: 'Endpoint Denial of Service',
  T1505: 'Server Software Component',
  'T1505.003': 'Web Shell',
  T1531: 'Account Access Removal',
  T1543: 'Create or Modify System Process',
  'T1543.002': 'Systemd Service',
  T1547: 'Boot or Logon Autostart Execution',
  'T1547.006': 'Kernel Modules and Extensions',
  T1548: 'Abuse Elevation Control Mechanism',
  'T1548.001': 'Setuid and Setgid',
  'T1548.003': 'Sudo and Sudo Caching',
  T1552: 'Unsecured Credentials',
  'T1552.001': 'Credentials In Files',
  'T1552.005': 'Cloud Instance Metadata API',
  T1556: 'Modify Authentication Process',
  T1560: 'Archive Collected Data',
  T1562: 'Impair Defenses',
  'T1562.001': 'Disable or Modify Tools',
  'T1562.004': 'Disable or Modify System Firewall',
  T1564: 'Hide Artifacts',
  T1566: 'Phishing',
  T1567: 'Exfiltration Over Web Service',
  T1570: 'Lateral Tool Transfer',
  T1571: 'Non-Standard Port',
  T1572: 'Protocol Tunneling',
  T1574: 'Hijack Execution Flow',
  'T1574.006': 'Dynamic Linker Hijacking',
  T1580: 'Cloud Infrastructure Discovery',
  T1583: 'Acquire Infrastructure',
  T1587: 'Develop Capabilities',
  T1590: 'Gather Victim Network Information',
  T1592: 'Gather Victim Host Information',
  T1595: 'Active Scanning',
  'T1595.001': 'Scanning IP Blocks',
  'T1595.002': 'Vulnerability Scanning',
  'T1595.003': 'Wordlist Scanning',
  T1611: 'Escape to Host',
};

const TACTICS: Readonly<Record<string, string>> = {
  reconnaissance: 'Reconnaissance',
  'resource-development': 'Resource Development',
  'initial-access': 'Initial Access',
  execution: 'Execution',
  persistence: 'Persistence',
  'privilege-escalation': 'Privilege Escalation',
  'defense-evasion': 'Defense Evasion',
  'credential-access': 'Credential Access',
  discovery: 'Discovery',
  'lateral-movement': 'Lateral Movement',
  collection: 'Collection',
  'command-and-control': 'Command and Control',
  exfiltration: 'Exfiltration',
  impact: 'Impact',
};

/** ATT&CK techniques and tactics among a rule's tags (`attack.t1110.001`, `attack.credential-access`). */
export function attackOf(tags: readonly string[]): {
  readonly techniques: { id: string; name: string }[];
  readonly tactics: string[];
} {
  const techniques: { id: string; name: string }[] = [];
  const tactics: string[] = [];
  for (const tag of tags) {
    const [scheme, ...rest] = tag.toLowerCase().split('.');
    if (scheme !== 'attack') continue;
    const name = rest.join('.');
    if (/^t\d{4}(\.\d{3})?$/.test(name)) {
      const id = name.toUpperCase();
      techniques.push({ id, name: TECHNIQUES[id] ?? id });
    } else {
      const tactic = TACTICS[name.replaceAll('_', '-')];
      if (tactic !== undefined) tactics.push(tactic);
    }
  }
  return { techniques, tactics };
}
