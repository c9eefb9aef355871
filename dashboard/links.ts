/** Addresses of pages, each made in one place; ids from messages are always encoded. */
import type { ApiTopic } from "../schemas/api.ts";
import type { TopicName } from "../schemas/topics.ts";

type Params = Record<string, string | number | undefined>;

export function withParams(path: string, params: Params): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== undefined && value !== "");
  if (pairs.length === 0) return path;
  return `${path}?${pairs.map(([name, value]) => `${name}=${encode(String(value))}`).join("&")}`;
}

export const messagesLink = (params: Params = {}): string => withParams("/messages", params);
export const messageLink = (topic: ApiTopic | TopicName, partition: number, offset: number): string =>
  `/messages/${topic}/${partition}/${offset}`;

export const typeLink = (key: string): string => `/types/${encode(key)}`;

/** A lone surrogate has no encoding: it becomes the replacement character instead of an exception. */
export const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/**
 * A path of ours, as a browser would read what came as an address; else "/". Read as a URL, since browsers drop tabs and line
 * breaks and take a backslash for a slash: "/\t/elsewhere" is another site.
 */
export function ownPath(address: string | undefined): string {
  const origin = "http://own.invalid";
  const url = address === undefined ? null : URL.parse(address, origin);
  if (url?.origin !== origin || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search + url.hash;
}
