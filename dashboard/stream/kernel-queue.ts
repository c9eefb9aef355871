/**
 * What the kernel holds of what a peer was sent: bytes that it has not acknowledged. A socket takes megabytes before it
 * says that it is full, so only this tells soon who does not read.
 *
 * In: our port. Out: peer -> bytes; undefined where the kernel does not tell (macOS, Windows). A connection that was just
 * made, or has just gone, is not in it. Behind a proxy the peer is the proxy.
 * Source: Linux, Documentation/networking/proc_net_tcp.rst; addresses are hex, each word in the machine's byte order.
 */
import { readFile } from "node:fs/promises";

/** Peer, by `peerOf` -> bytes. */
export type Queues = Map<string, number>;

const FILES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** Reads for one port. Each file costs some milliseconds of the kernel's time, so only the one that has our listener. */
export function createQueueReader(): (port: number) => Promise<Queues | undefined> {
  let files = FILES;
  return async (port) => {
    const read = await Promise.all(files.map(async (file) => ({ file, text: await textOf(file) })));
    const readable = read.flatMap(({ file, text }) => (text === undefined ? [] : [{ file, text }]));
    if (readable.length === 0) return undefined;
    const ours = readable.filter(({ text }) => listens(text, port));
    files = ours.length > 0 ? ours.map(({ file }) => file) : FILES;
    return queuesIn(readable.map(({ text }) => text).join(""), port);
  };
}

const textOf = async (file: string): Promise<string | undefined> => {
  try {
    return (await readFile(file)).toString("latin1");
  } catch {
    return undefined;
  }
};

const listens = (text: string, port: number): boolean =>
  new RegExp(`: [0-9A-F]+:${hex(port, 4)} 0+:0000 0A `).test(text);

/** An IPv4 peer of an IPv6 socket. */
const MAPPED = "0000000000000000FFFF0000";

/** Of connections that are open for sending: established, or closed by the peer only. */
export function queuesIn(text: string, port: number): Queues {
  const row = new RegExp(`: [0-9A-F]+:${hex(port, 4)} ([0-9A-F]+:[0-9A-F]{4}) 0[18] ([0-9A-F]{8}):`, "g");
  const queues: Queues = new Map();
  for (const [, peer = "", bytes = ""] of text.matchAll(row))
    queues.set(peer.startsWith(MAPPED) ? peer.slice(MAPPED.length) : peer, Number.parseInt(bytes, 16));
  return queues;
}

/** As the kernel writes it; undefined for what is no address. */
export function peerOf(address: string, port: number): string | undefined {
  const [plain = ""] = address.split("%");
  const bytes = plain.includes(":") ? ipv6(plain) : ipv4(plain);
  if (bytes === undefined || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  let text = "";
  for (let word = 0; word < bytes.length; word += 4)
    for (let i = 3; i >= 0; i--) text += hex(bytes[word + i] ?? 0, 2);
  return `${text.startsWith(MAPPED) ? text.slice(MAPPED.length) : text}:${hex(port, 4)}`;
}

function ipv4(text: string): number[] | undefined {
  const parts = text.split(".");
  return parts.length === 4 ? parts.map(Number) : undefined;
}

function ipv6(text: string): number[] | undefined {
  const dotted = text.includes(".") ? ipv4(text.slice(text.lastIndexOf(":") + 1)) : [];
  if (dotted === undefined) return undefined;
  const groups = dotted.length > 0 ? text.slice(0, text.lastIndexOf(":") + 1) : text;
  const [head, tail] = groups.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const bytesOf = (list: string[] = []) =>
    list.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    });
  const [before, after] = [bytesOf(head), [...bytesOf(tail), ...dotted]];
  const missing = 16 - before.length - after.length;
  return missing < 0 ? undefined : [...before, ...new Array<number>(missing).fill(0), ...after];
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");
