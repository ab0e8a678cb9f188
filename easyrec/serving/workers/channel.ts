import type { OnReadOpts } from 'node:net';
import { Socket } from 'node:net';
import type { Frame, FrameKind } from './frames.js';
import { encodeFrame, FrameReader } from './frames.js';

/** What becomes of what arrives. */
export interface ChannelEvents {
  readonly onFrame: (frame: Frame) => void;
  /** Nothing more will arrive: the other end is closed or its process has ended. */
  readonly onClose: () => void;
  /** What arrived is no frame, or `onFrame` threw; `onClose` follows. */
  readonly onProblem: (error: Error) => void;
}

/** One end of a stream of frames. */
export class Channel {
  readonly #socket: Socket;

  /** @param fd A connected socket, which the channel takes over. */
  constructor(fd: number, { onFrame, onClose, onProblem }: ChannelEvents) {
    const reader = new FrameReader(onFrame);
    const onread: OnReadOpts = {
      buffer: () => reader.nextBuffer(),
      callback: (bytes) => {
        try {
          reader.received(bytes);
        } catch (error) {
          onProblem(error instanceof Error ? error : new Error(String(error)));
          socket.destroy();
        }
        return true;
      },
    };
    // The types know `onread` for sockets that connect only; the documentation has it for all.
    const options = { fd, readable: true, writable: true, onread };
    const socket = new Socket(options);
    // An error, such as EPIPE from a process that was killed, is told by the end of the stream.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('close', onClose);
    this.#socket = socket;
  }

  /** Sends a frame; its parts must not change until it is answered. Does nothing once the channel is closed. */
  send(kind: FrameKind, id: number, text: string, parts?: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    socket.cork();
    for (const piece of encodeFrame(kind, id, text, parts)) socket.write(piece);
    socket.uncork();
  }

  /** Ends the stream to the other side once all is sent. */
  end(): void {
    this.#socket.end();
  }

  /** Drops what is not yet sent, and closes. */
  destroy(): void {
    this.#socket.destroy();
  }
}
