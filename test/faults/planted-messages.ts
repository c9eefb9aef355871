/** What planted bugs ask of an output, and do to it. */
import type { OutMessage } from "../../kafka/producer.ts";

export const isDead = (topic: string): boolean => topic.endsWith(".dlq");

export const withHeader = (message: OutMessage, name: string, value: string): OutMessage => ({
  ...message,
  headers: { ...message.headers, [name]: value },
});
