/** What a node function's handler is given. */
export interface HandlerRequest {
  /** As it was sent. */
  readonly input: Buffer;
  /** Which function this is, its limit in seconds, and what runs it. */
  readonly info: { readonly FunctionName: string; readonly Timeout: number; readonly Runtime: 'node' };
  /** Calls another function of the same gateway. */
  call(name: string, input: Uint8Array | string): Promise<Buffer>;
}

/** What a handler may return: text, bytes that are UTF-8, or a value that becomes JSON. */
export type HandlerResult = unknown;

/** A handler that is a class: made once, before the first call. */
export interface FunctionHandler {
  call(request: HandlerRequest): HandlerResult;
}
