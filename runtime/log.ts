/** The logger: one JSON object a line, or words on a terminal. Normal operation logs nothing per message. */
import pino from "pino";
import type { LogLevel } from "../config/env.ts";
import { textLine } from "./log-text.ts";

type Write = (message: string, fields?: object) => void;
export type Log = Record<"debug" | "info" | "warn" | "error" | "fatal", Write>;

/** Lines go to stdout, synchronously: the last one before an exit arrives too. */
export function createLog(service: string, level: LogLevel, terminal = process.stdout.isTTY): Log {
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    terminal
      ? { write: (line) => process.stdout.write(textLine(line, true)) }
      : pino.destination({ sync: true }),
  );
  const at =
    (name: keyof Log): Write =>
    (message, fields = {}) =>
      logger[name](fields, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") };
}
