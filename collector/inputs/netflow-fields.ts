/** How the bytes of an information element are read (RFC 7011 §6.1). */
export type ElementType =
  | 'unsigned'
  | 'signed'
  | 'ipv4'
  | 'ipv6'
  | 'mac'
  | 'text'
  | 'seconds'
  | 'milliseconds'
  | 'micro'
  | 'nano'
  | 'boolean'
  | 'float'
  | 'bytes';

/** An information element: its name as `netflow.*` has it, and its type. */
export interface Element {
  readonly name: string;
  readonly type: ElementType;
}

/**
 * Elements of the IANA registry *IP Flow Information Export (IPFIX) Entities*, which NetFlow v9 shares up to 127: number
 * and registered name, by type. What is not here is kept in hexadecimal.
 */
const REGISTRY: Readonly<Record<ElementType, string>> = {
  unsigned: `1 octetDeltaCount 2 packetDeltaCount 3 deltaFlowCount 4 protocolIdentifier 5 ipClassOfService 6 tcpControlBits
    7 sourceTransportPort 9 sourceIPv4PrefixLength 10 ingressInterface 11 destinationTransportPort
    13 destinationIPv4PrefixLength 14 egressInterface 16 bgpSourceAsNumber 17 bgpDestinationAsNumber
    19 postMCastPacketDeltaCount 20 postMCastOctetDeltaCount 21 flowEndSysUpTime 22 flowStartSysUpTime
    23 postOctetDeltaCount 24 postPacketDeltaCount 25 minimumIpTotalLength 26 maximumIpTotalLength
    29 sourceIPv6PrefixLength 30 destinationIPv6PrefixLength 31 flowLabelIPv6 32 icmpTypeCodeIPv4 33 igmpType
    34 samplingInterval 35 samplingAlgorithm 36 flowActiveTimeout 37 flowIdleTimeout 38 engineType 39 engineId
    40 exportedOctetTotalCount 41 exportedMessageTotalCount 42 exportedFlowRecordTotalCount 46 mplsTopLabelType
    48 samplerId 49 samplerMode 50 samplerRandomInterval 51 classId 52 minimumTTL 53 maximumTTL 54 fragmentIdentification
    55 postIpClassOfService 58 vlanId 59 postVlanId 60 ipVersion 61 flowDirection 64 ipv6ExtensionHeaders
    85 octetTotalCount 86 packetTotalCount 88 fragmentOffset 89 forwardingStatus
    128 bgpNextAdjacentAsNumber 129 bgpPrevAdjacentAsNumber 132 droppedOctetDeltaCount 133 droppedPacketDeltaCount
    134 droppedOctetTotalCount 135 droppedPacketTotalCount 136 flowEndReason 137 commonPropertiesId
    138 observationPointId 139 icmpTypeCodeIPv6 141 lineCardId 142 portId 143 meteringProcessId 144 exportingProcessId
    145 templateId 148 flowId 149 observationDomainId 158 flowStartDeltaMicroseconds 159 flowEndDeltaMicroseconds
    161 flowDurationMilliseconds 162 flowDurationMicroseconds 163 observedFlowTotalCount 164 ignoredPacketTotalCount
    165 ignoredOctetTotalCount 166 notSentFlowTotalCount 167 notSentPacketTotalCount 168 notSentOctetTotalCount
    171 postOctetTotalCount 172 postPacketTotalCount 173 flowKeyIndicator 176 icmpTypeIPv4 177 icmpCodeIPv4
    178 icmpTypeIPv6 179 icmpCodeIPv6 180 udpSourcePort 181 udpDestinationPort 182 tcpSourcePort 183 tcpDestinationPort
    184 tcpSequenceNumber 185 tcpAcknowledgementNumber 186 tcpWindowSize 189 ipHeaderLength 190 totalLengthIPv4
    192 ipTTL 193 nextHeaderIPv6 195 ipDiffServCodePoint 196 ipPrecedence 197 fragmentFlags
    205 udpMessageLength 206 isMulticast 210 paddingOctets 218 tcpSynTotalCount 219 tcpFinTotalCount 220 tcpRstTotalCount
    221 tcpPshTotalCount 222 tcpAckTotalCount 223 tcpUrgTotalCount 224 ipTotalLength
    227 postNAPTSourceTransportPort 228 postNAPTDestinationTransportPort 229 natOriginatingAddressRealm 230 natEvent
    231 initiatorOctets 232 responderOctets 233 firewallEvent 234 ingressVRFID 235 egressVRFID 239 biflowDirection
    243 dot1qVlanId 245 dot1qCustomerVlanId 252 ingressPhysicalInterface 253 egressPhysicalInterface
    256 ethernetType 277 observationPointType
    298 initiatorPackets 299 responderPackets 302 selectorId 304 selectorAlgorithm 305 samplingPacketInterval
    306 samplingPacketSpace 309 samplingSize 310 samplingPopulation 346 privateEnterpriseNumber
    352 layer2OctetDeltaCount 353 layer2OctetTotalCount 361 portRangeStart 362 portRangeEnd 368 ingressInterfaceType
    369 egressInterfaceType 378 samplingFlowInterval 390 flowSelectedFlowDeltaCount`,
  signed: '434 mibObjectValueInteger',
  ipv4: `8 sourceIPv4Address 12 destinationIPv4Address 15 ipNextHopIPv4Address 18 bgpNextHopIPv4Address
    44 sourceIPv4Prefix 45 destinationIPv4Prefix 47 mplsTopLabelIPv4Address 130 exporterIPv4Address
    211 collectorIPv4Address 225 postNATSourceIPv4Address 226 postNATDestinationIPv4Address`,
  ipv6: `27 sourceIPv6Address 28 destinationIPv6Address 62 ipNextHopIPv6Address 63 bgpNextHopIPv6Address
    131 exporterIPv6Address 140 mplsTopLabelIPv6Address 169 destinationIPv6Prefix 170 sourceIPv6Prefix
    212 collectorIPv6Address 281 postNATSourceIPv6Address 282 postNATDestinationIPv6Address`,
  mac: '56 sourceMacAddress 57 postDestinationMacAddress 80 destinationMacAddress 81 postSourceMacAddress 365 staMacAddress 367 wtpMacAddress',
  text: `82 interfaceName 83 interfaceDescription 84 samplerName 94 applicationDescription 96 applicationName
    100 className 236 VRFName 335 selectorName 339 informationElementDescription 341 informationElementName
    371 userName 372 applicationCategoryName 373 applicationSubCategoryName 374 applicationGroupName
    459 httpRequestMethod 460 httpRequestHost 461 httpRequestTarget 462 httpMessageVersion 468 httpUserAgent
    469 httpContentType 470 httpReasonPhrase 147 wlanSSID`,
  seconds: '150 flowStartSeconds 151 flowEndSeconds 322 observationTimeSeconds',
  milliseconds: `152 flowStartMilliseconds 153 flowEndMilliseconds 160 systemInitTimeMilliseconds
    258 collectionTimeMilliseconds 323 observationTimeMilliseconds`,
  micro: '154 flowStartMicroseconds 155 flowEndMicroseconds 324 observationTimeMicroseconds',
  nano: '156 flowStartNanoseconds 157 flowEndNanoseconds 325 observationTimeNanoseconds',
  boolean: '276 dataRecordsReliability',
  float: '320 absoluteError 321 relativeError 311 samplingProbability',
  bytes: `70 mplsTopLabelStackSection 90 mplsVpnRouteDistinguisher 95 applicationId 104 layer2packetSectionData
    313 ipHeaderPacketSection 314 ipPayloadPacketSection 315 dataLinkFrameSection`,
};

/** Enterprise number under which an element tells of the other direction of a flow (RFC 5103 §6.1). */
export const REVERSE_PEN = 29_305;

function snake(name: string): string {
  return name
    .replace(/IPv(\d)/g, 'Ipv$1')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

function read(): ReadonlyMap<number, Element> {
  const elements = new Map<number, Element>();
  for (const [type, list] of Object.entries(REGISTRY) as [ElementType, string][]) {
    const words = list.trim().split(/\s+/);
    for (let at = 0; at + 1 < words.length; at += 2) {
      const number = Number(words[at]);

      elements.set(number, { name: snake(words[at + 1] as string), type });
    }
  }
  return elements;
}

const ELEMENTS = read();

/** The element of a number; undefined where this program has no name for it. */
export function elementOf(number: number): Element | undefined {
  return ELEMENTS.get(number);
}
