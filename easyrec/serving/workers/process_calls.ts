import koffi from 'koffi';
import { NativeError } from '../../errors.js';

// <sys/socket.h>, <sys/prctl.h>, <signal.h> of Linux.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

const libc = koffi.load(null);
const socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *sockets)') as (
  domain: number,
  type: number,
  protocol: number,
  sockets: Int32Array,
) => number;
const prctl = libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)') as (
  option: number,
  ...rest: [number, number, number, number]
) => number;

/** The file descriptors of two sockets that are connected to each other. */
export interface SocketPair {
  readonly own: number;
  /** For the process that is started: closed here once it is. */
  readonly other: number;
}

/**
 * Makes a pair of sockets that has no name, so that nobody else can connect to it and nothing of it is left behind.
 *
 * @throws NativeError when this process has no file descriptors left.
 */
export function socketPair(): SocketPair {
  const sockets = new Int32Array(2);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) !== 0) {
    throw new NativeError(`worker process: no sockets to be had (errno ${koffi.errno()})`);
  }
  const [own = -1, other = -1] = sockets;
  return { own, other };
}

/**
 * Has the kernel kill this process as soon as the one that started it has ended, however it ends.
 *
 * @throws NativeError when the kernel will not.
 */
export function dieWithParent(): void {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) !== 0) {
    throw new NativeError(`worker process: prctl failed (errno ${koffi.errno()})`);
  }
}
