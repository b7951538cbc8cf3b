// What a routing script of FilterProxy sees, for editors and for tsc. See README.md beside this file.

/** The request. It can be looked at during its own call only. */
interface ScriptRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Without its port, in lower case. */
  readonly host: string;
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  readonly clientIp: string;
  /** The name of the matched route; undefined before routing. */
  readonly route: string | undefined;
  readonly isAuthenticated: boolean;
  readonly userName: string | undefined;
  header(name: string): string | undefined;
  cookie(name: string): string | undefined;
  /** A query parameter, decoded. */
  param(name: string): string | undefined;
  claim(type: string): string | undefined;
  metadata(namespace: string, key: string): string | undefined;
  setMetadata(namespace: string, key: string, value: string | null): void;
}

interface ScriptResponse {
  readonly status: number;
  /** A stable code that says where the response is from, e.g. "via_upstream". */
  readonly reason: string;
  /** Milliseconds since the request began. */
  readonly duration: number;
  header(name: string): string | undefined;
}

/** Header fields to set; null removes one. */
interface ScriptHeaders {
  [name: string]: string | number | null;
}

interface ScriptReply {
  /** From 200 to 599. */
  status: number;
  body?: string;
  contentType?: string;
  headers?: ScriptHeaders;
}

interface ScriptAnswer {
  cluster?: string;
  /** With a query or without. */
  path?: string;
  headers?: ScriptHeaders;
  reply?: ScriptReply | number;
}

/** A cluster's name, more than that, or nothing for the route's own cluster. */
type ScriptRouting = string | ScriptAnswer | null | undefined | void;

/** What the configuration has under "config". Read-only. */
declare var config: any;

/** A number from 0 to below `buckets` (to 2^32 without), always the same for the same text. */
declare function hash(text: string, buckets?: number): number;

/** From 0 to below 1. */
declare function random(): number;

/** Milliseconds since 1970, UTC. */
declare function now(): number;

declare var console: {
  log(...values: any[]): void;
  info(...values: any[]): void;
  debug(...values: any[]): void;
  warn(...values: any[]): void;
  error(...values: any[]): void;
};
