/**
 * What the API answers: the table that api.ts serves, that /openapi.json and the API page are made of.
 *
 * A path is below /api; a parameter stands in braces.
 */
import { type TObject, type TSchema, Type } from "@sinclair/typebox";
import {
  API_TOPICS,
  ApiHealth,
  ApiMessage,
  ApiMessages,
  ApiRegistry,
  ApiServices,
  ApiType,
  ApiTypes,
  Stats,
} from "../../schemas/api.ts";
import { DEAD_LETTER_REASONS } from "../../schemas/dead-letter.ts";
import { GRADES, METHODS } from "../../schemas/enriched.ts";
import { MAX_LIMIT } from "../model/search.ts";

export interface ApiRoute {
  id: string;
  path: string;
  summary: string;
  /** The parameters in the path. */
  params?: TObject;
  query?: TObject;
  answer: TSchema;
  /** The status codes that it may answer beside 200. */
  problems: (400 | 404 | 503)[];
  /** Fills the address of the API page's "try it". */
  example: string;
}

const text = (description: string) => Type.Optional(Type.String({ description, maxLength: 256 }));
const choice = (values: readonly string[], description: string) =>
  Type.Optional(Type.Unsafe<string>({ type: "string", enum: [...values], description }));
const Topic = Type.Unsafe<string>({
  type: "string",
  enum: [...API_TOPICS],
  description: "Short name of the topic",
});

export const API_ROUTES = [
  {
    id: "stats",
    path: "/stats",
    summary: "Totals, last times, devices by type, the state of Kafka, data quality of the last hour",
    answer: Stats,
    problems: [],
    example: "/stats",
  },
  {
    id: "messages",
    path: "/messages",
    summary: "The newest messages that are kept in memory, filtered, newest first",
    query: Type.Object({
      topic: Type.Optional({ ...Topic, description: "Short name of the topic; default: enriched" }),
      device: text("Device id or record key"),
      type: text("Device type, or unknown"),
      event: text("Event type"),
      grade: choice(GRADES, "Grade of an enriched message"),
      code: text("Code of a finding"),
      method: choice(METHODS, "How the type was decided"),
      reason: choice(Object.keys(DEAD_LETTER_REASONS), "Reason of a dead letter"),
      q: text("A text anywhere in the message, or a condition such as voltage.phase_b>130"),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_LIMIT,
          description: "How many at most; default: 50",
          unit: "messages",
        }),
      ),
    }),
    answer: ApiMessages,
    problems: [400],
    example: "/messages?topic=enriched&limit=2",
  },
  {
    id: "message",
    path: "/messages/{topic}/{partition}/{offset}",
    summary: "One message by topic, partition and offset, however old, as long as the brokers keep it",
    params: Type.Object({
      topic: Topic,
      partition: Type.Integer({ minimum: 0, description: "Number of the partition", unit: "1" }),
      offset: Type.Integer({ minimum: 0, description: "Offset in the partition", unit: "1" }),
    }),
    answer: ApiMessage,
    problems: [400, 404, 503],
    example: "/messages/raw/0/0",
  },
  {
    id: "types",
    path: "/types",
    summary: "The device types of the registry with their devices and messages of the last hour",
    answer: ApiTypes,
    problems: [],
    example: "/types",
  },
  {
    id: "type",
    path: "/types/{key}",
    summary: "One device type: its definition and the quality of its messages",
    params: Type.Object({ key: Type.String({ description: "Key of the type in the registry" }) }),
    answer: ApiType,
    problems: [404],
    example: "/types/smart_breaker",
  },
  {
    id: "registry",
    path: "/registry",
    summary: "Which registry is loaded here, and why a newer file was refused",
    answer: ApiRegistry,
    problems: [503],
    example: "/registry",
  },
  {
    id: "services",
    path: "/services",
    summary: "Which services are up, by their heartbeats; an enrichment on Connect by its group",
    answer: ApiServices,
    problems: [],
    example: "/services",
  },
  {
    id: "health",
    path: "/health",
    summary: "Whether the dashboard itself is up to date",
    answer: ApiHealth,
    problems: [],
    example: "/health",
  },
] as const satisfies readonly ApiRoute[];

export type OperationId = (typeof API_ROUTES)[number]["id"];
