/** Texts at the places that the tables name, where a message has no row of its own. */
type Texts = Record<string, string>;

const AT = String.raw`(?:([^\s:()/,"]{1,64}):)?(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,43})(?:/(\d{1,5})(?![\w.]))?`;
const WHO = String.raw`(?: ?\([^()]{0,256}\)){0,2}`;
/** `from inside:192.0.2.1/4000 to outside:198.51.100.1/53`, `src … dst …`; the interfaces and ports may be absent. */
const BOTH = [
  new RegExp(String.raw`\b(?:from|for|flow) ${AT}${WHO},? to ${AT}(?!\w|[./]\w)`),
  new RegExp(String.raw`\bsrc(?: =)? ${AT}${WHO},? (?:dst|dest)(?: =)? ${AT}(?!\w|[./]\w)`),
];
const ON = /\bon interface "?([^\s:()/,"]{1,64}?)"?[.,]?(?: |$)/;
const TRANSPORT = /\b(TCP|UDP|ICMP|ICMPv6|IPv6-ICMP|SCTP|GRE|ESP)\b/gi;
const PEER = /^(?:Group = ([^,]{0,256}), )?(?:Username = ([^,]{0,256}), )?IP = ([0-9A-Fa-f.:]{3,45}), /;
const SESSION =
  /^(?:Group <([^<>]{0,256})> |TunnelGroup <[^<>]{0,256}> GroupPolicy <[^<>]{0,256}> )?User(?: <([^<>]{0,256})>)? IP <([0-9A-Fa-f.:]{3,45})>|^Group (\S{1,256}) User (\S{1,256}) IP ([0-9A-Fa-f.:]{3,45}),? /;
const IKE =
  /^Local:(\S{3,255}):(\d{1,5}) Remote:(\S{3,255}):(\d{1,5}) Username:(.{0,256}?) (?:IKEv2 |Group:|SA |Received |Negotiation )/;
const NAMED = /\bfor user ['"<]([^'"<>]{0,256})['">]|\(user= ?([^()]{0,256})\)/;

function take(texts: Texts, found: RegExpExecArray, names: readonly string[]): Texts {
  for (const [at, name] of names.entries()) {
    const text = found[at + 1];
    if (text !== undefined && name !== '') texts[name] ??= text;
  }
  return texts;
}

/**
 * Reads what all messages of these devices say in the same words: the ends of a packet, the interface, the person of a
 * VPN session. Gives nothing where the words are others; a verdict is never read from them.
 */
export function readPlainWords(text: string): Texts {
  const texts: Texts = {};
  const peer = PEER.exec(text);
  if (peer) return take(texts, peer, ['group', 'user', 'src']);
  const session = SESSION.exec(text);
  if (session) return take(texts, session, ['group', 'user', 'src', 'group', 'user', 'src']);
  const ike = IKE.exec(text);
  if (ike) return take(texts, ike, ['dst', 'dport', 'src', 'sport', 'user']);
  const both = BOTH.map((each) => each.exec(text)).find((found) => found !== null);
  if (both) take(texts, both, ['sif', 'src', 'sport', 'dif', 'dst', 'dport']);
  const on = both && ON.exec(text);
  if (on) take(texts, on, ['sif']);
  const named = NAMED.exec(text);
  if (named) take(texts, named, ['user', 'user']);
  const transports = new Set((both ? (text.match(TRANSPORT) ?? []) : []).map((each) => each.toLowerCase()));
  if (transports.size === 1) texts['transport'] = [...transports][0] as string;
  return texts;
}
