/**
 * The named patterns. Each is one run of characters, or a few with different ones between them, wherever that says the
 * same: such patterns take the quick way (`rules/query/capture-regex.ts`). What a value must be in full, an address or a
 * number in its bounds, the type of its field checks.
 */
export const GROK_PATTERNS: Readonly<Record<string, string>> = {
  // Numbers
  INT: '[+-]?[0-9]+',
  POSINT: '[1-9][0-9]*',
  NONNEGINT: '[0-9]+',
  NUMBER: '[+-]?(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)',
  BASE10NUM: '%{NUMBER}',
  BASE16NUM: '[+-]?(?:0[xX])?[0-9A-Fa-f]+',
  // Words and text
  WORD: '[0-9A-Za-z_]+',
  NOTSPACE: '\\S+',
  SPACE: '\\s*',
  DATA: '.*?',
  GREEDYDATA: '.*',
  QUOTEDSTRING: '(?:"(?:[^"\\\\]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\')',
  QS: '%{QUOTEDSTRING}',
  UUID: '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}',
  LOGLEVEL:
    '(?i:alert|trace|debug|notice|info(?:rmation(?:al)?)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?|audit)',
  // Networks and machines
  IPV4: '[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}',
  IPV6: '[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z]+)?',
  IP: '[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(?:%[0-9A-Za-z]+)?',
  HOSTNAME: '[0-9A-Za-z_][0-9A-Za-z_.-]*',
  IPORHOST: '[0-9A-Za-z_:.-]+',
  HOST: '%{HOSTNAME}',
  HOSTPORT: '%{IPORHOST}:%{POSINT}',
  MAC: '[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}',
  USERNAME: '[A-Za-z0-9._@\\\\$-]+',
  USER: '%{USERNAME}',
  EMAILADDRESS: "[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[0-9A-Za-z.-]+",
  // Paths and addresses of pages
  UNIXPATH: '/[^\\s]*',
  WINPATH: '(?:[A-Za-z]:|\\\\)\\\\?[^\\s]*',
  PATH: '(?:%{UNIXPATH}|%{WINPATH})',
  URIPROTO: '[A-Za-z][A-Za-z0-9+.-]*',
  URIHOST: '%{IPORHOST}',
  URIPATH: '/[^\\s?#]*',
  URIPARAM: '\\?[^\\s#]*',
  URIPATHPARAM: '/[^\\s#]*',
  URI: '[A-Za-z][A-Za-z0-9+.-]*://[^\\s]*',
  // Times
  YEAR: '[0-9]{4}',
  MONTH: '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*',
  MONTHNUM: '[0-9]{1,2}',
  MONTHDAY: '[0-9]{1,2}',
  DAY: '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*',
  HOUR: '[0-9]{1,2}',
  MINUTE: '[0-9]{2}',
  SECOND: '[0-9]{2}(?:[.,][0-9]+)?',
  TIME: '[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?',
  DATE_EU: '[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}',
  DATE_US: '[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}',
  ISO8601_TIMEZONE: '(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})',
  TIMESTAMP_ISO8601:
    '[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?',
  HTTPDATE: '[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}',
  SYSLOGTIMESTAMP: '[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}',
  // Programs
  PROG: '[0-9A-Za-z_./%-]+',
  SYSLOGPROG: '%{PROG}(?:\\[[0-9]+\\])?',
};
