#!/usr/bin/env bash
# Checks a signed archive of Hải Đăng (docs/sharing.md) with bash and OpenSSL alone, on any machine.
#   check-archive.sh FOLDER AUTHORITY
# FOLDER: the unpacked archive. AUTHORITY: the province's ca.crt, handed over by hand before.
# Exit code 0: bundle.json is what the province approved. 1: it is not, or something is missing. 2: bad usage.
set -euo pipefail
export LC_ALL=C

[ $# -eq 2 ] || { echo "Usage: check-archive.sh FOLDER AUTHORITY" >&2; exit 2; }
authority=$(realpath -- "$2")
cd -- "$1"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
fail() { echo "WRONG: $1" >&2; exit 1; }

# base64url (RFC 4648 §5) to bytes, to hexadecimal, and back from hexadecimal to bytes.
bytes() {
  local text=${1//-/+}
  text=${text//_//}
  while [ $((${#text} % 4)) -ne 0 ]; do text+='='; done
  printf %s "$text" | openssl base64 -d -A
}
hex() { bytes "$1" | od -An -v -tx1 | tr -d ' \n'; }
unhex() { local at; for ((at = 0; at < ${#1}; at += 2)); do printf '%b' "\\x${1:at:2}"; done; }
field() { sed -n "s/^ *\"$2\": *\"\([^\"]*\)\",\{0,1\}\$/\1/p" "$1" | head -n 1; }

# 1. Each file is the one that the manifest lists.
for name in bundle.json bundle.json.jws key.json DOC-TRUOC.txt; do
  [ -f "$name" ] || fail "$name is missing."
  sum=$(openssl dgst -sha256 -r "$name" | cut -c1-64)
  listed=$(grep -F -A 2 "\"name\": \"$name\"" manifest.json | sed -n 's/.*"sha256": "\([0-9a-f]\{64\}\)".*/\1/p')
  [ "$sum" = "$listed" ] || fail "$name is not the file that manifest.json lists."
done

# 2. The key is the one that its thumbprint names (RFC 7638), and the authority vouches for it.
kid=$(field key.json kid) x=$(field key.json x) y=$(field key.json y)
jwk=$(printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$x" "$y")
print=$(printf %s "$jwk" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
[ "$print" = "$kid" ] || fail "the key is not the one that kid names."
openssl x509 -in "$authority" -noout -pubkey > "$work/authority.pem" || fail "$2 is no certificate."
bytes "$(field key.json vouched)" > "$work/vouched"
printf %s "$kid" | openssl dgst -sha256 -verify "$work/authority.pem" -signature "$work/vouched" > /dev/null ||
  fail "this authority does not vouch for the key."

# 3. The detached signature (RFC 7515, RFC 7797): the head, a full stop, and the bundle as it is.
IFS=. read -r head _ signature < bundle.json.jws || [ -n "${signature:-}" ] || fail "bundle.json.jws is no signature."
numbers=$(hex "$signature")
[ ${#numbers} -eq 128 ] || fail "the signature is none of ES256."
unhex "3059301306072a8648ce3d020106082a8648ce3d03010703420004$(hex "$x")$(hex "$y")" > "$work/key.der"
openssl pkey -pubin -inform DER -in "$work/key.der" -out "$work/key.pem"
printf 'asn1=SEQUENCE:pair\n[pair]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${numbers:0:64}" "${numbers:64}" > "$work/pair"
openssl asn1parse -genconf "$work/pair" -noout -out "$work/signature"
{ printf '%s.' "$head"; cat bundle.json; } |
  openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/signature" > /dev/null || fail "the signature does not hold."

# 4. What was signed: incident (inc), recipient (rcp), version (ver), time (iat, seconds since 1970).
said=$(bytes "$head")
case $said in
  *'"alg":"ES256"'*'"b64":false'*"\"kid\":\"$kid\""*) ;;
  *) fail "the head of the signature says something else: $said" ;;
esac
echo "OK: $said"
