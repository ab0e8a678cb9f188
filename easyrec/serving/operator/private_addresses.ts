import { BlockList, isIP } from 'node:net';

/** Address ranges that are not the public internet: this machine, local networks, reserved ones, multicast. */
const IPV4_RANGES: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** All of IPv6 that is public lies in 2000::/3; within it, these are not, or lead to IPv4 addresses. */
const IPV6_RANGES: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function blockList(): BlockList {
  const list = new BlockList();
  for (const [network, bits] of IPV4_RANGES) list.addSubnet(network, bits, 'ipv4');
  for (const [network, bits] of IPV6_RANGES) list.addSubnet(network, bits, 'ipv6');
  return list;
}

const NOT_PUBLIC = blockList();
const PUBLIC_IPV6 = publicIpv6();

function publicIpv6(): BlockList {
  const list = new BlockList();
  list.addSubnet('2000::', 3, 'ipv6');
  return list;
}

/** Whether an IP address is this machine's, a local network's or a reserved one; anything but an address counts too. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return NOT_PUBLIC.check(address, 'ipv4');
  if (family !== 6) return true;
  const plain = address.replace(/%.*$/, '');
  return !PUBLIC_IPV6.check(plain, 'ipv6') || NOT_PUBLIC.check(plain, 'ipv6');
}
