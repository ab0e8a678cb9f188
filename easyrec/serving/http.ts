/** An HTTP request as the protocols need it. */
export interface HttpRequest {
  /** In capitals. */
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** What follows the question mark; empty where there is none. */
  readonly query: string;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /** Aborted when the client is gone before it has its answer. */
  readonly signal: AbortSignal;
}

/** What goes back. */
export interface HttpResponse {
  readonly status: number;
  /** Absent where there is no body. */
  readonly contentType?: string;
  /** Further headers, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** A protocol over HTTP, which knows nothing of sockets. */
export interface HttpHandler {
  /** Whether the protocol answers for this path at all, whatever the method. */
  accepts(path: string): boolean;

  /** Answers a request; never rejects. */
  handle(request: HttpRequest): Promise<HttpResponse>;
}
