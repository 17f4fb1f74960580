import { type IpNetwork, networkHolds, parseIp, parseNetwork } from '../../rules/query/ip-address.ts';
import type { Severity } from '../../rules/rule.ts';
import type { AgencyRecord } from '../agencies/record.ts';
import { PROVINCE } from '../alerts/keys.ts';
import type { AlertDetected } from '../alerts/record.ts';
import type { Asset } from './schema.ts';

/** Severities from least to most; their place from 1 on is the rank. */
const SEVERITIES: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
/** Steps up or down by security level, from level 1 on. */
const STEPS = [-1, 0, 0, 1, 2] as const;
/** Fields of an alert's entities whose values may be assets, own hosts first. */
const FIELDS = ['host.name', 'destination.ip', 'source.ip'] as const;
const MAX_REMEMBERED = 10_000;

/** The level that weighs on an alert, and the value by which it was found; without one it is the agency's own. */
export interface Weight {
  readonly level: number;
  readonly value?: string;
}

/** Finds the level of what an alert is about. */
export interface AssetTable {
  weightOf(alert: Pick<AlertDetected, 'agency' | 'entities'>): Weight | undefined;
}

/** The network that a value names, an address being one of its own; undefined where it is neither. */
export function networkOf(value: string): IpNetwork | undefined {
  if (value.includes('/')) return parseNetwork(value);
  const address = parseIp(value);
  return address === undefined ? undefined : parseNetwork(`${value}/${typeof address === 'number' ? 32 : 128}`);
}

/** Makes a table of assets, and of agencies for what no asset names. */
export function assetTable(
  assets: readonly Asset[],
  agencies: ReadonlyMap<string, Pick<AgencyRecord, 'securityLevel'>>,
): AssetTable {
  const hosts = new Map<string, Asset[]>();
  const networks: { readonly network: IpNetwork; readonly asset: Asset }[] = [];
  const ofAgency = new Map<string, number>();
  for (const asset of assets) {
    if (asset.kind === 'agency') ofAgency.set(asset.value, asset.level);
    else if (asset.kind === 'host')
      hosts.set(asset.value.toLowerCase(), [...(hosts.get(asset.value.toLowerCase()) ?? []), asset]);
    else {
      const network = networkOf(asset.value);
      if (network) networks.push({ network, asset });
    }
  }
  const remembered = new Map<string, readonly Asset[]>();
  const named = (field: string, value: string): readonly Asset[] => {
    if (field === 'host.name') return hosts.get(value.toLowerCase()) ?? [];
    const known = remembered.get(value);
    if (known) return known;
    const address = parseIp(value);
    const found =
      address === undefined
        ? []
        : networks.filter(({ network }) => networkHolds(network, address)).map(({ asset }) => asset);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(value, found);
    return found;
  };

  return {
    weightOf({ agency, entities }) {
      let weight: Weight | undefined;
      let isWhole = true;
      for (const field of FIELDS) {
        for (const value of entities[field]?.values ?? []) {
          const own = named(field, value).filter(
            (one) => one.agency === null || one.agency === agency || agency === PROVINCE,
          );
          if (own.length === 0 && field === 'host.name') isWhole = false;
          for (const { level } of own) if (level > (weight?.level ?? 0)) weight = { level, value };
        }
      }
      // A host that nobody listed is of the level of its agency's systems: a listed one of level 1 beside it lowers nothing.
      const agencyLevel = ofAgency.get(agency) ?? agencies.get(agency)?.securityLevel;
      if ((weight === undefined || !isWhole) && agencyLevel !== undefined && agencyLevel > (weight?.level ?? 0))
        return { level: agencyLevel };
      return weight;
    },
  };
}

/**
 * An alert's severity by what it is about: level 5 raises the rule's own by two steps, level 4 by one, level 1 lowers it by
 * one; levels 2 and 3 leave it. Nothing is lowered below `low`, and what is only informational stays so.
 */
export function weigh<
  Alert extends Pick<AlertDetected, 'agency' | 'entities' | 'severity' | 'severityRank' | 'ruleLevel'>,
>(alert: Alert, table: AssetTable): Alert {
  const { ruleLevel = alert.severity, asset: _, ...rest } = alert as Alert & Pick<AlertDetected, 'asset'>;
  const weight = table.weightOf(alert);
  const severity = weight ? moved(ruleLevel, STEPS[weight.level - 1] ?? 0) : ruleLevel;
  const severityRank = SEVERITIES.indexOf(severity) + 1;
  const asset = severity === ruleLevel ? {} : { asset: weight };
  return { ...(rest as unknown as Alert), ruleLevel, severity, severityRank, ...asset };
}

function moved(level: Severity, steps: number): Severity {
  if (level === 'informational') return level;
  const place = Math.max(1, Math.min(SEVERITIES.length - 1, SEVERITIES.indexOf(level) + steps));
  return SEVERITIES[place] ?? level;
}
