"""Runs one worker of a python3 function: loads its handler once, then answers the gateway's calls.

The gateway is at the other end of the socket that is file descriptor 3. A frame is the length of what follows it
(4 bytes, big-endian), its kind (1 byte), the call's number (4 bytes) and the payload; kinds as in frames.ts.
"""

import importlib.util
import inspect
import json
import os
import queue
import socket
import struct
import sys
import threading
import traceback
import types

CALL, MESH_REPLY = 1, 2
READY, LOAD_ERROR, RESULT, FAILURE, MESH_CALL = 10, 11, 12, 13, 14
HEAD = struct.Struct('>IBI')


class Gateway:
    """The connection to the gateway."""

    def __init__(self, connection):
        self._connection = connection
        self._lock = threading.Lock()
        self._waiting = {}
        self._next = 0

    def send(self, kind, number, *payload):
        size = sum(len(part) for part in payload)
        with self._lock:
            self._connection.sendall(HEAD.pack(5 + size, kind, number))
            for part in payload:
                self._connection.sendall(part)

    def receive(self):
        """The next frame, or None when the gateway has gone."""
        head = self._read(HEAD.size)
        if head is None:
            return None
        size, kind, number = HEAD.unpack(head)
        payload = self._read(size - 5)
        return None if payload is None else (kind, number, payload)

    def _read(self, size):
        buffer = bytearray(size)
        view = memoryview(buffer)
        got = 0
        while got < size:
            count = self._connection.recv_into(view[got:])
            if count == 0:
                return None
            got += count
        view.release()
        return bytes(buffer)

    def mesh_call(self, name, data=b''):
        """Calls another function of the same gateway."""
        if isinstance(data, str):
            data = data.encode()
        answer = queue.SimpleQueue()
        with self._lock:
            self._next += 1
            number = self._next
            self._waiting[number] = answer
        encoded = name.encode()
        self.send(MESH_CALL, number, struct.pack('>H', len(encoded)), encoded, data)
        reply = answer.get()
        if reply[:1] != b'\0':
            raise RuntimeError(reply[1:].decode('utf-8', 'replace'))
        return reply[1:]

    def mesh_reply(self, number, payload):
        with self._lock:
            answer = self._waiting.pop(number, None)
        if answer is not None:
            answer.put(payload)


class Request:
    """What a handler is given."""

    __slots__ = ('input', 'info')

    def __init__(self, data, info):
        self.input = data
        self.info = info


def load_handler(path, name):
    folder = os.path.dirname(path)
    # In place of this file's folder, so that a module of the function's is found before one of the same name here.
    sys.path[0] = folder
    module_name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    handler = getattr(module, name, None)
    if handler is None:
        raise AttributeError('%s defines no %s' % (os.path.basename(path), name))
    if inspect.isclass(handler):
        handler = handler()
    if not callable(handler):
        raise TypeError('%s in %s cannot be called' % (name, os.path.basename(path)))
    return handler


async def finish(awaitable):
    return await awaitable


def encode(result):
    if inspect.isawaitable(result):
        import asyncio  # Few handlers need it, and it takes a share of every worker's start.

        result = asyncio.run(finish(result))
    if result is None:
        return b''
    if isinstance(result, str):
        try:
            return result.encode()
        except UnicodeEncodeError as error:
            raise ValueError('handler returned text that cannot be encoded in UTF-8: %s' % error) from None
    if isinstance(result, (bytes, bytearray, memoryview)):
        data = bytes(result)
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise ValueError(
                'handler returned bytes that are not UTF-8 (%s); a reply is text: encode them, as base64 for one' % error
            ) from None
        return data
    try:
        return json.dumps(result).encode()
    except (TypeError, ValueError) as error:
        kind = type(result).__name__
        raise TypeError('handler returned a %s, expected str, bytes or JSON: %s' % (kind, error)) from None


def answer(gateway, handler, info, calls):
    while True:
        number, data = calls.get()
        try:
            payload = encode(handler(Request(data, info)))
            kind = RESULT
        except BaseException as error:  # A handler that calls sys.exit() is not to end the thread either.
            traceback.print_exc()
            kind, payload = FAILURE, (str(error) or type(error).__name__).encode('utf-8', 'replace')
        data = None
        try:
            gateway.send(kind, number, payload)
        except OSError:
            return
        payload = None


def place(error):
    """Where in the function's own files the error came up."""
    if isinstance(error, SyntaxError) and error.filename:
        return ' (%s:%s)' % (os.path.basename(error.filename), error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(os.getcwd() + os.sep)]
    return ' (%s:%s)' % (os.path.relpath(own[-1].filename), own[-1].lineno) if own else ''


def main():
    connection = socket.socket(fileno=3)
    connection.setblocking(True)
    os.set_inheritable(3, False)
    gateway = Gateway(connection)
    mesh = types.ModuleType('mesh', 'Calls to other functions of the gateway.')
    mesh.mesh_call = gateway.mesh_call
    sys.modules['mesh'] = mesh
    threads = int(os.environ['EASYREC_FUNCTION_CONCURRENCY'])
    info = types.SimpleNamespace(
        FunctionName=os.environ['FUNCTION_NAME'],
        Timeout=int(os.environ['EASYREC_FUNCTION_TIMEOUT_S']),
        Runtime='python3',
    )
    try:
        handler = load_handler(os.environ['HANDLER_FILE'], os.environ['HANDLER_NAME'])
    except BaseException as error:
        traceback.print_exc()
        sys.stderr.flush()
        text = '%s: %s%s' % (type(error).__name__, error, place(error))
        gateway.send(LOAD_ERROR, 0, text.encode('utf-8', 'replace'))
        os._exit(1)
    calls = queue.SimpleQueue()
    for _ in range(threads):
        threading.Thread(target=answer, args=(gateway, handler, info, calls), daemon=True).start()
    gateway.send(READY, 0)
    while True:
        frame = gateway.receive()
        if frame is None:
            break
        kind, number, payload = frame
        frame = None
        if kind == CALL:
            calls.put((number, payload))
        elif kind == MESH_REPLY:
            gateway.mesh_reply(number, payload)


main()
